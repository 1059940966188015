import type { WorkflowRun } from "../../core/context.ts";
import { FairleadError, messageOf, type Place } from "../../core/errors.ts";
import type { Deployed } from "../deployed.ts";
import type { Evidence } from "../evidence/collect.ts";
import type { CheckResult } from "../verify/check.ts";
import type { ImageChange, ReleaseChanges } from "./changes.ts";
import type { Journal, Stage } from "./journal.ts";
import { type NextStep, nextSteps } from "./next.ts";

/**
 * What a run came to, as data: the summary, the end of the log and the report file all tell this. Paths of keys and names
 * are in it, values of variables and Secrets are not.
 */
export interface Report {
  /** Of this shape; a change that would break a reader raises it. */
  readonly schemaVersion: 1;
  readonly status: Deployed["status"];
  /** Why it failed, without the full stop; empty when it did not. */
  readonly reason: string;
  /** Code of the failure in docs/errors.md; empty when there was none. */
  readonly code: string;
  /** The failure in a sentence, with what to do about it. */
  readonly message: string;
  /** Where in the manifest the fault is written. */
  readonly place?: Place;
  readonly application: string;
  readonly environment: string;
  readonly release: string;
  readonly namespace: string;
  readonly url: string;
  /** The revision that serves now, 0 for none. */
  readonly revision: number;
  readonly previousRevision: number;
  readonly images: readonly ImageChange[];
  readonly commit: string;
  /** Address of the workflow run. */
  readonly run: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly milliseconds: number;
  /** In the order in which they began; `startedAt` is milliseconds since the start of the run. */
  readonly stages: readonly Stage[];
  readonly checks: readonly CheckResult[];
  /** Since the revision that was verified last; absent when it did not come to that. */
  readonly changes?: ReleaseChanges;
  /** What was seen of a fault in the cluster before anything was rolled back. */
  readonly evidence?: Omit<Evidence, "fault">;
  /** What a failure brings along that is no evidence of the cluster: a Role, the words of Helm, the log of a build. */
  readonly details: string;
  readonly next: readonly NextStep[];
}

/** How a run ended: with what it deployed, or with what was thrown. */
export interface Outcome {
  readonly deployed?: Deployed;
  readonly failure?: unknown;
}

/** Puts together what a run came to. @param now milliseconds since 1970. */
export async function reportOf(
  { stages, learned }: Journal,
  { deployed, failure }: Outcome,
  { commit, url: run }: Pick<WorkflowRun, "commit" | "url">,
  now = Date.now(),
): Promise<Report> {
  const { application, images = {}, evidence, previousRevision = 0 } = learned;
  const changes = await learned.changes;
  const sorted = stages.toSorted((one, other) => one.startedAt - other.startedAt);
  const origin = sorted[0]?.startedAt ?? 0;
  const milliseconds = Math.max(0, ...sorted.map((stage) => stage.startedAt + stage.milliseconds - origin));
  const facts = {
    ...failureOf(failure),
    status: deployed?.status ?? ("failed" as const),
    reason: deployed?.reason ?? reasonOf(failure),
    application: application?.name ?? "",
    environment: application?.environment ?? "",
    release: application?.release ?? "",
    namespace: application?.namespace ?? "",
    url: application?.url ?? "",
    revision: deployed?.revision ?? previousRevision,
    previousRevision: deployed?.previousRevision ?? previousRevision,
  };
  return {
    schemaVersion: 1,
    ...facts,
    images: changes?.images ?? Object.entries(images).map(([component, after]) => ({ component, before: "", after })),
    commit,
    run,
    startedAt: new Date(now - milliseconds).toISOString(),
    milliseconds,
    stages: sorted.map((stage) => ({ ...stage, startedAt: stage.startedAt - origin })),
    checks: learned.checks ?? [],
    ...(changes === undefined ? {} : { changes }),
    ...(evidence === undefined ? {} : { evidence: withoutFault(evidence) }),
    next: nextSteps(
      { ...facts, addresses: application?.addresses ?? [], kept: deployed?.status === "failed" },
      evidence?.fault,
    ),
  };
}

function failureOf(failure: unknown) {
  if (failure === undefined) return { code: "", message: "", details: "" };
  if (!(failure instanceof FairleadError)) return { code: "BUG", message: messageOf(failure), details: "" };
  const { code, sentence, place, details = "" } = failure;
  return { code, message: sentence, details, ...(place === undefined ? {} : { place }) };
}

function reasonOf(failure: unknown): string {
  return messageOf(failure).replace(/\.$/, "");
}

function withoutFault({ fault: _, ...evidence }: Evidence): Omit<Evidence, "fault"> {
  return evidence;
}
