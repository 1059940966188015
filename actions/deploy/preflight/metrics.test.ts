import assert from "node:assert/strict";
import { test } from "node:test";
import { readObjects } from "../rendered/objects.ts";
import { unmeasured } from "./metrics.ts";

const [scaler, other] = await readObjects(
  ["{ type: Resource, resource: { name: cpu } }", "{ type: External }"]
    .map(
      (metric) =>
        `apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: { name: web }\nspec: { metrics: [${metric}] }`,
    )
    .join("\n---\n"),
);
const metrics = { group: "metrics.k8s.io", version: "v1beta1", name: "pods", namespaced: true };
const knowing = { find: (version: string) => (version === "metrics.k8s.io/v1beta1" ? metrics : undefined) };
const ignorant = { find: () => undefined };

test("an autoscaler that nothing measures for is told, and only that", () => {
  assert.ok(scaler && other);
  assert.match(unmeasured(ignorant, [scaler]) ?? "", /HorizontalPodAutoscaler web cannot scale/);
  assert.equal(unmeasured(knowing, [scaler]), undefined);
  assert.equal(unmeasured(ignorant, [other]), undefined);
  assert.equal(unmeasured(ignorant, []), undefined);
});
