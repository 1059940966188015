import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import type { Context } from "../core/context.ts";
import { createJournal } from "../deploy/report/journal.ts";
import { together } from "./together.ts";

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

test("a stage that was stopped for another is not shown as failed", async () => {
  const journal = createJournal();
  const running = together<[never, never]>(
    context,
    () => journal.stage("image", () => Promise.reject(new Error("broken"))),
    ({ signal }) =>
      journal.stage("tailnet", async () => {
        if (!signal.aborted) await once(signal, "abort");
        throw signal.reason;
      }),
  );
  await assert.rejects(running, /broken/);
  assert.deepEqual(
    journal.stages.map(({ name, result }) => `${name} ${result}`),
    ["image failed", "tailnet stopped"],
  );
});
