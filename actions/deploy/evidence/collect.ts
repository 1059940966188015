import type { CoreV1Event, V1ContainerStatus, V1Node, V1Pod, V1Taint } from "@kubernetes/client-node";
import type { Cluster, List } from "../../core/cluster.ts";
import type { Application } from "../../validate/application.ts";
import { containersOf } from "../tracking/faults/containers.ts";
import { type Fault, firstLine } from "../tracking/faults/fault.ts";
import type { Snapshot } from "../tracking/snapshot.ts";
import { workloadsOf } from "../tracking/workloads.ts";
import { type LogKeeper, logLines } from "./logs.ts";

/** What there is to see of a fault, taken before anything is rolled back. */
export interface Evidence {
  readonly fault: Fault;
  /** One line for each pod of the workload. */
  readonly pods: readonly string[];
  /** The last lines of the containers that failed. */
  readonly logs: readonly { readonly title: string; readonly text: string }[];
  /** Warnings, newest last, each once with how often it was seen. */
  readonly events: readonly string[];
  /** What is wrong with nodes. */
  readonly nodes: readonly string[];
  /** Advice of the manifest whose pattern was found in logs or events. */
  readonly hints: readonly string[];
}

/** How many events a person reads. */
const eventCount = 20;
/** How many logs: pods of one workload fail alike. */
const logCount = 3;

/** Takes everything that tells why a workload failed. */
export async function collectEvidence(
  cluster: Cluster,
  { hints }: Pick<Application, "hints">,
  fault: Fault,
  snapshot: Snapshot,
  keeper: LogKeeper,
): Promise<Evidence> {
  const { workload } = fault;
  const found = workloadsOf(snapshot).find(
    ({ kind, name, namespace }) => kind === workload.kind && name === workload.name && namespace === workload.namespace,
  );
  const pods = found?.pods ?? [];
  const [logs, nodes] = await Promise.all([readLogs(fault, pods, keeper), nodesOf(cluster, pods, fault)]);
  const events = tellEvents(
    snapshot.events
      .filter(({ type }) => type !== "Normal")
      .filter((event) => concerns(event, found?.uid, pods, workload.name)),
  );
  return {
    fault,
    pods: pods.map(describePod),
    logs,
    events,
    nodes,
    hints: matchingHints(hints, [fault.cause, ...logs.map(({ text }) => text), ...events]),
  };
}

async function readLogs(fault: Fault, pods: readonly V1Pod[], keeper: LogKeeper): Promise<Evidence["logs"]> {
  const read = loggedContainers(fault, pods)
    .slice(0, logCount)
    .map(async ({ pod, container }) => {
      const logs = await keeper.read(fault.workload.namespace, pod, container);
      return logs.map(({ restarted, text }) => {
        const run = restarted ? " before it was started again" : "";
        return { title: `Log of ${container} in ${pod}${run}, last ${logLines} lines`, text };
      });
    });
  return (await Promise.all(read)).flat();
}

/**
 * The containers whose logs tell of a fault, the one that it names first: those that failed; where the fault names none and
 * none failed, as when a check of pods that are ready did, those that run. What never ran has no log.
 */
export function loggedContainers({ pod, container }: Fault, pods: readonly V1Pod[]) {
  const all = pods.flatMap((one) =>
    containersOf(one).map((status) => ({ pod: one.metadata?.name ?? "", container: status.name, status })),
  );
  const isNamed = (one: { readonly pod: string; readonly container: string }) =>
    one.pod === pod && one.container === container;
  // Logs of a pod that was deleted meanwhile were kept.
  const gone = pod === undefined || container === undefined || all.some(isNamed) ? [] : [{ pod, container }];
  const ran = all.filter(({ status }) => hasRun(status));
  const others = ran.filter((one) => !isNamed(one));
  const failed = others.filter(({ status }) => !status.ready && status.state?.terminated?.exitCode !== 0);
  const telling = pod === undefined && failed.length === 0 ? others : failed;
  return [...gone, ...[...ran.filter(isNamed), ...telling].map(({ pod, container }) => ({ pod, container }))];
}

function hasRun({ state, lastState }: V1ContainerStatus): boolean {
  const ended = state?.terminated ?? lastState?.terminated;
  if (state?.running !== undefined) return true;
  return ended !== undefined && !/^(StartError|ContainerCannotRun)$/.test(ended.reason ?? "");
}

/** Whether an event is about a workload, one of its pods, or something that was made for it. */
function concerns(
  { involvedObject }: CoreV1Event,
  uid: string | undefined,
  pods: readonly V1Pod[],
  name: string,
): boolean {
  const { uid: subject, name: subjectName = "" } = involvedObject;
  return (
    subject === uid || pods.some(({ metadata }) => metadata?.uid === subject) || subjectName.startsWith(`${name}-`)
  );
}

function tellEvents(events: readonly CoreV1Event[]): string[] {
  const lines = new Map<string, number>();
  for (const { reason, message = "", count, series, involvedObject } of events) {
    const line = `${involvedObject.kind} ${involvedObject.name}: ${reason}: ${firstLine(message)}`;
    const times = series?.count ?? count ?? 1;
    // Deleted first, so that what was seen again comes last.
    const known = lines.get(line) ?? 0;
    lines.delete(line);
    lines.set(line, known + times);
  }
  return [...lines].slice(-eventCount).map(([line, times]) => (times === 1 ? line : `${line} (${times} times)`));
}

function describePod(pod: V1Pod): string {
  const { metadata, status, spec } = pod;
  const states = containersOf(pod).map(({ name, restartCount, ready, state, lastState }) => {
    const now = state?.waiting?.reason ?? state?.terminated?.reason ?? (ready ? "ready" : "not ready");
    const exit = (state?.terminated ?? lastState?.terminated)?.exitCode;
    return `${name}: ${now}, ${restartCount} restarts${exit === undefined ? "" : `, last exit code ${exit}`}`;
  });
  const node = spec?.nodeName === undefined ? "" : ` on ${spec.nodeName}`;
  return `${metadata?.name} (${status?.phase})${node}: ${states.join("; ") || "no container has started"}`;
}

/** Without the right to look at nodes there is nothing to tell. */
async function nodesOf(cluster: Cluster, pods: readonly V1Pod[], { cause }: Fault): Promise<string[]> {
  const { items } = await cluster.read<List<V1Node>>({ path: "/api/v1/nodes" }).catch(() => ({ items: [] }));
  return nodeFaults(items, pods, cause);
}

/**
 * What is wrong with the nodes that pods are on, with all of them where a pod is on none: not ready, short of something, and
 * what repels pods when that is the cause.
 */
export function nodeFaults(nodes: readonly V1Node[], pods: readonly V1Pod[], cause: string): string[] {
  const places = new Set(pods.map(({ spec }) => spec?.nodeName));
  const concerned = nodes.filter(({ metadata }) => places.has(undefined) || places.has(metadata?.name));
  return concerned.flatMap(({ metadata, spec, status }) => {
    const wrong = (status?.conditions ?? []).filter(
      ({ type, status }) => status !== (type === "Ready" ? "True" : "False"),
    );
    const faults = [
      ...wrong.map(({ type, message = "" }) => `${type}: ${firstLine(message)}`),
      ...(spec?.unschedulable ? ["cordoned"] : []),
      // The scheduler counts them, but does not say which.
      ...(/untolerated taint/.test(cause) ? (spec?.taints ?? []).map(taintText) : []),
    ];
    return faults.length === 0 ? [] : [`${metadata?.name}: ${faults.join("; ")}`];
  });
}

/** A taint as `kubectl taint` takes it. */
function taintText({ key, value, effect }: V1Taint): string {
  return `taint ${key}${value === undefined ? "" : `=${value}`}:${effect}`;
}

/** A hint's key is a regular expression, else plain text that is looked for as it stands. */
function matchingHints(hints: Application["hints"], texts: readonly string[]): string[] {
  return Object.entries(hints)
    .filter(([pattern]) => {
      const expression = expressionOf(pattern);
      return texts.some((text) => expression.test(text));
    })
    .map(([, advice]) => advice);
}

function expressionOf(pattern: string): Pick<RegExp, "test"> {
  try {
    return new RegExp(pattern, "im");
  } catch {
    return { test: (text) => text.includes(pattern) };
  }
}
