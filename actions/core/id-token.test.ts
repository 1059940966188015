import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { recordingContext } from "../../test/context.ts";
import { startIdTokens } from "../../test/fakes/id-tokens/server.ts";
import { requestIdToken } from "./id-token.ts";

async function scene(t: TestContext) {
  const tokens = await startIdTokens();
  t.after(() => tokens.close());
  const { context } = await recordingContext(t, { environment: tokens.variables });
  return { tokens, context };
}

test("a token is asked for the audience, and masked", async (t) => {
  const { tokens, context } = await scene(t);
  const token = await requestIdToken("https://infisical", 10_000, context);
  assert.deepEqual(tokens.tokens, [token]);
  assert.equal(context.masker.redact(token), "***");
});

for (const status of [401, 403]) {
  test(`${status} of GitHub is a missing permission`, async (t) => {
    const { tokens, context } = await scene(t);
    tokens.interrupt({ answer: { status } });
    const missing = { code: "ID_TOKEN_MISSING", message: new RegExp(`HTTP ${status}`), fix: /id-token: write/ };
    await assert.rejects(requestIdToken(undefined, 10_000, context), missing);
  });
}

for (const [what, answer, timeout, reason] of [
  ["another answer", { status: 404 }, 10_000, /it answers HTTP 404\.$/],
  ["an answer without a token", { status: 200, body: {} }, 10_000, /holds no token/],
  ["silence", "stall-headers", 300, /did not answer within 0\.3 s\.$/],
] as const) {
  test(`${what} at GitHub is no missing permission`, async (t) => {
    const { tokens, context } = await scene(t);
    tokens.interrupt({ times: 9, answer });
    const trouble = { code: "ID_TOKEN_UNAVAILABLE", message: reason, fix: /githubstatus/ };
    await assert.rejects(requestIdToken(undefined, timeout, context), trouble);
  });
}

for (const answer of [{ status: 500 }, { status: 503 }, "reset"] as const) {
  test(`trouble of GitHub that passes is outlasted: ${JSON.stringify(answer)}`, async (t) => {
    const { tokens, context } = await scene(t);
    tokens.interrupt({ answer });
    assert.equal(await requestIdToken(undefined, 10_000, context), tokens.tokens[0]);
  });
}

test("an endpoint that is gone is no missing permission", async (t) => {
  const { tokens, context } = await scene(t);
  await tokens.close();
  await assert.rejects(requestIdToken(undefined, 300, context), { code: "ID_TOKEN_UNAVAILABLE" });
});
