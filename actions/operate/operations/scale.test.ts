import assert from "node:assert/strict";
import { test } from "node:test";
import type { V1Volume } from "@kubernetes/client-node";
import { requirePossible } from "./scale.ts";

const autoscaler = {
  metadata: { name: "web", namespace: "prod" },
  spec: { maxReplicas: 2, scaleTargetRef: { kind: "Deployment", name: "web" } },
};

/** Asks whether a Deployment with these volumes can have so many pods. */
function ask(min: number, max: number, volumes: readonly V1Volume[] = [], scaler?: typeof autoscaler) {
  const template = { spec: { containers: [], volumes: [...volumes] } };
  return () => requirePossible({ min, max }, { name: "web" }, { spec: { selector: {}, template } }, scaler);
}

/** A volume on a claim. */
function claim(readOnly: boolean): V1Volume {
  return { name: "data", persistentVolumeClaim: { claimName: "shop-data", readOnly } };
}

test("several pods must not write to one claim", () => {
  assert.throws(ask(2, 2, [claim(false)]), /The pods of web would share the claim shop-data\./);
  assert.throws(ask(1, 2, [claim(false)], autoscaler), /would share the claim/);
  assert.doesNotThrow(ask(1, 1, [claim(false)]));
  assert.doesNotThrow(ask(2, 2, [claim(true)]));
});

test("there are no bounds without an autoscaler, and zero is another operation", () => {
  assert.throws(ask(2, 4), /No autoscaler decides how many pods web has/);
  assert.doesNotThrow(ask(2, 4, [], autoscaler));
  assert.throws(ask(0, 0), /web cannot be scaled to 0 pods/);
  assert.throws(ask(0, 4, [], autoscaler), /web cannot be scaled to 0 pods/);
});
