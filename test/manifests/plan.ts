import type { Random } from "./random.ts";

/** What a component is, decided before anything is written, so that all layers and references fit each other. */
export interface ComponentPlan {
  readonly key: string;
  readonly kind: string;
  /** Names of its ports, the HTTP port first; those of its parent too. */
  readonly ports: readonly string[];
  /** Whether it has claims of its own, and so one pod only. */
  readonly keeps: boolean;
  /** Whether it may take from the node what only the level `privileged` allows, and pods share. */
  readonly loose: boolean;
  readonly parent?: string;
  /** Whether another one extends it, and so cannot share with it what there is only one of. */
  readonly hasHeir: boolean;
  /** Whether an environment may take it away; nothing refers to it then. */
  readonly removable: boolean;
  /** Names of its init containers and sidecars, in the order in which they start. */
  readonly initContainers: readonly string[];
  readonly sidecars: readonly string[];
}

/** What a manifest declares, decided before anything is written. */
export interface Plan {
  readonly single: boolean;
  /** One component, `main`, for a single application. */
  readonly components: readonly ComponentPlan[];
  /** Whether the manifest declares the Pod Security level `privileged`. */
  readonly loose: boolean;
  readonly controller: "traefik" | "ingress" | "gateway";
  readonly environments: readonly string[];
  /** Named sets of secrets. */
  readonly secrets: readonly string[];
  /** Keys of each set of configuration. */
  readonly config: Readonly<Record<string, readonly string[]>>;
  readonly namespaces: readonly string[];
  /** Gives 1, 2, 3 …: what must not occur twice is named after it. */
  readonly next: () => number;
}

const jobs = ["Job", "CronJob"];
const kinds = ["Deployment", "Deployment", "StatefulSet", "DaemonSet", ...jobs];

/** Decides what a manifest declares. */
export function planManifest(random: Random): Plan {
  const single = random.chance(0.4);
  const loose = random.chance(0.3);
  let count = 0;
  return {
    single,
    components: single ? [planComponent(random, "main", loose)] : planComponents(random, loose),
    loose,
    controller: random.pick(["traefik", "traefik", "ingress", "gateway"]),
    environments: ["prod", ...random.some(["staging", "pr-*", "eu-1"], 0.15)],
    secrets: random.some(["db", "mail"], 0.6),
    config: Object.fromEntries(random.some(["urls", "flags"], 0.6).map((name) => [name, ["FIRST", "second.txt"]])),
    namespaces: random.some(["elsewhere", "data"], 0.3),
    next: () => ++count,
  };
}

function planComponents(random: Random, loose: boolean): ComponentPlan[] {
  const plans: ComponentPlan[] = [];
  for (const key of ["api", "relay", "web", "worker"].slice(0, random.between(1, 4))) {
    const parents = plans.filter(({ hasHeir, parent }) => hasHeir && parent === undefined);
    const parent = parents.length > 0 && random.chance(0.5) ? random.pick(parents) : undefined;
    const own = planComponent(random, key, loose);
    if (parent === undefined) plans.push({ ...own, hasHeir: random.chance(0.3) });
    else {
      const { kind, keeps, ports } = parent;
      plans.push({
        ...own,
        kind,
        keeps,
        loose: false,
        ports: [...new Set([...ports, ...own.ports])],
        parent: parent.key,
      });
    }
  }
  return plans.map((plan, index) => ({
    ...plan,
    removable: index > 0 && !plan.hasHeir && random.chance(0.2),
  }));
}

function planComponent(random: Random, key: string, loose: boolean): ComponentPlan {
  const kind = random.pick(kinds);
  const serves = key === "main" || (!jobs.includes(kind) && random.chance(0.8));
  return {
    key,
    kind,
    ports: serves ? ["http", ...random.some(["metrics", "sql"], 0.3)] : [],
    keeps: kind !== "DaemonSet" && random.chance(0.4),
    loose: loose && random.chance(0.6),
    hasHeir: false,
    removable: false,
    initContainers: random.some(["migrate", "prepare"], 0.15),
    sidecars: random.some(["proxy", "tail"], 0.15),
  };
}
