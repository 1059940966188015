import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { recordingContext } from "../../test/context.ts";
import { startIdTokens } from "../../test/fakes/id-tokens/server.ts";
import type { Context } from "../core/context.ts";
import type { FairleadError } from "../core/errors.ts";
import { createMasker } from "../core/masking.ts";
import type { Daemon } from "./daemon.ts";
import type { TailnetInputs } from "./inputs.ts";
import { joinTailnet, machineName } from "./join.ts";

const run = (repository: string, id = "123456789012", attempt = 2) =>
  ({ repository, id, attempt }) as Parameters<typeof machineName>[0];

test("a machine is named after repository, run and attempt", () => {
  assert.equal(machineName(run("Acme/Web.Shop")), "web-shop-123456789012-2");
});

test("a long name keeps its end, which tells runs apart", () => {
  const name = machineName(run(`acme/${"long-name-".repeat(10)}`));
  assert.ok(name.length <= 63);
  assert.match(name, /^long-name-.*[a-z0-9]-123456789012-2$/);
});

test("outside of a workflow there is still a name", () => {
  assert.equal(machineName(run("", "", 1)), "fairlead-local-1");
  assert.equal(machineName(run("acme/___", "5", 1)), "fairlead-5-1");
});

/** A daemon of which `tailscale` is a script of ours. */
async function daemonWith(
  script: string,
  t: TestContext,
): Promise<{ daemon: Daemon; context: Context; told: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), "fairlead-join-"));
  t.after(() => rm(folder, { recursive: true }));
  const program = join(folder, "tailscale");
  await writeFile(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  await writeFile(join(folder, "tailscaled.log"), "");
  const told: string[] = [];
  const context = {
    environment: process.env,
    masker: createMasker(() => {}),
    runner: { info: (line: string) => told.push(line) },
    signal: AbortSignal.timeout(120_000),
    folder,
    run: run("acme/shop"),
  } as unknown as Context;
  return { daemon: { connection: { program, folder }, operator: undefined, proxy: undefined }, context, told };
}

const inputs = {
  login: { kind: "auth-key", authKey: "a-key" },
  tags: ["tag:ci"],
  mode: "userspace",
  acceptDns: false,
  probe: [],
  timeout: 2_000,
  retries: 3,
} satisfies TailnetInputs;

async function failure(joining: Promise<unknown>): Promise<FairleadError> {
  return await joining.then(
    () => assert.fail("it joined"),
    (thrown) => thrown,
  );
}

test("an API that is silent does not get more time than joining has, with all its tries and waits", async (t) => {
  const silent = createServer();
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  t.after(() => {
    silent.closeAllConnections();
    silent.close();
  });
  const { daemon, context, told } = await daemonWith("exit 1", t);
  const apiUrl = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const login = { kind: "oauth", apiUrl, clientId: "kClient", clientSecret: "a-client-secret" } as const;
  const error = await failure(joinTailnet({ ...inputs, login }, daemon, context));
  assert.equal(error.code, "TAILNET_FAILED");
  const seconds = [...told, error.message].map((line) => Number(/did not answer within ([\d.]+) s/.exec(line)?.[1]));
  assert.ok(seconds.length > 1, "it was tried again");
  assert.ok(seconds.reduce((sum, each) => sum + each, 0) <= inputs.timeout / 1_000, String(seconds));
});

for (const [what, script] of [
  ["a control server that is away", "exit 1"],
  ["a refused key", "echo 'backend error: invalid key' >&2; exit 1"],
  ["tags that are refused", "echo 'backend error: requested tags are not permitted' >&2; exit 1"],
] as const) {
  test(`${what} is told without the names of inputs, which the root action does not have`, async (t) => {
    const { daemon, context } = await daemonWith(script, t);
    const { code, sentence } = await failure(joinTailnet({ ...inputs, retries: 0 }, daemon, context));
    assert.equal(code, "TAILNET_FAILED");
    assert.doesNotMatch(sentence, /`/);
  });
}

for (const [what, status, code, tries] of [
  ["trouble of GitHub's token endpoint is met with another try", 404, "ID_TOKEN_UNAVAILABLE", 2],
  ["a missing permission is final", 403, "ID_TOKEN_MISSING", 1],
] as const) {
  test(what, async (t) => {
    await using tokens = await startIdTokens();
    tokens.interrupt({ times: 2, answer: { status } });
    const { context } = await recordingContext(t, { environment: tokens.variables });
    const login = { kind: "oidc", apiUrl: "https://api.example.com", clientId: "a", audience: "b" } as const;
    const asked = { ...inputs, login, tags: [], retries: 1, timeout: 20_000 } as const;
    // Without a key there is nothing to tell a daemon.
    await assert.rejects(joinTailnet(asked, {} as Daemon, context), { code });
    assert.equal(tokens.exchanges.length, tries);
  });
}
