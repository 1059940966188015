import assert from "node:assert/strict";
import { test } from "node:test";
import { creationRequest, dryRunRequest } from "./dry-run-request.ts";

const job = { apiVersion: "batch/v1", kind: "Job", metadata: { name: "migrate", namespace: "shop" } };

test("whatever is asked before a deploy is kept by nobody: a Job would run", () => {
  const path = "/apis/batch/v1/namespaces/shop/jobs";
  for (const request of [creationRequest(path, job), dryRunRequest(`${path}/migrate`, job, true)])
    assert.equal(new URL(request.path, "https://cluster").searchParams.get("dryRun"), "All", request.method);
});

test("what is made anew is compared with nothing that is there", () => {
  const { metadata } = creationRequest("/apis/batch/v1/namespaces/shop/jobs", job).body;
  assert.deepEqual(metadata, { namespace: "shop", generateName: "migrate-" });
});
