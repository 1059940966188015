import type { V1Container, V1PodSpec } from "@kubernetes/client-node";
import { parseQuantity } from "./quantity.ts";

/** Amounts under the names that quotas have for them: `pods`, `requests.cpu`, `limits.memory`, … */
export type Demand = Readonly<Record<string, number>>;

/** Pods of one kind. */
export interface Load {
  readonly pods: number;
  readonly each: Demand;
}

/** How one workload gets from old pods to new ones. */
export interface Change {
  readonly old: Load;
  readonly next: Load;
  /** How many pods there may be beyond the wanted ones; 0 when the old ones stay or go first. */
  readonly surge: number;
}

/** What a pod counts for in a quota (Kubernetes, `PodRequests` of k8s.io/component-helpers). */
export function demandOf({ containers, initContainers = [], overhead = {} }: V1PodSpec): Demand {
  const usual = containers.reduce((sum, container) => add(sum, ofContainer(container)), {} as Demand);
  // Sidecars stay, other init containers come one after the other and beside the sidecars before them.
  const { sidecars, peak } = initContainers.reduce(
    ({ sidecars, peak }, container) => {
      const beside = add(sidecars, ofContainer(container));
      return { sidecars: container.restartPolicy === "Always" ? beside : sidecars, peak: most(peak, beside) };
    },
    { sidecars: {} as Demand, peak: {} as Demand },
  );
  const extra = Object.entries(overhead).map(([name, amount]) => [`requests.${name}`, parseQuantity(amount)] as const);
  return { ...add(most(add(usual, sidecars), peak), Object.fromEntries(extra)), pods: 1 };
}

function ofContainer({ resources: { requests = {}, limits = {} } = {} }: V1Container): Demand {
  // The API server takes a limit for the request where there is none.
  const asked = Object.entries({ ...limits, ...requests }).map(
    ([name, amount]) => [`requests.${name}`, amount] as const,
  );
  const limited = Object.entries(limits).map(([name, amount]) => [`limits.${name}`, amount] as const);
  return Object.fromEntries([...asked, ...limited].map(([name, amount]) => [name, parseQuantity(amount)]));
}

/** How much more than the old pods a change needs for good; below 0 when it sets something free. */
export function growthOf({ old, next }: Change): Demand {
  return add(times(next.each, next.pods), times(old.each, -old.pods));
}

/** How much more than the old pods it needs at most while it goes on: at its begin or at its end. */
export function peakOf(change: Change): Demand {
  const { old, next, surge } = change;
  const atBegin = times(next.each, Math.min(surge, next.pods));
  const atEnd = add(growthOf(change), times(old.each, Math.min(surge, old.pods)));
  return most(atBegin, atEnd);
}

/** The sum of two demands. */
export function add(left: Demand, right: Demand): Demand {
  return combine(left, right, (one, other) => one + other);
}

function most(left: Demand, right: Demand): Demand {
  return combine(left, right, Math.max);
}

function times(demand: Demand, factor: number): Demand {
  return Object.fromEntries(Object.entries(demand).map(([name, amount]) => [name, amount * factor]));
}

function combine(left: Demand, right: Demand, merge: (one: number, other: number) => number): Demand {
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return Object.fromEntries([...names].map((name) => [name, merge(left[name] ?? 0, right[name] ?? 0)]));
}
