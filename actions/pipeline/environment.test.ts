import assert from "node:assert/strict";
import { test } from "node:test";
import type { WorkflowRun } from "../core/context.ts";
import type { FairleadError } from "../core/errors.ts";
import type { Declaration } from "../validate/application.ts";
import { chooseEnvironment } from "./environment.ts";

const run = (ref: string): WorkflowRun => ({
  ...{
    repository: "o/r",
    commit: "c",
    event: "push",
    baseRef: "",
    workflow: "w",
    job: "j",
    id: "1",
    actor: "a",
    url: "u",
  },
  ...{ number: 1, attempt: 1, defaultBranch: "trunk" },
  ref,
});

const declaration = (environments: Declaration["environments"]): Declaration =>
  ({ name: "app", environments, cluster: {} }) as Declaration;

const seed = declaration({ staging: { deploy: { branch: "" } }, prod: { deploy: { tag: "v*" } }, lab: {} });

test("a push to the default branch deploys the environment that follows it", () => {
  assert.equal(chooseEnvironment(seed, run("refs/heads/trunk")), "staging");
});

test("a tag deploys the environment whose pattern it matches", () => {
  assert.equal(chooseEnvironment(seed, run("refs/tags/v1.2.3")), "prod");
});

for (const ref of ["refs/heads/feature", "refs/tags/1.0", "refs/pull/3/merge", ""]) {
  test(`${ref || "no ref"} deploys nothing, and the error lists what is declared`, () => {
    assert.throws(
      () => chooseEnvironment(seed, run(ref)),
      (thrown: FairleadError) =>
        thrown.code === "ENVIRONMENT_UNKNOWN" &&
        thrown.message.includes("staging (the default branch), prod (tags v*), lab (only by name)"),
    );
  });
}

test("two environments that follow the same branch are an error that names both", () => {
  const both = declaration({ one: { deploy: { branch: "main" } }, two: { deploy: { branch: "main" } } });
  assert.throws(() => chooseEnvironment(both, run("refs/heads/main")), /one and two/);
});
