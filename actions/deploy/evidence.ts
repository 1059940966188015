import type { V1Pod } from "@kubernetes/client-node";
import type { Cluster } from "../core/cluster.ts";
import { messageOf } from "../core/errors.ts";
import type { Fault } from "./faults.ts";
import type { Snapshot } from "./snapshot.ts";

const logLines = 50;

/** What there is to see of a fault before anything is rolled back: the state of the pods, and the last log lines. */
export async function collectEvidence(cluster: Cluster, namespace: string, fault: Fault, { pods }: Snapshot) {
  const sections = [`Cause: ${fault.cause}.`, ...pods.map(describePod)];
  if (fault.pod !== undefined && fault.container !== undefined) {
    sections.push(await readLog(cluster, namespace, fault.pod, fault.container));
  }
  return sections.join("\n");
}

function describePod({ metadata, status }: V1Pod): string {
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const states = containers.map(({ name, restartCount, ready, state, lastState }) => {
    const now = state?.waiting?.reason ?? state?.terminated?.reason ?? (ready ? "ready" : "not ready");
    const exit = lastState?.terminated?.exitCode;
    return `${name}: ${now}, ${restartCount} restarts${exit === undefined ? "" : `, last exit code ${exit}`}`;
  });
  return `Pod ${metadata?.name} (${status?.phase}): ${states.join("; ") || "no container has started"}`;
}

/** The log of the run that ended; where the kubelet has removed that already, the log of the present one. */
async function readLog({ ask, core }: Cluster, namespace: string, pod: string, container: string): Promise<string> {
  const read = (previous: boolean) =>
    ask(() => core.readNamespacedPodLog({ name: pod, namespace, container, previous, tailLines: logLines }));
  const reads = await Promise.allSettled([read(true), read(false)]);
  const text = reads.map((result) => (result.status === "fulfilled" ? result.value.trimEnd() : "")).find(isLog);
  if (text !== undefined) return `Log of ${container}, last ${logLines} lines:\n${text}`;
  const refusal = reads.find((result) => result.status === "rejected");
  return `Log of ${container}: ${refusal === undefined ? "empty" : `not there (${firstLine(refusal.reason)})`}`;
}

/** For a container that is gone, the kubelet answers with status 200 and this sentence (kubelet, GetContainerLogs). */
function isLog(text: string): boolean {
  return text !== "" && !text.startsWith("unable to retrieve container logs for ");
}

function firstLine(thrown: unknown): string {
  return messageOf(thrown).split("\n")[0] ?? "";
}
