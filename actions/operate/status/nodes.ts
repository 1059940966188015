import type { V1DaemonSet, V1Node } from "@kubernetes/client-node";
import type { Cluster, List } from "../../core/cluster.ts";
import type { Snapshot } from "../../deploy/tracking/snapshot.ts";
import type { Finding } from "./lists.ts";

const everyNode = "every node";

/** How many nodes each DaemonSet should run on, against the nodes that carry its labels: people scale it by labels. */
export async function nodesOf(cluster: Cluster, { daemonSets }: Pick<Snapshot, "daemonSets">): Promise<Finding> {
  if (daemonSets.length === 0) return { section: { name: "Nodes", rows: [] }, wrong: [] };
  const { status, body } = await cluster.call({ path: "/api/v1/nodes" });
  if (status === 200) return compareNodes(daemonSets, (JSON.parse(body) as List<V1Node>).items);
  // Who may deploy into a namespace need not be allowed to look at nodes.
  return { section: { name: "Nodes", text: "The user of the kubeconfig may not list nodes." }, wrong: [] };
}

/** A node that is labelled and not counted repels the pods: a taint, or an affinity that does not fit. */
export function compareNodes(daemonSets: readonly V1DaemonSet[], nodes: readonly V1Node[]): Finding {
  const rows = daemonSets.map(({ metadata, spec, status }) => {
    const selector = spec?.template.spec?.nodeSelector ?? {};
    const labelled = nodes.filter(({ metadata }) =>
      Object.entries(selector).every(([key, value]) => metadata?.labels?.[key] === value),
    );
    const { desiredNumberScheduled: desired = 0, numberReady: ready = 0 } = status ?? {};
    const labels = Object.entries(selector).map(([key, value]) => `${key}=${value}`);
    return {
      name: metadata?.name ?? "",
      labelled: labelled.map(({ metadata }) => metadata?.name ?? ""),
      desired,
      ready,
      labels: labels.join(",") || everyNode,
    };
  });
  const wrong = rows
    // Without labels, nodes that repel pods are meant to be left out.
    .filter(({ labelled, desired, labels }) => labels !== everyNode && labelled.length !== desired)
    .map(
      ({ name, labelled, desired, labels }) =>
        `DaemonSet ${name} runs on ${desired} of ${labelled.length} nodes that are labelled (${labels})`,
    );
  const shown = rows.map(({ name, labelled, desired, ready, labels }) => ({
    "daemon set": name,
    labels,
    labelled: String(labelled.length),
    desired: String(desired),
    ready: String(ready),
    nodes: labelled.join(", "),
  }));
  return { section: { name: "Nodes", rows: shown }, wrong };
}
