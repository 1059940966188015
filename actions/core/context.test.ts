import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { recordingContext } from "../../test/context.ts";
import { actionContext } from "./context.ts";

const signal = new AbortController().signal;

test("a step's context comes from the runner's variables", async (t) => {
  const { context: outer } = await recordingContext(t);
  const event = join(outer.folder, "event.json");
  await writeFile(event, JSON.stringify({ repository: { default_branch: "trunk" } }));
  const context = actionContext(
    {
      GITHUB_REPOSITORY: "acme/shop",
      GITHUB_SERVER_URL: "https://github.example.com",
      GITHUB_RUN_ID: "77",
      GITHUB_RUN_NUMBER: "12",
      GITHUB_RUN_ATTEMPT: "2",
      GITHUB_EVENT_PATH: event,
      GITHUB_WORKSPACE: "/checkout",
      RUNNER_TEMP: join(outer.folder, "temp"),
      RUNNER_TOOL_CACHE: "/tools",
      "INPUT_CLIENT-SECRET": "hidden",
      STATE_folder: "hidden",
      KEPT: "kept",
    },
    outer.runner,
    signal,
  );
  assert.equal(context.run.url, "https://github.example.com/acme/shop/actions/runs/77");
  assert.deepEqual([context.run.number, context.run.attempt, context.run.defaultBranch], [12, 2, "trunk"]);
  assert.deepEqual([context.workspace, context.toolCache], ["/checkout", "/tools"]);
  assert.equal(dirname(context.folder), join(outer.folder, "temp"));
  assert.equal((await stat(context.folder)).mode & 0o777, 0o700);
  assert.equal(context.environment["KEPT"], "kept");
  assert.doesNotMatch(JSON.stringify(context.environment), /hidden/);
});

test("the post step works in the folder of the main step", async (t) => {
  const { context: outer } = await recordingContext(t);
  const missing = join(outer.folder, "missing");
  assert.equal(actionContext({}, outer.runner, signal, missing).folder, missing);
  assert.equal(existsSync(missing), false);
});

test("without an event file, or with a broken one, the default branch is unknown", async (t) => {
  const { context: outer } = await recordingContext(t);
  const broken = join(outer.folder, "broken.json");
  await writeFile(broken, "");
  for (const file of [undefined, broken, join(outer.folder, "none.json")]) {
    const context = actionContext({ GITHUB_EVENT_PATH: file }, outer.runner, signal, outer.folder);
    assert.equal(context.run.defaultBranch, "");
  }
});
