import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { V1Deployment } from "@kubernetes/client-node";
import { demandOf, growthOf, peakOf } from "./demand.ts";
import { formatQuantity, parseQuantity } from "./quantity.ts";
import { changeOf } from "./quota.ts";

const surging = { rollingUpdate: { maxSurge: "25%", maxUnavailable: 0 } };

/** A Deployment as the API server keeps it. */
function deployment(pods: number, cpu: string, rollout: object = surging, image = "a") {
  const resources = { requests: { cpu }, limits: { memory: "1Gi" } };
  const spec: V1Deployment["spec"] = {
    replicas: pods,
    selector: {},
    strategy: rollout,
    template: { spec: { containers: [{ name: "main", image, resources }] } },
  };
  return { kind: "Deployment", spec };
}

const cpu = "requests.cpu";

describe("what a rollout asks for", () => {
  const growing: [string, Parameters<typeof changeOf>, peak: number, growth: number][] = [
    ["a first install: all its pods", [undefined, deployment(3, "200m")], 0.6, 0.6],
    [
      "another image: one pod beside the old ones",
      [deployment(2, "200m"), deployment(2, "200m", surging, "b")],
      0.2,
      0,
    ],
    ["larger pods: the surge and the growth", [deployment(4, "100m"), deployment(4, "200m")], 0.5, 0.4],
    ["smaller pods: one new one at first", [deployment(4, "200m"), deployment(4, "100m")], 0.1, -0.4],
    ["the same template: only the pods that are added", [deployment(2, "200m"), deployment(3, "200m")], 0.2, 0.2],
    [
      "old pods that go first: only the growth",
      [deployment(2, "100m"), deployment(2, "200m", { type: "Recreate" })],
      0.2,
      0.2,
    ],
    ["an autoscaler: its fewest pods", [undefined, deployment(1, "100m"), 5], 0.5, 0.5],
    ["an autoscaler that takes over: the pods that are there", [deployment(4, "100m"), deployment(1, "100m"), 2], 0, 0],
  ];
  for (const [name, change, peak, growth] of growing) {
    it(name, () => {
      assert.equal(peakOf(changeOf(...change))[cpu]?.toFixed(3), peak.toFixed(3));
      assert.equal(growthOf(changeOf(...change))[cpu]?.toFixed(3), growth.toFixed(3));
    });
  }

  it("counts a limit as a request where there is none, sidecars always, other init containers at their time", () => {
    const of = (amount: string) => ({ resources: { limits: { cpu: amount } } });
    const demand = demandOf({
      overhead: { cpu: "10m" },
      initContainers: [
        { name: "early", ...of("900m") },
        { name: "proxy", restartPolicy: "Always", ...of("100m") },
        { name: "late", ...of("300m") },
      ],
      containers: [{ name: "main", ...of("500m") }],
    });
    assert.deepEqual(demand, { "limits.cpu": 0.9, "requests.cpu": 0.91, pods: 1 });
  });
});

describe("a quantity", () => {
  for (const [text, number] of [
    ["250m", 0.25],
    ["1.5Gi", 1.5 * 2 ** 30],
    ["1e3", 1_000],
    ["2k", 2_000],
    ["3E", 3e18],
    [4, 4],
    [undefined, 0],
    ["nonsense", 0],
  ] as const) {
    it(`${text} is ${number}`, () => assert.equal(parseQuantity(text), number));
  }

  it("is written as people do", () => {
    assert.deepEqual(
      [
        formatQuantity("requests.cpu", 0.25),
        formatQuantity("cpu", 2),
        formatQuantity("limits.memory", 1.5 * 2 ** 30),
        formatQuantity("pods", 3),
      ],
      ["250m", "2", "1536Mi", "3"],
    );
  });
});
