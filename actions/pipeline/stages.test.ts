import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import type { Context } from "../core/context.ts";
import { createStages, together } from "./stages.ts";

const context = { signal: new AbortController().signal } as Context;

test("independent tasks run at the same time", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const values = await together<[string, string]>(
    context,
    async () => await promise,
    async () => {
      resolve("told by the second");
      return "second";
    },
  );
  assert.deepEqual(values, ["told by the second", "second"]);
});

test("when a task fails, the others are stopped and waited for, and the first failure is thrown", async () => {
  let stopped = false;
  const running = together<[never, undefined]>(
    context,
    async () => {
      throw new Error("the image does not build");
    },
    async ({ signal }) => {
      if (!signal.aborted) await once(signal, "abort");
      stopped = true;
      throw signal.reason;
    },
  );
  await assert.rejects(running, /the image does not build/);
  assert.equal(stopped, true);
});

test("a stage that gives something that has failed is shown as failed", async () => {
  const stages = createStages();
  const rolledBack = { reason: "it crashed" };
  const value = await stages.run(
    "deploy",
    async () => rolledBack,
    ({ reason }) => reason !== "",
  );
  assert.equal(value, rolledBack);
  assert.equal(stages.results[0]?.result, "failed");
});

test("a stage that was stopped for another is not shown as failed", async () => {
  const stages = createStages();
  const running = together<[never, never]>(
    context,
    () => stages.run("image", () => Promise.reject(new Error("broken"))),
    ({ signal }) =>
      stages.run("tailnet", async () => {
        if (!signal.aborted) await once(signal, "abort");
        throw signal.reason;
      }),
  );
  await assert.rejects(running, /broken/);
  assert.deepEqual(
    stages.results.map(({ name, result }) => `${name} ${result}`),
    ["image failed", "tailnet stopped"],
  );
});
