import type { V1Pod } from "@kubernetes/client-node";
import { type Cluster, statusOf } from "../../core/cluster.ts";
import { messageOf } from "../../core/errors.ts";
import { containersOf } from "../tracking/faults/containers.ts";

/** Lines of a log that are kept: enough for a stack trace. */
export const logLines = 50;

/** Reads logs, and keeps those of pods that are about to go. */
export interface LogKeeper {
  /** The last lines of a container: of the run that ended, or of the present one, or why there are none. */
  read(namespace: string, pod: string, container: string): Promise<string>;
  /** Keeps the logs of a pod's failed containers, then deletes it. */
  keepAndDelete(pod: V1Pod): Promise<void>;
}

/** Makes a keeper that has kept nothing yet. */
export function createLogKeeper(cluster: Cluster): LogKeeper {
  const kept = new Map<string, string>();
  const keyOf = (namespace: string, pod: string, container: string) => `${namespace}/${pod}/${container}`;
  return {
    async read(namespace, pod, container) {
      return kept.get(keyOf(namespace, pod, container)) ?? (await readLog(cluster, namespace, pod, container));
    },
    async keepAndDelete({ metadata, status }) {
      const { name = "", namespace = "" } = metadata ?? {};
      const failed = containersOf({ status: status ?? {} }).filter(
        ({ ready, restartCount }) => !ready && restartCount > 0,
      );
      for (const { name: container } of failed) {
        kept.set(keyOf(namespace, name, container), await readLog(cluster, namespace, name, container));
      }
      await cluster.ask(() => cluster.core.deleteNamespacedPod({ name, namespace })).catch(ignoreAbsent);
    },
  };
}

function ignoreAbsent(thrown: unknown): void {
  if (statusOf((thrown as Error).cause) !== 404) throw thrown;
}

async function readLog({ ask, core }: Cluster, namespace: string, pod: string, container: string): Promise<string> {
  const read = (previous: boolean) =>
    ask(() => core.readNamespacedPodLog({ name: pod, namespace, container, previous, tailLines: logLines }));
  const reads = await Promise.allSettled([read(true), read(false)]);
  const text = reads.map((result) => (result.status === "fulfilled" ? result.value.trimEnd() : "")).find(isLog);
  if (text !== undefined) return text;
  const refusal = reads.find((result) => result.status === "rejected");
  return refusal === undefined ? "(empty)" : `(not there: ${firstLine(refusal.reason)})`;
}

/** For a container that is gone, the kubelet answers with status 200 and this sentence (kubelet, GetContainerLogs). */
function isLog(text: string): boolean {
  return text !== "" && !text.startsWith("unable to retrieve container logs for ");
}

function firstLine(thrown: unknown): string {
  return messageOf(thrown).split("\n")[0] ?? "";
}
