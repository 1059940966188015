import type { Store } from "../../deploy/tracking/store.ts";
import { type CheckResult, makeChecks } from "../../deploy/verify/check.ts";
import { declaredChecks } from "../../deploy/verify/declared.ts";
import { usualChecks } from "../../deploy/verify/usual.ts";
import type { Operation } from "../operation.ts";
import type { Section } from "../outcome.ts";
import { maskSecretsOf } from "../secrets.ts";
import type { Finding } from "./lists.ts";

/** Milliseconds for the one look of each check. */
const lookTime = 10_000;

/** Makes the checks of a deploy once more, each with one look: whether the release does what it was deployed for. */
export async function checksOf({ cluster, application, context }: Operation, store: Store): Promise<Finding> {
  const { masker, signal } = context;
  // What a script prints may stand in what a check says.
  const { pods } = store.snapshot();
  await Promise.all(pods.map(({ metadata, spec }) => maskSecretsOf(cluster, masker, metadata?.namespace ?? "", spec)));
  const checks = [...usualChecks(cluster, application), ...declaredChecks({ cluster, application, store, masker })].map(
    (check) => ({ ...check, timeout: lookTime, interval: lookTime }),
  );
  // Each by itself: one that fails must not end the others.
  const results = (await Promise.all(checks.map((check) => makeChecks([check], signal)))).flat();
  const failed = results.filter(({ outcome }) => outcome === "failed");
  return {
    section: checkSection(results),
    wrong: failed.map(({ name, said }) => `the check "${name}" failed: ${said}`),
  };
}

/** Checks and how they ended. */
export function checkSection(results: readonly CheckResult[]): Section {
  return { name: "Checks", rows: results.map(({ name, outcome, said }) => ({ check: name, result: outcome, said })) };
}
