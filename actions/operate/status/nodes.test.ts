import assert from "node:assert/strict";
import { test } from "node:test";
import { compareNodes } from "./nodes.ts";

const node = (name: string, labels: Readonly<Record<string, string>>) => ({ metadata: { name, labels } });
const nodes = [node("one", { worker: "true" }), node("two", { worker: "true" }), node("three", {})];

/** A DaemonSet for labelled nodes, as its controller counts it. */
function daemonSet(
  desiredNumberScheduled: number,
  nodeSelector: Readonly<Record<string, string>> = { worker: "true" },
) {
  return {
    metadata: { name: "agent" },
    spec: { selector: {}, template: { spec: { containers: [], nodeSelector } } },
    status: { desiredNumberScheduled, numberReady: 1, currentNumberScheduled: 1, numberMisscheduled: 0 },
  };
}

test("labelled nodes are counted against those that a DaemonSet should run on", () => {
  const { section, wrong } = compareNodes([daemonSet(2)], nodes);
  assert.deepEqual(wrong, []);
  assert.deepEqual("rows" in section && section.rows, [
    { "daemon set": "agent", labels: "worker=true", labelled: "2", desired: "2", ready: "1", nodes: "one, two" },
  ]);
});

test("a labelled node that repels its pods is told", () => {
  const { wrong } = compareNodes([daemonSet(1)], nodes);
  assert.deepEqual(wrong, ["DaemonSet agent runs on 1 of 2 nodes that are labelled (worker=true)"]);
});

test("a DaemonSet for every node is not expected on nodes that are kept free", () => {
  assert.deepEqual(compareNodes([daemonSet(2, {})], nodes).wrong, []);
});
