import { readFileSync } from "node:fs";
import { join } from "node:path";
import { addSimulatedNodes, simulated } from "../../../test/cluster/simulated-nodes.ts";
import { openApiRelay } from "../../../test/e2e/api-relay.ts";
import type { Figure } from "../figure.ts";
import { each, inTurn, type Measured } from "../measure.ts";
import { makeSubject, ourDeploy, type Site, type Spec, serverReadyAfter } from "./site.ts";

const pods = 300;
/** Mebibytes that the action may need. */
const memoryAtMost = 150;

/** The memory of a deploy whose release has many pods, on nodes that only pretend to run them. */
export async function* memory(site: Site): AsyncGenerator<Figure> {
  const { cluster, bench } = site;
  await addSimulatedNodes(cluster.network, cluster.kubernetes, 8);
  const place: Spec = {
    replicas: pods,
    nodeSelector: { [simulated.key]: simulated.value },
    tolerations: [{ key: simulated.key, operator: "Exists" }],
  };
  const many = makeSubject(site, "many", place);
  const file = join(bench.folder, "peak-memory");
  const preload = new URL("./peak-memory.mjs", import.meta.url);
  preload.searchParams.set("file", file);
  const plain = ourDeploy(site, many);
  const values: number[] = [];
  const observed: Measured = {
    ...plain,
    environment: { ...plain.environment, NODE_OPTIONS: `--import=${preload.href}` },
    before: () => many.write(),
    check: () => void values.push(Number(readFileSync(file, "utf8")) / 1_024),
  };
  await each([observed, observed], 1);
  const command = `actions/deploy of a Deployment with ${pods} pods, rolled out anew`;
  yield {
    name: `memory with ${pods} pods`,
    measured: { command, values: values.slice(1), unit: "MiB" },
    atMost: memoryAtMost,
  };
}

/** Milliseconds until the app is ready, for a short wait and for one that is ten times as long. */
const waits = [3_000, 30_000] as const;

/** What a deploy asks the API server for: it must follow what happens, and not how long it takes. */
export async function* traffic(site: Site): AsyncGenerator<Figure> {
  await using relay = await openApiRelay(site.cluster.kubernetes);
  const counted: number[][] = [];
  for (const wait of waits) {
    const subject = makeSubject(site, `wait-${wait}`, { command: serverReadyAfter(wait) });
    const values: number[] = [];
    let before = 0;
    const deploy = {
      ...ourDeploy(site, subject, { kubeconfig: relay.kubeconfig }),
      before() {
        subject.write();
        before = relay.requests();
      },
      check: () => void values.push(relay.requests() - before),
    };
    await inTurn(2, deploy);
    counted.push(values.slice(1));
  }
  const [short = [], long = []] = counted;
  const command = (wait: number) =>
    `actions/deploy, ready after ${wait / 1_000} s, all requests of its tracker and of Helm`;
  yield {
    name: "requests of a long wait, against a short one",
    measured: { command: command(waits[1]), values: long, unit: "requests" },
    against: { command: command(waits[0]), values: short, unit: "requests" },
    ratioAtMost: 1.2,
  };
}
