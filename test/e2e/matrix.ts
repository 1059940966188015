// What every line of the fault matrix asserts: a version that serves, a deploy that goes wrong, and what it comes to.
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { ErrorCode } from "../../actions/core/errors.ts";
import type { StepResult } from "../harness/types.ts";
import { keepAsking, pageWith, readPage, serviceAddress } from "./page.ts";
import { lineAt, onlyError } from "./report.ts";
import type { DeployOptions, SmallApp, Spec } from "./small-app.ts";
import type { World } from "./world.ts";

/** What a deploy that goes wrong must come to. */
export interface Outcome {
  /** Title of the one error. */
  readonly code: ErrorCode;
  /** What the one error says: the cause, the fix, and what serves. */
  readonly says: readonly RegExp[];
  /** The line of the manifest that the error points at, without its indentation. */
  readonly line?: RegExp;
  /** The outputs `status` and `revision`. */
  readonly status: string;
  readonly revision: string;
  /** What Helm tells of the release afterwards, `1 deployed`. */
  readonly revisions: readonly string[];
  /** What the log must hold besides. */
  readonly log?: RegExp;
  /** The old pods are gone when it shows, so there is a time without an answer; it is printed. */
  readonly gap?: boolean;
}

/** Found before anything was changed: revision 1 is still the only one. */
export const untouched = {
  code: "PREFLIGHT_FAILED",
  says: [/Nothing was changed/],
  status: "failed",
  revision: "1",
  revisions: ["1 deployed"],
} as const satisfies Outcome;

/** Found in the rollout of revision 2, and gone back to revision 1 by a third one. */
export const rolledBack = {
  code: "DEPLOY_FAILED",
  says: [/revision 2 did not become healthy: .*Revision 1 serves again/],
  status: "rolled-back",
  revision: "3",
  revisions: ["1 superseded", "2 failed", "3 deployed"],
} as const satisfies Outcome;

/** Deploys the version that has to keep answering, and gives the address where it does. */
export async function serve(world: World, app: SmallApp, good: Spec = {}, options: DeployOptions = {}) {
  const step = await app.deploy(good, options);
  assert.equal(step.outputs["status"], "deployed", step.log);
  const address = await serviceAddress(world, "staging", app);
  await pageWith(address, "first");
  return address;
}

/**
 * Deploys something that goes wrong while the version at `address` is asked without a pause, and asserts all that it
 * came to.
 */
export async function assertOutcome<T extends StepResult>(
  test: TestContext,
  app: SmallApp,
  address: string,
  deploy: () => Promise<T>,
  outcome: Outcome,
): Promise<T> {
  const asking = keepAsking(address);
  const begun = performance.now();
  const step = await deploy().finally(() => asking.stop());
  test.diagnostic(`${Math.round(performance.now() - begun)} ms`);
  assertHeadline(step, outcome);
  assert.deepEqual([step.outputs["status"], step.outputs["revision"]], [outcome.status, outcome.revision], step.log);
  if (outcome.line !== undefined) assert.match(lineAt(app, onlyError(step)), outcome.line, step.log);
  if (outcome.log !== undefined) assert.match(step.log, outcome.log);
  // What the API server says instead of a log is no log.
  assert.doesNotMatch(step.log, /\(not there: /);
  assert.deepEqual(await app.revisions(), outcome.revisions, step.log);
  assert.equal(await readPage(address), "first");
  const { asked, failures } = await asking.stop();
  assert.ok(asked > 0);
  if (outcome.gap)
    test.diagnostic(`${failures.length} of ${asked} requests failed: ${failures[0]} … ${failures.at(-1)}`);
  else assert.deepEqual(failures, []);
  return step;
}

/** Asserts that a step gives one error, under its code and with its words. */
export function assertHeadline(step: StepResult, { code, says }: Pick<Outcome, "code" | "says">): void {
  const errors = step.annotations.filter(({ level }) => level === "error");
  assert.deepEqual(
    errors.map(({ properties }) => properties["title"]),
    [code],
    step.log,
  );
  for (const pattern of says) assert.match(errors[0]?.message ?? "", pattern, step.log);
}
