import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fault } from "../tracking/faults/fault.ts";
import { nextSteps } from "./next.ts";

const facts = {
  status: "deployed",
  release: "prod-web",
  namespace: "prod",
  revision: 4,
  previousRevision: 3,
  addresses: [],
  kept: false,
} as const;
const fault: Fault = {
  key: "crash",
  tolerance: 0,
  cause: "it crashed",
  fix: "Mend it.",
  workload: { kind: "Deployment", name: "web", namespace: "prod" },
  pod: "web-1",
  container: "web",
};

const commands = (changes: Partial<Parameters<typeof nextSteps>[0]>, seen?: Fault) =>
  nextSteps({ ...facts, ...changes }, seen).map(({ command }) => command);

const always = ["kubectl get all -n prod", "helm history prod-web -n prod"];

test("after a good deploy there is a way back to the revision before, when there is one", () => {
  assert.deepEqual(commands({}), [...always, "helm rollback prod-web 3 -n prod"]);
  assert.deepEqual(commands({ previousRevision: 0 }), always);
});

test("what has no route is reached by a port-forward, once it runs", () => {
  const addresses = ["https://web.example.com", "http://api.prod.svc", "http://consul.mesh.svc:8500"];
  const ways = ["kubectl port-forward -n prod svc/api 8080:80", "kubectl port-forward -n mesh svc/consul 8500:8500"];
  assert.deepEqual(commands({ addresses, previousRevision: 0 }), [...always, ...ways]);
  assert.deepEqual(commands({ addresses, previousRevision: 0, revision: 0, status: "failed" }), always);
});

test("pods of a failed revision that was kept can be looked at, and it can be undone", () => {
  assert.deepEqual(commands({ status: "failed", kept: true }, fault), [
    "kubectl logs web-1 -c web --previous -n prod",
    "kubectl describe pod web-1 -n prod",
    ...always,
    "helm rollback prod-web 3 -n prod",
  ]);
});

test("after a rollback the failed pods are gone, and no other way back is offered", () => {
  assert.deepEqual(commands({ status: "rolled-back" }, fault), [
    "kubectl logs deployment/web --all-containers --tail=50 -n prod",
    "kubectl describe deployment/web -n prod",
    ...always,
  ]);
});

test("where nothing was changed, nothing has to be undone", () => {
  assert.deepEqual(commands({ status: "failed" }), always);
  assert.deepEqual(commands({ status: "planned" }), []);
  assert.deepEqual(commands({ release: "" }), []);
});
