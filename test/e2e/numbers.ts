import { readFileSync } from "node:fs";
import type { V1Deployment } from "@kubernetes/client-node";
import { openCluster } from "../../actions/core/cluster.ts";
import { createMasker } from "../../actions/core/masking.ts";
import { poll } from "../../actions/core/retry.ts";
import type { SmallApp } from "./small-app.ts";
import type { World } from "./world.ts";

/** How many pods a Deployment wants, and how many of them are ready. */
export interface Numbers extends Disposable {
  /** Everything that was seen, oldest first. */
  readonly seen: readonly { readonly wanted: number; readonly ready: number }[];
  /** Ends when so many are wanted, after a minute with an error: an autoscaler looks every fifteen seconds. */
  wanted(number: number): Promise<void>;
}

/** Watches the numbers of pods of an application's one Deployment from now on. */
export async function watchNumbers({ cluster: { kubernetes } }: World, { release }: SmallApp): Promise<Numbers> {
  const { signal } = new AbortController();
  const kubeconfig = readFileSync(kubernetes.kubeconfig, "utf8");
  const cluster = await openCluster({ kubeconfig, masker: createMasker(() => {}), signal });
  const seen: { wanted: number; ready: number }[] = [];
  const watched = await cluster.watch<V1Deployment>(
    { path: `/apis/apps/v1/namespaces/${release}/deployments` },
    {
      changed: ({ spec, status }) => seen.push({ wanted: spec?.replicas ?? 0, ready: status?.readyReplicas ?? 0 }),
      away: () => {},
      back: () => {},
    },
  );
  return {
    seen,
    async wanted(number) {
      const onTimeout = (last: string) => new Error(`${number} pods are not wanted, but ${last}`);
      await poll({ interval: 100, timeout: 60_000, signal, onTimeout }, async () => {
        const last = seen.at(-1)?.wanted;
        return last === number ? { done: undefined } : { waiting: String(last) };
      });
    },
    [Symbol.dispose]: () => watched.stop(),
  };
}
