// `actions/secrets` as it is built, on a server that is in trouble.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import type { Fault } from "../fakes/strict-server.ts";
import { assertFailed, random, runIn, scene } from "./secrets-scene.ts";

const limit = { status: 429, body: { message: "Rate limit exceeded" } };

const passing: Readonly<Record<string, readonly Fault[]>> = {
  "a rate limit that says how long": [{ answer: { ...limit, headers: { "retry-after": "1" } } }],
  "a rate limit that does not": [{ answer: limit }],
  "two answers of 500": [{ answer: { status: 500, body: { message: "Something went wrong" } }, times: 2 }],
  "a reset, and a page of a proxy": [{ answer: "reset" }, { answer: { status: 502, body: "<html>" } }],
};

// Most of their time is waiting, so they wait together.
describe("a server in trouble", { concurrency: 6 }, () => {
  for (const [what, faults] of Object.entries(passing)) {
    test(`${what}, at the login and at the list, is outlasted`, async (t) => {
      const own = await scene(t);
      for (const route of [/login/, /secrets\/raw/])
        for (const fault of faults) own.infisical.interrupt({ ...fault, route });
      const { step } = await runIn(own, { with: own.with, allow: { env: Object.keys(own.stored) } });
      assert.equal(step.conclusion, "success", step.log);
      assert.deepEqual(step.env, own.stored);
      assert.deepEqual(step.annotations, []);
      assert.match(step.log, /trying again/);
    });
  }

  test("a wait that the deadline does not allow is not begun, and told", async (t) => {
    const own = await scene(t);
    own.infisical.interrupt({ route: /secrets\/raw/, answer: { ...limit, headers: { "retry-after": "60" } } });
    const { step } = await runIn(own, { with: own.with });
    assertFailed(step, "INFISICAL_REJECTED", /too many requests \(HTTP 429: Rate limit exceeded\).*asks to wait 60 s/);
  });

  for (const answer of ["stall-headers", "stall-body", "trickle-body"] as const) {
    for (const route of [/login/, /secrets\/raw/]) {
      test(`${answer} at ${route.source}: one sentence at the deadline`, async (t) => {
        const own = await scene(t);
        own.infisical.interrupt({ route, times: 9, answer });
        // Long enough for the login on a busy machine: its token is revoked then.
        const { step } = await runIn(own, { with: { ...own.with, timeout: "3s" } });
        assertFailed(step, "INFISICAL_UNREACHABLE", /did not answer within 3\.0 s\. Check `url`/);
      });
    }
  }
});

for (const generation of ["july-2024", "current"] as const) {
  test(`a token that is revoked between the calls is told apart (${generation})`, async (t) => {
    const own = await scene(t, { generation });
    own.infisical.interrupt({ route: /secrets\/raw/, before: () => own.infisical.revokeTokens() });
    const { step } = await runIn(own, { with: own.with });
    assertFailed(
      step,
      "INFISICAL_DENIED",
      /access token that it just gave .*invalid token.*`client-id` and `client-secret`/,
    );
  });
}

test("10,000 secrets and one of 1 MiB are masked and come whole", async (t) => {
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`S_${index}`, random()]));
  const secrets = { ...many, LONG: `${random()}${"x".repeat(2 ** 20)}` };
  const own = await scene(t, { folders: { "/many": { secrets } } });
  const given = { ...own.with, paths: "/many", export: "file", "file-format": "json" };
  const { step } = await runIn(own, { with: given }, async (_, { outputs, masks }) => {
    assert.deepEqual(JSON.parse(await readFile(outputs["file"] ?? "", "utf8")), secrets);
    const masked = new Set(masks);
    assert.equal(Object.values(secrets).filter((value) => !masked.has(value)).length, 0, `${masked.size} masks`);
  });
  assert.equal(step.outputs["count"], "10001");
  const variable = await runIn(own, { with: { ...own.with, paths: "/many", names: "S_1\nLONG" } });
  assertFailed(variable.step, "SECRET_UNWRITABLE", /"LONG" \(it is longer than the 128 KiB/);
});
