import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeliveryRequest } from "../../delivery/operator.ts";
import { container, rollout, sightOf } from "../tracking.testing.ts";
import { findFaults } from "./find.ts";

const request = (conditions: readonly { type: string; status: string; message: string }[]): DeliveryRequest => ({
  kind: "InfisicalSecret",
  metadata: { name: "web-infisical", namespace: "prod", generation: 1 },
  spec: { managedKubeSecretReferences: [{ secretName: "web-secrets", secretNamespace: "prod" }] },
  status: { conditions },
});

const notFound = 'secret "web-secrets" not found';
const condition = (type: string, status: string, message = "") => ({
  type: `secrets.infisical.com/${type}`,
  status,
  message,
});

function faultOf(deliveries: readonly DeliveryRequest[], message = notFound) {
  const waiting = container({ state: { waiting: { reason: "CreateContainerConfigError", message } } });
  const [fault] = findFaults(sightOf({ ...rollout([waiting]), deliveries }));
  return fault;
}

test("a pod may wait for its Secret as long as the operator works on it", () => {
  const working = faultOf([request([condition("LoadedInfisicalToken", "True")])]);
  assert.equal(working?.tolerance, Number.POSITIVE_INFINITY);
  assert.match(
    working?.cause ?? "",
    /"web-secrets" not found, and Infisical's operator still works on InfisicalSecret/,
  );
});

test("what the operator says against it is told, and so is that none answers", () => {
  const said = "Failed to sync secrets. Error: 403";
  const failed = faultOf([request([condition("ReadyToSyncSecrets", "False", said)])]);
  assert.equal(failed?.tolerance, 15_000);
  assert.match(failed?.cause ?? "", /cannot deliver the Secret web-secrets: Failed to sync secrets\. Error: 403$/);
  const silent = faultOf([request([])]);
  assert.equal(silent?.tolerance, 15_000);
  assert.match(silent?.cause ?? "", /nobody has answered InfisicalSecret web-infisical/);
  assert.notEqual(silent?.key, failed?.key, "each state has its own time");
});

test("a key that is not there yet may come with the operator's next look", () => {
  const delivered = [request([condition("ReadyToSyncSecrets", "True")])];
  const message = "couldn't find key TOKEN in Secret prod/web-secrets";
  assert.equal(faultOf(delivered, message)?.tolerance, 75_000);
  const mounted = sightOf({
    ...rollout([container({ state: { waiting: { reason: "ContainerCreating" } } })]),
    deliveries: delivered,
  });
  const [pod] = mounted.snapshot.pods;
  const volumes = [{ name: "token", secret: { secretName: "web-secrets" } }];
  const pods = [{ ...pod, spec: { containers: [], volumes } }];
  const text = 'MountVolume.SetUp failed for volume "token" : references non-existent secret key: TOKEN';
  const event = {
    metadata: {},
    involvedObject: { uid: pod?.metadata?.uid ?? "" },
    reason: "FailedMount",
    message: text,
  };
  const [fault] = findFaults(sightOf({ ...mounted.snapshot, pods, events: [event] }));
  assert.equal(fault?.tolerance, 75_000);
});

test("a Secret that nobody asked the operator for is missing as ever", () => {
  const other = faultOf([request([])], 'secret "legacy" not found');
  assert.match(other?.cause ?? "", /the container web cannot be configured: secret "legacy" not found/);
});
