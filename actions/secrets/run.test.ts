import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { readdir } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { recordingContext } from "../../test/context.ts";
import { type InfisicalOptions, startInfisical } from "../../test/fakes/infisical/server.ts";
import { poll } from "../core/retry.ts";
import type { SecretsInputs } from "./inputs.ts";
import { run } from "./run.ts";
import { undo } from "./session.ts";

const random = () => randomBytes(18).toString("base64url");

async function scene(t: TestContext, options: Partial<InfisicalOptions> = {}) {
  const [token, password, id] = [random(), random(), randomUUID()];
  const identity = { clientId: randomUUID(), clientSecret: random(), projects: ["shop"] };
  const secrets = { TOKEN: token, KEY: `-----BEGIN-----\n${password}\n-----END-----`, REFERRING: "x-${TOKEN}" };
  const environments = { prod: { "/ci": { secrets }, "/bare": { secrets: {} } } };
  const projects = [
    { id, slug: "shop", environments },
    { id: randomUUID(), slug: "closed", environments },
  ];
  const infisical = await startInfisical({ projects, identities: [identity], ...options });
  t.after(() => infisical.close());
  const inputs: SecretsInputs = {
    url: infisical.url,
    project: "shop",
    environment: "prod",
    path: "/ci",
    clientId: identity.clientId,
    clientSecret: identity.clientSecret,
    export: "none",
    overwrite: false,
    allowEmpty: false,
    timeout: 30_000,
  };
  return { infisical, inputs, token, password, id, ...(await recordingContext(t)) };
}

test("reads a folder, masks before it exports, and revokes its token", async (t) => {
  const { infisical, inputs, token, password, context, told } = await scene(t);
  const result = await run({ ...inputs, export: "outputs" }, context);
  assert.deepEqual(result.names, ["KEY", "REFERRING", "TOKEN"]);
  assert.equal(result.count, 3);
  assert.equal(result.values.get("TOKEN"), token);
  assert.equal(told.outputs["REFERRING"], `x-${token}`);
  assert.ok(told.order.lastIndexOf("mask") < told.order.indexOf("setOutput"));
  for (const secret of [token, password, inputs.clientSecret, ...infisical.tokens])
    assert.ok(told.masks.includes(secret));
  assert.equal(infisical.tokens.length, 1);
  assert.deepEqual(infisical.liveTokens(), []);
  assert.deepEqual(await readdir(context.folder), []);
});

test("a project is found by its id as well", async (t) => {
  const { inputs, id, context } = await scene(t);
  assert.equal((await run({ ...inputs, project: id }, context)).count, 3);
});

for (const generation of ["july-2024", "current"] as const) {
  test(`each refusal of a server of ${generation} names the setting to change`, async (t) => {
    const { infisical, inputs, context } = await scene(t, { generation });
    const refused = (changes: Partial<SecretsInputs>, code: string, words: RegExp) =>
      assert.rejects(run({ ...inputs, ...changes }, context), (thrown: Error & { code: string; sentence: string }) => {
        assert.equal(thrown.code, code, thrown.message);
        assert.match(thrown.sentence, words);
        assert.doesNotMatch(thrown.sentence, new RegExp(inputs.clientSecret));
        return true;
      });
    await refused({ clientSecret: random() }, "INFISICAL_DENIED", /identity.*Invalid credentials.*`client-id`/);
    await refused({ project: "closed" }, "INFISICAL_DENIED", /not let.*"closed".*Add the identity to the project/);
    await refused({ project: "shpo" }, "INFISICAL_REJECTED", /does not know the project "shpo".*`project`/);
    await refused({ project: randomUUID() }, "INFISICAL_REJECTED", /does not know the project/);
    await refused({ path: "/bare" }, "INFISICAL_EMPTY", /project "shop", environment "prod", folder "\/bare".*`paths`/);
    await refused({ environment: "nope" }, "INFISICAL_EMPTY", /environment "nope".*`environment`/);
    // Whatever went wrong, no token outlives the step.
    assert.deepEqual(infisical.liveTokens(), []);
    assert.equal((await run({ ...inputs, path: "/bare", allowEmpty: true }, context)).count, 0);
  });

  test(`a token that a server of ${generation} does not accept is told apart`, async (t) => {
    const { infisical, inputs, context } = await scene(t, { generation });
    const message = generation === "current" ? "Your token has expired. Please re-authenticate." : "jwt expired";
    const status = generation === "current" ? 403 : 500;
    infisical.interrupt({ route: /secrets\/raw/, answer: { status, body: { message } } });
    await assert.rejects(run(inputs, context), { code: "INFISICAL_DENIED", message: /access token.*expired/ });
  });
}

test("a busy server is asked again, and told apart when it stays busy", async (t) => {
  const { infisical, inputs, context, told } = await scene(t);
  const busy = { status: 429, body: { message: "Rate limit exceeded" }, headers: { "retry-after": "0" } };
  infisical.interrupt({ route: /login/, answer: busy });
  assert.equal((await run(inputs, context)).count, 3);
  assert.match(told.lines.join("\n"), /HTTP 429; trying again/);
  infisical.interrupt({ route: /login/, times: 10, answer: busy });
  await assert.rejects(run(inputs, context), { code: "INFISICAL_REJECTED", message: /too many requests/ });
});

for (const part of ["headers", "body"] as const) {
  test(`a server that stalls before the ${part} of its answer end is given up at the deadline`, async (t) => {
    const { infisical, inputs, context } = await scene(t);
    infisical.interrupt({ route: /secrets\/raw/, times: 10, answer: `stall-${part}` });
    const stalled = run({ ...inputs, timeout: 300 }, context);
    await assert.rejects(stalled, { code: "INFISICAL_UNREACHABLE", message: /did not answer within/ });
  });
}

test("nothing listens: unreachable, with the reason", async (t) => {
  const { inputs, context } = await scene(t);
  const gone = await startInfisical({ projects: [], identities: [] });
  await gone.close();
  const { url } = gone;
  await assert.rejects(run({ ...inputs, url }, context), {
    code: "INFISICAL_UNREACHABLE",
    message: /ECONNREFUSED/,
    fix: /`url`/,
  });
});

for (const [what, status, body] of [
  ["another web page", 200, "<html>Welcome</html>"],
  ["another API", 404, '{"message":"no such route"}'],
  ["JSON of another kind", 200, "[]"],
] as const) {
  test(`${what} is not taken for Infisical`, async (t) => {
    const { inputs, context } = await scene(t);
    const server = createServer((_, response) => response.writeHead(status).end(body)).listen(0, "127.0.0.1");
    t.after(() => server.close());
    await new Promise((resolve) => server.once("listening", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await assert.rejects(run({ ...inputs, url }, context), { code: "INFISICAL_REJECTED", message: /is not Infisical/ });
  });
}

test("values that the identity may not see are no values", async (t) => {
  const { infisical, inputs, context } = await scene(t);
  const hidden = { secretKey: "TOKEN", secretValue: "<hidden-by-infisical>", secretValueHidden: true };
  infisical.interrupt({ route: /secrets\/raw/, answer: { status: 200, body: { secrets: [hidden] } } });
  await assert.rejects(run(inputs, context), { code: "INFISICAL_DENIED", message: /hidden/ });
});

test("a token that could not be revoked at once is revoked by the post step", async (t) => {
  const { infisical, inputs, context } = await scene(t);
  infisical.interrupt({ route: /revoke/, times: 2, answer: "reset" });
  await run(inputs, context);
  assert.equal(infisical.liveTokens().length, 1);
  await undo(context);
  assert.deepEqual(infisical.liveTokens(), []);
  assert.deepEqual(await readdir(context.folder), []);
  await undo(context);
});

test("a cancelled job stops the reading and leaves the token to the post step", async (t) => {
  const { infisical, inputs, context, told } = await scene(t);
  const cancel = new AbortController();
  const busy = { status: 503, body: {}, headers: { "retry-after": "20" } };
  infisical.interrupt({ route: /secrets\/raw/, answer: busy });
  const running = run(inputs, { ...context, signal: cancel.signal });
  await poll(
    { interval: 5, timeout: 10_000, signal: context.signal, onTimeout: (waiting) => new Error(waiting) },
    async () => (/trying again/.test(told.lines.join("\n")) ? { done: true } : { waiting: "not asked yet" }),
  );
  cancel.abort(new Error("cancelled"));
  await assert.rejects(running, /cancelled/);
  assert.equal(infisical.liveTokens().length, 1);
  await undo(context);
  assert.deepEqual(infisical.liveTokens(), []);
});
