import { setTimeout as wait } from "node:timers/promises";
import { processTree, signalProcess } from "../../harness/processes.ts";
import type { StepResult } from "../../harness/types.ts";
import type { ApiRelay, Write } from "../api-relay.ts";
import type { DeployOptions, SmallApp, Spec } from "../small-app.ts";
import type { Site } from "./site.ts";

/** When a deploy is ended: after an event, by its name and how often it came, or some time after its begin. */
export type Moment =
  | { readonly event: string; readonly occurrence: number }
  /** Milliseconds. */
  | { readonly after: number };

/** How it is ended. */
export interface End {
  /**
   * `cancel` is the runner's way: SIGINT, SIGTERM after 7.5 s, SIGKILL for all processes after 10 s. `refuse` and `silent` cut the
   * network, until the deploy has given up.
   */
  readonly by: "SIGINT" | "SIGTERM" | "SIGKILL" | "cancel" | "refuse" | "silent";
  /** Whom a signal is for: the action's process alone, all its processes, or Helm where one works, else the action. */
  readonly whom: "action" | "all" | "helm";
  /** Whether its runner is lost before the post step. */
  readonly lost: boolean;
}

/** A place for deploys: an application, and the way by which its deploys are seen. */
export interface Setting {
  readonly app: SmallApp;
  readonly site: Site;
  readonly relay: ApiRelay;
}

/** Deploys, ends that at a moment, and gives whether it came to that. */
export async function attempt(
  { app, site, relay }: Setting,
  changes: Spec,
  { moment, end, options }: { readonly moment: Moment; readonly end: End; readonly options: DeployOptions },
): Promise<{ readonly reached: boolean; readonly step: StepResult }> {
  const cancel = new AbortController();
  const finished = new AbortController();
  let action: number | undefined;
  let locked = false;
  let reached = false;
  const strike = async () => {
    if (reached || action === undefined) return;
    reached = true;
    if (end.by === "cancel") cancel.abort();
    // Before the lock nothing ends the wait for an answer but its own time limit, a minute.
    else if (end.by === "silent") await relay.cut(locked ? "silent" : "refuse");
    else if (end.by === "refuse") await relay.cut("refuse");
    else for (const pid of addressed(action, end.whom)) signalProcess(pid, end.by);
  };
  const watched = watchEvents({ app, site, relay }, async (event, occurrence) => {
    if (/POST .*\/leases$/.test(event)) locked = true;
    if ("event" in moment && event === moment.event && occurrence === moment.occurrence) await strike();
  });
  const stop = site.listen(({ pid, event }) => {
    if (event === "begins" && action === undefined) {
      action = pid;
      if ("after" in moment) {
        void wait(moment.after, undefined, { signal: finished.signal }).then(strike, () => {});
      }
    }
    // The post step finds the network as it was.
    if (event === "ends" && pid === action) void relay.heal();
  });
  try {
    const step = await app.deploy(changes, {
      ...options,
      action: end.lost ? site.withoutPost : site.action,
      cancelAfter: cancel.signal,
      // A runner that is lost does not end what was left behind.
      env: { ...site.env, ...options.env, ...(end.lost ? { RUNNER_TRACKING_ID: "lost" } : {}) },
      with: { ...options.with, kubeconfig: relay.kubeconfig },
    });
    return { reached, step };
  } finally {
    finished.abort();
    watched();
    stop();
    await relay.heal();
  }
}

/** Deploys undisturbed; gives each moment there was, and how long it took in milliseconds. */
export async function rehearse(
  { app, site, relay }: Setting,
  changes: Spec,
  options: DeployOptions,
): Promise<{ readonly moments: readonly Moment[]; readonly milliseconds: number; readonly step: StepResult }> {
  const moments: Moment[] = [];
  const stop = watchEvents({ app, site, relay }, (event, occurrence) => void moments.push({ event, occurrence }));
  try {
    const begun = performance.now();
    const step = await app.deploy(changes, {
      ...options,
      env: { ...site.env, ...options.env },
      with: { ...options.with, kubeconfig: relay.kubeconfig },
    });
    return { moments, milliseconds: performance.now() - begun, step };
  } finally {
    stop();
  }
}

/** Calls back after each write to the API and each event of a Helm, with the number of times that it came. */
function watchEvents(
  { app, site, relay }: Setting,
  see: (event: string, occurrence: number) => void | Promise<void>,
): () => void {
  const counts = new Map<string, number>();
  const tell = (event: string) => {
    const occurrence = (counts.get(event) ?? 0) + 1;
    counts.set(event, occurrence);
    return see(event, occurrence);
  };
  const stops = [
    // The lock is renewed by the clock.
    relay.listen({ after: (write) => (isRenewal(write) ? undefined : tell(nameOf(write, app))) }),
    site.listen(({ event }) => void (event.startsWith("helm ") && tell(event))),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

function addressed(action: number, whom: End["whom"]): number[] {
  if (whom === "action") return [action];
  const all = processTree(action);
  const [helm = action] = all;
  return whom === "all" ? all : [helm];
}

function isRenewal({ method, path }: Write): boolean {
  return method === "PUT" && path.includes("/leases/");
}

/** What is the same in every deploy. */
function nameOf({ method, path }: Write, { name, release }: SmallApp): string {
  const general = path
    .replaceAll(release, "<release>")
    .replaceAll(name, "<app>")
    .replace(/\.v\d+$/, ".v<number>")
    .replace(/\/pods\/[^/]+/, "/pods/<pod>");
  return `${method} ${general}`;
}
