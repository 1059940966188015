import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { kubernetesVersion, kubernetesVersions, usualVersion } from "./kubernetes-versions.ts";
import recorded from "./recorded/kubernetes-objects.json" with { type: "json" };

test("the versions are those that were recorded, and the usual one is what the others differ from", () => {
  assert.deepEqual([...kubernetesVersions], Object.keys(recorded.from).sort());
  assert.deepEqual([...kubernetesVersions], Object.keys(recorded.differences).sort());
  assert.deepEqual(recorded.differences[usualVersion as "1.35"], {});
});

describe("a version is named by", () => {
  for (const text of ["1.34", "v1.34", "1.34.0", " v1.34.12 "]) {
    test(JSON.stringify(text), () => assert.equal(kubernetesVersion(text), "1.34"));
  }
});

describe("refused with what there is:", () => {
  for (const text of ["1.29", "1.37", "35", "", "1.35-rc", "latest", "2.35"]) {
    test(JSON.stringify(text), () => {
      assert.throws(() => kubernetesVersion(text), {
        message: `is "${text}", but must be 1.30, 1.31, 1.32, 1.33, 1.34, 1.35 or 1.36`,
      });
    });
  }

  test("1.3, which is what YAML makes of 1.30", () => {
    assert.throws(() => kubernetesVersion("1.3"), /1\.36; for 1\.30 write it in quotes: "1\.30"$/);
  });
});
