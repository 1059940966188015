import assert from "node:assert/strict";
import { test } from "node:test";
import { run } from "./run.ts";
import { ensureTools, type ToolName } from "./toolchain.ts";
import { versions } from "./versions.ts";

const asked: readonly (readonly [tool: ToolName, version: string, args: readonly string[]])[] = [
  ["act", versions.act, ["--version"]],
  ["actionlint", versions.actionlint, ["-version"]],
  ["buildkitd", versions.buildkit, ["--version"]],
  ["buildx", versions.buildx, ["version"]],
  ["helm", versions.helm, ["version", "--short"]],
  ["helm3", versions.helm3, ["version", "--short"]],
  ["kube-apiserver", versions.kubernetes, ["--version"]],
  ["kube-controller-manager", versions.kubernetes, ["--version"]],
  ["kube-proxy", versions.kubernetes, ["--version"]],
  ["kube-scheduler", versions.kubernetes, ["--version"]],
  ["kubeconform", versions.kubeconform, ["-v"]],
  ["kubectl", versions.kubernetes, ["version", "--client"]],
  ["kubelet", versions.kubernetes, ["--version"]],
  ["tailscale", versions.tailscale, ["version"]],
  ["tailscaled", versions.tailscale, ["--version"]],
  ["zizmor", versions.zizmor, ["--version"]],
];

for (const [tool, version, args] of asked) {
  test(`${tool} is the version that versions.ts names`, async () => {
    const tools = await ensureTools([tool], console.error);
    const { output } = await run([tools[tool], ...args]);
    assert.match(output, new RegExp(`(^|[^0-9.])${version.replaceAll(".", "\\.")}($|[^0-9.])`, "m"));
  });
}
