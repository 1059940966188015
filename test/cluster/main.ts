// Starts and stops the real parts by hand: node test/cluster/main.ts up|down|status [--instance NAME] [part…]
import { parseArgs } from "node:util";
import { messageOf } from "../../actions/core/errors.ts";
import { allParts, findCluster, type PartName, partFile, startCluster, stopCluster } from "./cluster.ts";
import { runningDaemons } from "./daemon.ts";
import { defaultInstance } from "./network.ts";

const { positionals, values } = parseArgs({ allowPositionals: true, options: { instance: { type: "string" } } });
const [command, ...names] = positionals;
const { instance = defaultInstance } = values;
const progress = (line: string) => console.error(line);

try {
  if (command === "up") {
    await startCluster(names.length > 0 ? names.map(partName) : allParts, { instance, progress });
    show();
  } else if (command === "down") {
    await stopCluster({ instance, progress });
  } else if (command === "status") {
    show();
  } else {
    throw new Error(`Usage: main.ts up|down|status [--instance NAME] [${allParts.join("|")} …]`);
  }
} catch (thrown) {
  console.error(messageOf(thrown));
  process.exitCode = 1;
}

function partName(name: string): PartName {
  const known = allParts.find((part) => part === name);
  if (known === undefined) throw new Error(`There is no part ${name}; the parts are ${allParts.join(", ")}.`);
  return known;
}

function show(): void {
  const cluster = findCluster(instance);
  if (cluster === undefined) {
    console.log(`The instance ${instance} does not run.`);
    return;
  }
  const { network } = cluster;
  for (const { name, runs } of runningDaemons(network)) console.log(`${runs ? "runs" : "dead"}  ${name}`);
  console.log(`logs        ${network.state}/logs`);
  if (cluster.kubernetes)
    console.log(`kubectl     ${cluster.kubernetes.kubectl} --kubeconfig ${cluster.kubernetes.kubeconfig}`);
  if (cluster.registry)
    console.log(`registry    ${cluster.registry.address} (login in ${partFile(network, "registry")})`);
  if (cluster.baseImage) console.log(`base image  ${cluster.baseImage.reference}`);
  if (cluster.buildkit) console.log(`buildkit    ${cluster.buildkit.endpoint} (${cluster.buildkit.buildx})`);
  if (cluster.tailnet)
    console.log(`tailnet     ${cluster.tailnet.controlUrl} (key in ${partFile(network, "tailnet")})`);
}
