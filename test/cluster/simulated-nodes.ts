import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { poll } from "../../actions/core/retry.ts";
import { startDaemon } from "./daemon.ts";
import type { Kubernetes } from "./kubernetes.ts";
import type { Network } from "./network.ts";
import { run } from "./run.ts";
import { ensureTools } from "./toolchain.ts";

/** The label and the taint of simulated nodes: only what asks for them gets there. */
export const simulated = { key: "kwok.x-k8s.io/node", value: "fake" } as const;

/**
 * Adds nodes to a cluster whose pods kwok only pretends to run, for measurements with more pods than a machine can hold.
 * They go with the instance.
 */
export async function addSimulatedNodes(network: Network, { kubeconfig }: Kubernetes, count: number): Promise<void> {
  const { kwok, kubectl } = await ensureTools(["kwok", "kubectl"]);
  await startDaemon(network, {
    name: "kwok",
    command: [
      kwok,
      `--kubeconfig=${kubeconfig}`,
      "--manage-all-nodes=false",
      `--manage-nodes-with-annotation-selector=${simulated.key}=${simulated.value}`,
      "--cidr=10.240.0.0/16",
      `--node-ip=${network.address}`,
      "--node-lease-duration-seconds=40",
    ],
    environment: { HOME: network.state },
    // It says so by nodes that become ready.
    ready: async () => true,
  });
  const folder = mkdtempSync(join(tmpdir(), "fairlead-nodes-"));
  const file = join(folder, "nodes.json");
  const ask = (...args: string[]) => run([kubectl, ...args], { environment: { KUBECONFIG: kubeconfig, HOME: folder } });
  try {
    writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: nodes(count) }));
    await ask("apply", "-f", file);
  } finally {
    rmSync(folder, { recursive: true });
  }
  const onTimeout = (seen: string) => new Error(`the simulated nodes are not ready: ${seen}`);
  const signal = AbortSignal.timeout(120_000);
  await poll({ interval: 500, timeout: 60_000, signal, onTimeout }, async () => {
    const path = '{range .items[*]}{.status.conditions[?(@.type=="Ready")].status} {end}';
    const { rawOutput } = await ask(
      "get",
      "nodes",
      "-l",
      `${simulated.key}=${simulated.value}`,
      "-o",
      `jsonpath=${path}`,
    );
    const ready = rawOutput.split(" ").filter((word) => word === "True").length;
    return ready === count ? { done: undefined } : { waiting: `${ready} of ${count}` };
  });
}

function nodes(count: number) {
  const mark = { [simulated.key]: simulated.value };
  const size = { cpu: "32", memory: "256Gi", pods: "110" };
  return Array.from({ length: count }, (_, index) => ({
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: `simulated-${index}`,
      annotations: mark,
      labels: { ...mark, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64" },
    },
    spec: { taints: [{ ...simulated, effect: "NoSchedule" }] },
    status: { allocatable: size, capacity: size },
  }));
}
