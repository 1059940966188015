import type { DeployInputs } from "../inputs.ts";
import { readObjects } from "../rendered/objects.ts";
import type { Watched } from "../rollout.ts";
import type { Fault } from "../tracking/faults/fault.ts";
import type { Expected } from "../tracking/judge.ts";
import { type CheckResult, makeChecks } from "./check.ts";
import { declaredChecks } from "./declared.ts";
import { deliveryChecks } from "./deliveries.ts";
import { checkStability, stabilityWindow } from "./stability.ts";
import { usualChecks } from "./usual.ts";

/** What the verification of a revision came to; `fault` when it must not stay. */
export interface Verification {
  readonly results: readonly CheckResult[];
  readonly fault?: Fault;
}

/** What is needed to check a revision. */
export type Verified = Pick<Watched, "cluster" | "application" | "context" | "store" | "journal" | "rendered"> & {
  readonly inputs?: Pick<DeployInputs, "proxy" | "inTailnet">;
};

/**
 * Makes all checks of a revision whose rollout is done, side by side until one fails: its pods stay ready, its Services
 * have endpoints and answer, its addresses lead to it, and what the manifest declares under `verify`.
 */
export async function verify(deploy: Verified, expected: readonly Expected[]): Promise<Verification> {
  const { cluster, application, store, context, journal, inputs } = deploy;
  const { masker, signal } = context;
  const checks = [
    ...usualChecks(cluster, application, inputs?.inTailnet ? { proxy: inputs.proxy } : undefined),
    ...deliveryChecks(cluster, await readObjects(deploy.rendered), application.namespace),
    ...declaredChecks({ cluster, application, store, masker }),
  ];
  // What is certain to go back need not be looked at to the end.
  const failed = new AbortController();
  const [stable, made] = await Promise.all([
    journal.stage(
      "stability",
      () => checkStability(store, expected, stabilityWindow, signal, failed),
      ({ outcome }) => outcome === "failed",
    ),
    makeChecks(checks, signal, failed),
  ]);
  const results = [stable, ...made].map((result) => ({ ...result, said: masker.redact(result.said) }));
  const first = results.find(({ outcome }) => outcome === "failed");
  return first === undefined ? { results } : { results, fault: faultOf(first, expected) };
}

function faultOf({ name, said, about }: CheckResult, expected: readonly Expected[]): Fault {
  const [workload = { kind: "Deployment", name: "", namespace: "" } as const] = expected;
  return {
    key: `verify ${name}`,
    tolerance: 0,
    cause: `the check "${name}" failed: ${said}`,
    fix: "Its pods are ready, but it does not do what it should: see the log of the app.",
    about: "verify",
    entry: name,
    workload,
    ...about,
  };
}
