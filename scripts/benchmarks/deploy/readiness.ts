import { readFileSync } from "node:fs";
import type { V1Pod } from "@kubernetes/client-node";
import { openCluster } from "../../../actions/core/cluster.ts";
import { createMasker } from "../../../actions/core/masking.ts";
import type { Site, Subject } from "./site.ts";

/** When pods became ready, seen from outside of what is measured. */
export interface Readiness extends Disposable {
  /** When a pod became ready last, on the clock of `performance.now()`. */
  last(): number;
}

/** Watches the pods of a subject. */
export async function watchReadiness({ cluster }: Site, { release }: Subject): Promise<Readiness> {
  const over = new AbortController();
  const kubeconfig = readFileSync(cluster.kubernetes.kubeconfig, "utf8");
  const client = await openCluster({ kubeconfig, masker: createMasker(() => {}), signal: over.signal });
  const ready = new Map<string, number>();
  const path = `/api/v1/namespaces/${release}/pods`;
  const pods = await client.watch<V1Pod>(
    { path },
    {
      changed({ metadata, status }) {
        const uid = metadata?.uid ?? "";
        const isReady = status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True");
        if (isReady && !ready.has(uid)) ready.set(uid, performance.now());
      },
      away() {},
      back() {},
    },
  );
  return {
    last: () => Math.max(...ready.values()),
    [Symbol.dispose]() {
      pods.stop();
      over.abort();
    },
  };
}
