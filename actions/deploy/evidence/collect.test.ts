import assert from "node:assert/strict";
import { test } from "node:test";
import type { V1ContainerStatus, V1Node, V1Pod } from "@kubernetes/client-node";
import type { Fault } from "../tracking/faults/fault.ts";
import { container, crashed } from "../tracking/tracking.testing.ts";
import { loggedContainers, nodeFaults } from "./collect.ts";

const fault: Fault = {
  ...{ key: "key", tolerance: 0, cause: "it failed", fix: "Mend it." },
  workload: { kind: "Deployment", name: "web", namespace: "prod" },
};

function pod(name: string, statuses: readonly V1ContainerStatus[]): V1Pod {
  return { metadata: { name }, status: { containerStatuses: [...statuses] } };
}

const waiting = container({ name: "web", state: { waiting: { reason: "CreateContainerConfigError" } } });
const running = (name: string, ready: boolean) => container({ name, ready, state: { running: {} } });

function logged(changes: Partial<Fault>, pods: readonly V1Pod[]): string[] {
  return loggedContainers({ ...fault, ...changes }, pods).map((one) => `${one.pod} ${one.container}`);
}

test("the log of the container that a fault names comes first, then those of others that failed", () => {
  const pods = [pod("web-0", [crashed(1)]), pod("web-1", [crashed(2), running("proxy", true)])];
  assert.deepEqual(logged({ pod: "web-1", container: "web" }, pods), ["web-1 web", "web-0 web"]);
});

test("a container that never ran has no log, and those beside it that are well tell nothing", () => {
  const pods = [pod("web-0", [waiting, running("proxy", true)])];
  assert.deepEqual(logged({ pod: "web-0", container: "web" }, pods), []);
  const unstartable = container({ state: { terminated: { exitCode: 128, reason: "StartError" } } });
  assert.deepEqual(logged({ pod: "web-0", container: "web" }, [pod("web-0", [unstartable])]), []);
});

test("the log of a pod that was deleted meanwhile is looked for", () => {
  const pods = [pod("web-1", [waiting])];
  assert.deepEqual(logged({ pod: "web-0", container: "web" }, pods), ["web-0 web"]);
});

test("where a check fails although all pods are ready, their logs tell most", () => {
  const pods = [pod("web-0", [running("web", true)]), pod("web-1", [running("web", true)])];
  assert.deepEqual(logged({}, pods), ["web-0 web", "web-1 web"]);
  assert.deepEqual(logged({}, [pod("web-0", [running("web", true)]), pod("web-1", [crashed(1)])]), ["web-1 web"]);
});

const node = (name: string, type: string, status: string): V1Node => ({
  metadata: { name },
  spec: { taints: [{ key: "dedicated", value: "data", effect: "NoSchedule" }] },
  status: { conditions: [{ type, status, message: `${type} is ${status}.` }] },
});
const nodes = [node("full", "DiskPressure", "True"), node("well", "Ready", "True"), node("away", "Ready", "Unknown")];

test("of the nodes, those that the pods are on are looked at", () => {
  const onNode = (nodeName: string): V1Pod => ({ spec: { containers: [], nodeName } });
  assert.deepEqual(nodeFaults(nodes, [onNode("full"), onNode("well")], "it failed"), [
    "full: DiskPressure: DiskPressure is True",
  ]);
  assert.deepEqual(nodeFaults(nodes, [onNode("well")], "it failed"), []);
});

test("all nodes count for a pod that none takes, with their taints where that is what the scheduler says", () => {
  const pods = [{ spec: { containers: [] } }];
  assert.deepEqual(nodeFaults(nodes, pods, "no node takes the pod"), [
    "full: DiskPressure: DiskPressure is True",
    "away: Ready: Ready is Unknown",
  ]);
  assert.match(
    nodeFaults(nodes, pods, "had untolerated taint {dedicated: data}")[1] ?? "",
    /^well: taint dedicated=data/,
  );
});
