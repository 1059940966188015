import type { Cluster } from "../core/cluster.ts";
import type { Context } from "../core/context.ts";
import type { Helm } from "../core/helm.ts";
import type { Application } from "../validate/application.ts";
import type { Source } from "../validate/resolve.ts";
import type { DeployInputs } from "./inputs.ts";
import { takeSnapshot } from "./snapshot.ts";
import { track, type Verdict } from "./tracker.ts";

/** Everything that the steps of one deploy share. */
export interface Deploy {
  readonly inputs: DeployInputs;
  readonly context: Context;
  readonly cluster: Cluster;
  readonly helm: Helm;
  readonly source: Source;
  readonly application: Application;
  /** When time is up, on the clock of `performance.now()`. */
  readonly end: number;
}

/** Watches the newest revision until it is healthy, or given up after `crashes` failed exits. */
export async function watch({ cluster, application, context, end }: Deploy, crashes: number): Promise<Verdict> {
  return await track({
    look: () => takeSnapshot(cluster, application.namespace, application.release),
    progress: (line) => context.runner.info(line),
    patience: { crashes },
    timeout: remaining(end),
    signal: context.signal,
  });
}

/** Failed exits after which a rollout is given up. */
export const usualCrashes = 3;
/** A first install starts beside databases that are not ready yet, so it gets more tries. */
export const firstInstallCrashes = 5;

/** Milliseconds until `end`, at least a second: what is started late still gets a chance. */
export function remaining(end: number): number {
  return Math.max(1_000, end - performance.now());
}
