import assert from "node:assert/strict";
import { test } from "node:test";
import { outdated } from "./version.ts";

test("a cluster that is older than the chart is made for is told, with both versions", () => {
  assert.match(outdated("v1.28.15+k3s1") ?? "", /is Kubernetes v1\.28\.15\+k3s1, .* made for 1\.30 and later/);
  assert.match(outdated("v1.9.0") ?? "", /v1\.9\.0/);
});

test("those that it is made for, newer ones, and what is no version are not", () => {
  for (const version of ["v1.30.0", "1.35.4", "v1.99.0-eks-1", "v2.0.0", ""])
    assert.equal(outdated(version), undefined);
});
