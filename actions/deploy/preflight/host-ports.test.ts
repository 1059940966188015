import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { V1Node, V1Pod } from "@kubernetes/client-node";
import type { PodTemplate } from "../rendered/templates.ts";
import { takenPorts } from "./host-ports.ts";

const node = (name: string, labels = {}): V1Node => ({ metadata: { name, labels } });
const pod = (nodeName: string, hostPort: number, more: Partial<V1Pod["spec"]> = {}): V1Pod => ({
  metadata: { name: "proxy", namespace: "infra" },
  spec: { nodeName, containers: [{ name: "main", ports: [{ containerPort: 80, hostPort }] }], ...more },
});
const wanting = (kind: string, spec: Partial<PodTemplate["spec"]> = {}): PodTemplate => ({
  owner: `${kind} web`,
  ...{ namespace: "prod", metadata: {}, surges: false, rolled: true },
  spec: { containers: [{ name: "main", ports: [{ containerPort: 3000, hostPort: 8443 }] }], ...spec },
});
const nodes = [node("a", { disk: "ssd" }), node("b")];
const taken = (...args: Parameters<typeof takenPorts>) => takenPorts(...args).map(({ cause }) => cause);

describe("a port of the node", () => {
  it("is taken when no node that the pod may run on has it free", () => {
    const onBoth = { nodes, pods: [pod("a", 8443), pod("b", 8443)] };
    assert.deepEqual(taken(wanting("Deployment"), onBoth), [
      "Deployment web wants the port 8443 of its node, which the pod proxy in namespace infra has on a",
    ]);
    assert.equal(
      taken(wanting("Deployment", { nodeSelector: { disk: "ssd" } }), { nodes, pods: [pod("a", 8443)] }).length,
      1,
    );
  });

  it("is free on one of several nodes, but a DaemonSet needs it on each", () => {
    const onOne = { nodes, pods: [pod("b", 8443)] };
    assert.deepEqual(taken(wanting("Deployment"), onOne), []);
    assert.equal(taken(wanting("DaemonSet"), onOne).length, 1);
    assert.deepEqual(taken(wanting("DaemonSet", { nodeSelector: { disk: "ssd" } }), onOne), []);
  });

  it("is any port of a pod on the node's network, and not one of another protocol", () => {
    const network = pod("b", 0, {
      hostNetwork: true,
      containers: [{ name: "main", ports: [{ containerPort: 8443 }] }],
    });
    assert.equal(taken(wanting("DaemonSet"), { nodes, pods: [network] }).length, 1);
    const udp = pod("b", 0, {
      containers: [{ name: "main", ports: [{ containerPort: 1, hostPort: 8443, protocol: "UDP" }] }],
    });
    assert.deepEqual(taken(wanting("DaemonSet"), { nodes, pods: [udp] }), []);
  });

  it("is no matter where no node may be used: the scheduler says why", () => {
    assert.deepEqual(taken(wanting("Deployment", { nodeSelector: { disk: "none" } }), { nodes, pods: [] }), []);
  });
});
