import assert from "node:assert/strict";
import { test } from "node:test";
import { type DeliveryRequest, deliveryState, isRequest, pathOfRequests, targetsOf } from "./operator.ts";

const group = "secrets.infisical.com";

function request(changes: Partial<DeliveryRequest>): DeliveryRequest {
  const metadata = { name: "web-infisical", namespace: "prod", generation: 2 };
  return { apiVersion: `${group}/v1alpha1`, kind: "InfisicalSecret", metadata, ...changes };
}

function stateWith(...conditions: readonly (readonly [type: string, status: string, generation?: number])[]) {
  const list = conditions.map(([type, status, observedGeneration = 0]) => {
    return { type: `${group}/${type}`, status, message: `about ${type}.`, observedGeneration };
  });
  return deliveryState(request({ status: { conditions: list } }));
}

test("tells how far the operator is by its conditions, those of both its kinds", () => {
  assert.deepEqual(deliveryState(request({})), { state: "silent" });
  assert.deepEqual(stateWith(["LoadedInfisicalToken", "True"]), { state: "working" });
  assert.deepEqual(stateWith(["LastReconcileAuthMethod", "True", 2]), { state: "working" });
  assert.deepEqual(stateWith(["ReadyToSyncSecrets", "True"], ["AutoRedeployReady", "False"]), { state: "delivered" });
  assert.deepEqual(stateWith(["LastReconcileStatus", "True", 2]), { state: "delivered" });
  assert.deepEqual(stateWith(["LoadedInfisicalToken", "False"]), {
    state: "failed",
    said: "about LoadedInfisicalToken",
  });
  const failed = stateWith(["LoadedInfisicalToken", "True"], ["ReadyToSyncSecrets", "False"]);
  assert.deepEqual(failed, { state: "failed", said: "about ReadyToSyncSecrets" });
});

test("what it said of an older generation does not count", () => {
  assert.deepEqual(stateWith(["LastReconcileStatus", "False", 1]), { state: "silent" });
  assert.deepEqual(stateWith(["LastReconcileStatus", "True", 1], ["LastReconcileAuthMethod", "True", 2]), {
    state: "working",
  });
});

test("finds the Secrets of every way to name them", () => {
  const one = { managedSecretReference: { secretName: "a", secretNamespace: "x" } };
  assert.deepEqual(targetsOf(request({ spec: one }), "home"), ["x/a"]);
  assert.deepEqual(targetsOf(request({ spec: { managedKubeSecretReferences: [{ secretName: "b" }] } }), ""), [
    "prod/b",
  ]);
  assert.deepEqual(targetsOf(request({ metadata: {}, spec: { targets: [{ name: "c" }] } }), "home"), ["home/c"]);
});

test("a hook's request is left to Helm", () => {
  assert.equal(isRequest(request({})), true);
  assert.equal(isRequest(request({ metadata: { annotations: { "helm.sh/hook": "pre-upgrade" } } })), false);
  assert.equal(isRequest({ kind: "Secret" }), false);
  assert.equal(pathOfRequests(request({}), "home"), `/apis/${group}/v1alpha1/namespaces/prod/infisicalsecrets`);
});
