// A pod that no node takes: the scheduler's reason is the headline, and what to do about it.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { assertOutcome, rolledBack, serve } from "./matrix.ts";
import { createSmallApp, type Spec } from "./small-app.ts";
import { openWorld } from "./world.ts";

const world = await openWorld();
after(() => world[Symbol.dispose]());

interface Case {
  readonly name: string;
  readonly word: string;
  readonly bad: (app: string) => Spec;
  readonly says: readonly RegExp[];
  /** What the log must hold besides. */
  readonly log?: (app: string) => string;
  readonly given?: (app: string) => unknown;
}

const cases: readonly Case[] = [
  {
    name: "more processors than any node has",
    word: "cpu",
    bad: () => ({ resources: { cpu: "64", memory: "64Mi" } }),
    says: [/no node takes the pod cpu-\S+: .*Insufficient cpu/, /Lower `resources` in the manifest, or add a node/],
  },
  {
    name: "a label that no node has",
    word: "selector",
    bad: (app) => ({ nodeSelector: { pool: app } }),
    says: [
      /no node takes the pod selector-\S+: .*node affinity\/selector/,
      /[Cc]orrect `nodeSelector` in the manifest/,
    ],
  },
  {
    name: "a node that takes only what tolerates it",
    word: "taint",
    // A node that exists in the API alone: the taint keeps all others' pods away from it.
    given: (app) => ({
      ...{ apiVersion: "v1", kind: "Node", metadata: { name: app, labels: { pool: app } } },
      spec: { taints: [{ key: "dedicated", value: app, effect: "NoSchedule" }] },
    }),
    bad: (app) => ({ nodeSelector: { pool: app } }),
    says: [/no node takes the pod taint-\S+: .*untolerated taint/, /[Tt]olerate the taint with `tolerations`/],
    // The scheduler does not say which.
    log: (app) => `${app}: taint dedicated=${app}:NoSchedule`,
  },
];

// What takes time is the patience for a node that may still come, so they wait side by side.
describe("a rollout that asks for", { concurrency: true }, () => {
  for (const { name, word, bad, says, log, given } of cases) {
    it(`${name} is undone, while the old version answers`, async (test) => {
      await using app = createSmallApp(world, word);
      const address = await serve(world, app);
      const object = given?.(app.name);
      if (object !== undefined) await world.apply(object);
      try {
        const spec = { ...bad(app.name), health: { path: "/health", startup: { within: "10s" } } };
        const deploy = () => app.deploy(spec, { with: { timeout: "30s" } });
        const step = await assertOutcome(test, app, address, deploy, {
          ...rolledBack,
          says: [...says, /Revision 1 serves again/],
        });
        assert.ok(step.log.includes(log?.(app.name) ?? "FailedScheduling"), step.log);
      } finally {
        if (object !== undefined) await world.kubectl("delete", "node", app.name);
      }
    });
  }
});
