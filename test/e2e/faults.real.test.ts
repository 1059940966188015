// What goes wrong in a rollout is recognised by its cause, told in one sentence, and undone while the old version serves.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { assertOutcome, rolledBack, serve } from "./matrix.ts";
import { pageWith } from "./page.ts";
import { createSmallApp, type Spec, server } from "./small-app.ts";
import { openWorld } from "./world.ts";

const world = await openWorld();
after(() => world[Symbol.dispose]());

/** What a revision that goes wrong must come to. */
interface Case {
  readonly name: string;
  readonly word: string;
  readonly bad: Spec;
  /** What the one error says. */
  readonly says: RegExp;
  /** The line of the manifest that it points at. */
  readonly line: RegExp;
  readonly inputs?: Readonly<Record<string, string>>;
  /** The old pods are gone when it shows, so there is a time without an answer. */
  readonly gap?: boolean;
  /** What the log must hold besides. */
  readonly log?: RegExp;
}

const slow = "const until = Date.now() + 30_000; while (Date.now() < until) {}";

const cases: readonly Case[] = [
  {
    name: "a container that ends at its start",
    word: "crash",
    line: /^command:$/,
    bad: { command: ["node", "-e", 'console.error("no database"); process.exit(4)'] },
    says: /the container \S+ ended with exit code 4, [34] times/,
    log: /no database/,
  },
  {
    name: "a container that ends after it was ready",
    word: "later",
    line: /^spec:$/,
    bad: { command: server({ before: 'setTimeout(() => { console.log("no lease"); process.exit(5); }, 5_000)' }) },
    says: /the check "pods stay ready" failed: /,
    log: /^Log of later-\w+ in later-\S+ .*:\n {2}no lease\n/m,
    inputs: { verify: "true" },
    gap: true,
  },
  {
    name: "a container that needs more memory than it may have",
    word: "memory",
    line: /^memoryLimit: 48Mi$/,
    bad: {
      resources: { cpu: "50m", memory: "32Mi", memoryLimit: "48Mi" },
      command: ["node", "-e", "const all = []; for (;;) all.push(Buffer.alloc(1_000_000, 1))"],
    },
    says: /needs more memory than its limit of 48Mi/,
  },
  {
    name: "a command that the image does not have",
    word: "command",
    line: /^command:$/,
    bad: { command: ["no-such-program"] },
    says: /its image has no program no-such-program/,
  },
  {
    name: "an init container that fails",
    word: "init",
    line: /^migrate:$/,
    bad: {
      initContainers: {
        migrate: { inherit: ["image"], command: ["node", "-e", 'console.log("no table"); process.exit(7)'] },
      },
    },
    says: /the init container migrate ended with exit code 7, [34] times/,
    log: /no table/,
  },
  {
    name: "a port on which nothing listens",
    word: "refused",
    line: /^port: 3000$/,
    bad: { command: server({ port: 3001 }), health: { path: "/health", startup: { within: "5s" } } },
    says: /did not start within 5 s: nothing listens on port 3000/,
  },
  {
    name: "a health path that answers with an error",
    word: "status",
    line: /^path: \/health$/,
    bad: { command: server({ status: 500 }), health: { path: "/health", startup: { within: "5s" } } },
    says: /did not start within 5 s: its probe is answered with status 500/,
  },
  {
    name: "a health path that does not answer",
    word: "hangs",
    line: /^path: \/health$/,
    bad: {
      command: ["node", "-e", 'require("node:http").createServer(() => {}).listen(3000)'],
      health: { path: "/health", startup: { within: "8s" } },
    },
    says: /did not start within 8 s: GET \/health is not answered in time/,
  },
];

describe("a rollout with", () => {
  it("a check that cannot be made is undone like any other", async (test) => {
    await using app = createSmallApp(world, "unmade");
    const address = await serve(world, app);
    const given = (name: string, data: object) => ({
      ...{ apiVersion: "v1", kind: "Secret", metadata: { name, namespace: app.release } },
      stringData: data,
    });
    await world.apply(given("lacking", { other: "not-what-is-asked-for" }));
    const check = (set: string) => ({ http: "/", timeout: "2s", expect: { secret: `${set}/word` } });
    const secrets = { lacking: { existingSecret: "lacking" }, gone: { existingSecret: "gone" } };
    const says = [/the check "(lacks|misses)" failed: .*(has no key word|"gone" not found)/, /Revision 1 serves again/];
    const verify = { lacks: check("lacking"), misses: check("gone") };
    const deploy = () => app.deploy({ secrets, verify, env: { CHANGED: "1" } }, { with: { verify: "true" } });
    await assertOutcome(test, app, address, deploy, { ...rolledBack, says, line: /^(lacks|misses):$/ });
  });

  for (const { name, word, bad, says, inputs, gap = false, log, line } of cases) {
    it(`${name} is undone, while the old version answers`, async (test) => {
      await using app = createSmallApp(world, word);
      const address = await serve(world, app);
      const deploy = () => app.deploy(bad, inputs === undefined ? {} : { with: inputs });
      const outcome = { ...rolledBack, says: [says, /Revision 1 serves again/], line, gap };
      await assertOutcome(test, app, address, deploy, log === undefined ? outcome : { ...outcome, log });
    });
  }

  it("a slow start is waited for, as long as the manifest allows", async () => {
    await using app = createSmallApp(world, "slow");
    const address = await serve(world, app);
    const step = await app.deploy({
      command: server({ text: "second", before: slow }),
      health: { path: "/health", startup: { within: "60s" } },
    });
    assert.equal(step.outputs["status"], "deployed", step.log);
    await pageWith(address, "second");
  });
});
