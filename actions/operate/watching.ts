import type { KubernetesObject } from "@kubernetes/client-node";
import { collectEvidence } from "../deploy/evidence/collect.ts";
import { serving } from "../deploy/recovery/serving.ts";
import { judgingOf, remaining, type Watching } from "../deploy/rollout.ts";
import type { Fault } from "../deploy/tracking/faults/fault.ts";
import type { Expected } from "../deploy/tracking/judge.ts";
import { track } from "../deploy/tracking/tracker.ts";
import type { Component } from "../validate/application.ts";
import { evidenceOf } from "./evidence.ts";
import { newestOf } from "./history.ts";
import { failed, type Operation } from "./operation.ts";
import type { Outcome } from "./outcome.ts";

/** A workload as it was written last: a watch that shows an older one lags behind. */
export function expectedOf({ kind, name, namespace }: Component, { metadata }: KubernetesObject): Expected {
  const { uid = "", generation = 0 } = metadata ?? {};
  // Only these kinds are watched here.
  return { kind: kind as Expected["kind"], name, namespace, uid, generation };
}

/** Watches one workload until it is as it was written; gives what is wrong where it does not become that. */
export async function watchOne(watching: Watching, expected: Expected): Promise<Fault | undefined> {
  const timeout = remaining(watching.end);
  const { signal } = watching.context;
  const verdict = await track({ ...judgingOf(watching, true), expected: [expected], timeout, signal });
  return verdict.state === "failing" ? verdict.fault : undefined;
}

/** What a person gets to see of a change that did not become healthy; it stays as it is. */
export async function unhealthy(
  operation: Operation,
  watching: Watching,
  said: string,
  fault: Fault,
): Promise<Outcome> {
  const { cluster, application, store, logs } = watching;
  const snapshot = store.snapshot();
  const evidence = await collectEvidence(cluster, application, fault, snapshot, logs);
  const sentence = `${said}: ${fault.cause}`;
  const failure = failed(`${sentence}. ${serving(snapshot)}`, fault.fix);
  return { status: "failed", said: sentence, revision: newestOf(operation), sections: evidenceOf(evidence), failure };
}
