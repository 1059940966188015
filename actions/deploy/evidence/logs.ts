import type { V1Pod } from "@kubernetes/client-node";
import { type Cluster, statusOf } from "../../core/cluster.ts";
import { messageOf } from "../../core/errors.ts";
import { containersOf } from "../tracking/faults/containers.ts";
import { firstLine } from "../tracking/faults/fault.ts";

/** Lines of a log that are kept: enough for a stack trace. */
export const logLines = 50;

/** The last lines that one run of a container wrote, or why there are none. */
export interface ContainerLog {
  /** Whether the container was started again after that run. */
  readonly restarted: boolean;
  readonly text: string;
}

/** Reads logs, and keeps those of pods that are about to go. */
export interface LogKeeper {
  /** What a container wrote in its last run, and before that what it wrote in the one before, where that is something else. */
  read(namespace: string, pod: string, container: string): Promise<readonly ContainerLog[]>;
  /** Keeps the logs of a pod's failed containers, then deletes it. */
  keepAndDelete(pod: V1Pod): Promise<void>;
}

/** Makes a keeper that has kept nothing yet. */
export function createLogKeeper(cluster: Cluster): LogKeeper {
  const kept = new Map<string, readonly ContainerLog[]>();
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
      const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
      await cluster.read({ method: "DELETE", path }).catch(ignoreAbsent);
    },
  };
}

function ignoreAbsent(thrown: unknown): void {
  if (statusOf((thrown as Error).cause) !== 404) throw thrown;
}

async function readLog(
  cluster: Cluster,
  namespace: string,
  pod: string,
  container: string,
): Promise<readonly ContainerLog[]> {
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log`;
  const read = (previous: boolean) =>
    cluster.readText({ path, query: { container, previous: String(previous), tailLines: String(logLines) } });
  const [before, last] = await Promise.allSettled([read(true), read(false)]);
  const [earlier, text] = [textOf(before), textOf(last)];
  // While no run is under way, the kubelet gives the same one for both.
  const logs = [
    ...(earlier === undefined || earlier === text ? [] : [{ restarted: true, text: earlier }]),
    ...(text === undefined ? [] : [{ restarted: false, text }]),
  ];
  if (logs.length > 0) return logs;
  const why = last.status === "fulfilled" ? "(empty)" : `(not there: ${firstLine(messageOf(last.reason))})`;
  return [{ restarted: false, text: why }];
}

function textOf(result: PromiseSettledResult<string>): string | undefined {
  const text = result.status === "fulfilled" ? result.value.trimEnd() : "";
  return isLog(text) ? text : undefined;
}

/** For a container that is gone, the kubelet answers with status 200 and this sentence (kubelet, GetContainerLogs). */
function isLog(text: string): boolean {
  return text !== "" && !text.startsWith("unable to retrieve container logs for ");
}
