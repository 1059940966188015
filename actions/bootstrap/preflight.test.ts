import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it, type TestContext } from "node:test";
import { recordingContext } from "../../test/context.ts";
import { defaultInputs } from "../../test/default-inputs.ts";
import type { FairleadError } from "../core/errors.ts";
import { clusterFacts } from "./credentials.ts";
import { readBootstrapInputs } from "./inputs.ts";
import { preflight } from "./preflight.ts";

const given = { ...defaultInputs("bootstrap"), INPUT_REPOSITORIES: "acme/a" };

/** Looks at a registry that gives one answer to everything, and tells what was said. */
async function lookAt(test: TestContext, status: number, facts = "", inputs: Record<string, string> = {}) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.writeHead(status, { "www-authenticate": 'Basic realm="x"' }).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  test.after(() => server.close());
  const folder = mkdtempSync(join(tmpdir(), "fairlead-facts-"));
  test.after(() => rmSync(folder, { recursive: true }));
  const { port } = server.address() as AddressInfo;
  writeFileSync(join(folder, "cluster.yaml"), `cluster:\n  registry: 127.0.0.1:${port}\n${facts}`);
  const { context, told } = await recordingContext(test, { workspace: folder });
  const read = readBootstrapInputs({ ...given, INPUT_CLUSTER: "cluster.yaml", ...inputs });
  const credentials = { tokens: {}, kubeconfig: undefined, registryLogin: undefined };
  await preflight(read, credentials, await clusterFacts(read, context), context);
  return { asked, told };
}

it("a registry that answers is ready, whether or not it holds what is asked for", async (test) => {
  const { told } = await lookAt(test, 404);
  assert.match(told.lines.at(-1) ?? "", /^The registry 127\.0\.0\.1:\d+ answers\.$/);
});

it("one that wants a login, or that is broken, is not", async (test) => {
  await assert.rejects(lookAt(test, 401), /The registry is not ready: .*wants a login\. Give DOCKER_REGISTRY_USERNAME/);
  await assert.rejects(lookAt(test, 500), /The registry is not ready: .*HTTP 500\. See whether it runs/);
});

it("one in the tailnet is looked at only when it is asked for", async (test) => {
  const inTailnet = "  tailnet:\n    registry: true\n";
  assert.deepEqual((await lookAt(test, 404, inTailnet)).asked, []);
  assert.ok((await lookAt(test, 404, inTailnet, { INPUT_PREFLIGHT: "registry" })).asked.length > 0);
  assert.deepEqual((await lookAt(test, 404, "", { INPUT_PREFLIGHT: "none" })).asked, []);
});

it("what is not looked at is told with the reason", async (test) => {
  const { told } = await lookAt(test, 404, "  tailnet:\n    registry: true\n");
  assert.deepEqual(told.lines, [
    "Not looked at: cluster (there is no kubeconfig), registry (it is in the tailnet), chart (`preflight` does not name it).",
  ]);
  const asked = await lookAt(test, 404, "", { INPUT_PREFLIGHT: "registry" });
  assert.equal(
    asked.told.lines[0],
    "Not looked at: cluster (`preflight` does not name it), chart (`preflight` does not name it).",
  );
});

for (const [what, text, message] of [
  ["is not there", undefined, /`cluster` names the file cluster\.yaml, which cannot be read: ENOENT/],
  ["is empty", "", /`cluster` names the file cluster\.yaml, which cannot be read: .* empty/],
  ["is something else", "- a\n", /`cluster` names the file cluster\.yaml, which has no key `cluster`/],
  ["is no YAML", "a: [", /`cluster` names the file cluster\.yaml, which cannot be read: /],
] as const) {
  it(`a file of facts that ${what} is a mistake in the inputs`, async (test) => {
    const { context } = await recordingContext(test);
    if (text !== undefined) writeFileSync(join(context.workspace, "cluster.yaml"), text);
    const inputs = readBootstrapInputs({ ...given, INPUT_CLUSTER: "cluster.yaml" });
    await assert.rejects(clusterFacts(inputs, context), (thrown: FairleadError) => {
      assert.equal(thrown.code, "INPUT_INVALID");
      assert.match(thrown.message, message);
      return true;
    });
  });
}

it("a cluster without a kubeconfig cannot be looked at", async (test) => {
  await assert.rejects(
    lookAt(test, 404, "", { INPUT_PREFLIGHT: "cluster" }),
    /There is no kubeconfig to look at the cluster with/,
  );
});
