import assert from "node:assert/strict";
import { test } from "node:test";
import type { RenderedObject } from "../rendered/objects.ts";
import { subjectIn } from "./named.ts";

function object(kind: string, name: string): RenderedObject {
  return { apiVersion: "v1", kind, metadata: { name } };
}

const objects = [object("Service", "web"), object("Deployment", "web"), object("Job", "web-migrate")];

function named(message: string): string | undefined {
  const { workload } = subjectIn(message, objects, "prod");
  return workload && `${workload.kind} ${workload.namespace}/${workload.name}`;
}

test("the object that a message of Helm names is found by its kind and its name", () => {
  const messages = {
    'UPGRADE FAILED: Deployment.apps "web" is invalid: spec.replicas: Invalid value': "Deployment prod/web",
    'failed to create resource: services "web" is forbidden: exceeded quota': "Service prod/web",
    'cannot patch "web" with kind Deployment: the Service is not the point': "Deployment prod/web",
    "conflict occurred while applying object prod/web apps/v1, Kind=Deployment": "Deployment prod/web",
    "failed pre-upgrade: job web-migrate failed: BackoffLimitExceeded": "Job prod/web-migrate",
  };
  for (const [message, expected] of Object.entries(messages)) assert.equal(named(message), expected, message);
});

test("a message that names none of a release's objects is about nothing in particular", () => {
  for (const message of [
    "context deadline exceeded",
    'Deployment.apps "website" is invalid',
    'Secret "web" is too long',
  ])
    assert.equal(named(message), undefined, message);
});
