import type { Application, Component } from "../../validate/application.ts";
import type { Patience } from "./faults/fault.ts";
import type { Workload } from "./workloads.ts";

/** Failed exits after which a rollout is given up. */
const usualCrashes = 3;
/** While something that it needs may not be there yet, an app may end and try again a little longer. */
const earlyCrashes = 5;
/** What Kubernetes and the chart give a Job when nobody says how often it is tried. */
const triesOfJob = 7;
/** Milliseconds to become ready for a workload that is in no manifest, as what a rollback brings back. */
const usualStartup = 120_000;

/**
 * What each workload is allowed: more tries on a first install and while a component that it comes `after` is not ready;
 * `health.crashRestarts`, `health.startup.within` and `retries` of the manifest count for more.
 */
export function createPatience({ components }: Application, hasBaseline: boolean) {
  return (workload: Pick<Workload, "kind" | "name" | "namespace" | "tries">, all: readonly Workload[]): Patience => {
    const component = componentOf(components, workload);
    const { health, after = [] } = component ?? {};
    const waits = after.some((key) => {
      const other = components[key];
      return all.some(
        (one) => one.unfinished !== undefined && one.name === other?.name && one.namespace === other.namespace,
      );
    });
    const stated = workload.tries === triesOfJob ? undefined : workload.tries;
    return {
      crashes: health?.crashRestarts ?? stated ?? (hasBaseline && !waits ? usualCrashes : earlyCrashes),
      placement: hasBaseline ? 10_000 : 60_000,
      startup: health === undefined ? usualStartup : health.startup.within * 1_000,
    };
  };
}

/** The component that a workload belongs to. The name of a Job carries a hash behind that of its component. */
function componentOf(
  components: Application["components"],
  { kind, name, namespace }: Pick<Workload, "kind" | "name" | "namespace">,
): Component | undefined {
  const own = Object.values(components).filter(
    (component) => component.kind === kind && component.namespace === namespace,
  );
  return own.find((component) => component.name === name) ?? own.find((component) => isJobOf(component, name));
}

function isJobOf({ kind, name }: Component, jobName: string): boolean {
  return kind === "Job" && jobName.startsWith(`${name}-`);
}
