import type { V1Node } from "@kubernetes/client-node";
import type { Cluster, List } from "../../core/cluster.ts";
import type { Check } from "./check.ts";

/**
 * Whether so many nodes are ready as the team's facts say; nothing where they say nothing. It only warns: no other revision of
 * an application brings a node back.
 */
export function nodeChecks(cluster: Pick<Cluster, "read">, expected: number | undefined): Check[] {
  if (expected === undefined) return [];
  return [
    {
      name: `${expected} nodes are ready`,
      timeout: 15_000,
      optional: true,
      async look() {
        const { items } = await cluster.read<List<V1Node>>({ path: "/api/v1/nodes" });
        const ready = items.filter(isReady).length;
        if (ready >= expected) return { state: "passed", said: `${ready} ready` };
        const others = items.filter((node) => !isReady(node)).map(({ metadata }) => metadata?.name);
        const whose = others.length === 0 ? "" : `; not ready: ${others.join(", ")}`;
        return { state: "wrong", final: true, said: `${ready} of ${expected} are${whose}` };
      },
    },
  ];
}

function isReady({ status }: V1Node): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false;
}
