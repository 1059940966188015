// What docs/from-kubernetes.md tells people to type, typed on the real cluster: objects that run become a release, and one
// application becomes two components, while somebody always serves.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, type TestContext, test } from "node:test";
import { poll } from "../../actions/core/retry.ts";
import { run } from "../cluster/run.ts";
import { type Block, blocksOf } from "../docs.ts";
import { openWorld, repository } from "./world.ts";

const world = await openWorld();
const namespace = `shop-${randomBytes(3).toString("hex")}`;
const folder = mkdtempSync(join(tmpdir(), "fairlead-adoption-"));
const environment = { ...process.env, ...world.env, KUBECONFIG: world.cluster.kubernetes.kubeconfig };
after(async () => {
  await world.kubectl("delete", "namespace", namespace, "--ignore-not-found", "--wait=false");
  rmSync(folder, { recursive: true });
  world[Symbol.dispose]();
});

const blocks = blocksOf(readFileSync(join(repository, "docs/from-kubernetes.md"), "utf8"));

/** The only block with such a text, in a namespace and with an image of this test. */
function block(wanted: (block: Block) => boolean): string {
  const found = blocks.filter(wanted);
  assert.equal(found.length, 1);
  const ends = `process.on("SIGTERM", () => process.exit());`;
  const server = `${ends} require("http").createServer((_, answer) => answer.end()).listen(8080)`;
  const commands = { server, worker: `${ends} setInterval(() => {}, 1e6)` };
  return (found[0]?.text ?? "")
    .replaceAll(".deploy/manifest.yaml", join(folder, "manifest.yaml"))
    .replaceAll("oci://registry.example.com/charts/app", join(repository, "chart"))
    .replaceAll(/--namespace shop|release-namespace=shop/g, (words) => words.replace("shop", namespace))
    .replace("namespace: shop", `namespace: ${namespace}`)
    .replaceAll("registry.example.com/shop:1.4.2", world.cluster.baseImage.reference)
    .replaceAll(/\[node, (server|worker)\.mjs\]/g, (_, name: "server" | "worker") =>
      JSON.stringify(["node", "-e", commands[name]]),
    );
}

async function type(commands: string): Promise<void> {
  await run(["bash", "-eu", "-c", commands], { environment, timeout: 180_000 });
}

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

async function prepare(): Promise<void> {
  const { address, username, password } = world.cluster.registry;
  const auth = Buffer.from(`${username}:${password}`).toString("base64");
  const login = write("login.json", JSON.stringify({ auths: { [address]: { auth } } }));
  const inNamespace = ["--namespace", namespace];
  await world.kubectl("create", "namespace", namespace);
  const secret = ["--type=kubernetes.io/dockerconfigjson", `--from-file=.dockerconfigjson=${login}`];
  await world.kubectl(...inNamespace, "create", "secret", "generic", "registry-credentials", ...secret);
  const account = JSON.stringify({ imagePullSecrets: [{ name: "registry-credentials" }] });
  await world.kubectl(...inNamespace, "patch", "serviceaccount", "default", "--patch", account);
  const before = write(
    "before.yaml",
    block(({ text }) => text.includes("kind: Deployment")),
  );
  await world.kubectl(...inNamespace, "apply", "--filename", before);
  await world.kubectl(...inNamespace, "rollout", "status", "deployment/shop", "--timeout=120s");
}

/** Notes how many pods the Service led to after each change, until it is asked or the test ends. */
function watchEndpoints({ signal }: TestContext): () => Promise<number[]> {
  const slices = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
  const address = `${slices}?watch=true&labelSelector=kubernetes.io/service-name=shop`;
  const child = spawn("kubectl", ["get", "--raw", address], {
    env: environment,
    stdio: ["ignore", "pipe", "inherit"],
    signal,
  });
  // Ending it by the signal is no fault.
  child.on("error", () => {});
  const closed = new Promise((resolve) => child.once("close", resolve));
  let text = "";
  child.stdout.on("data", (part) => {
    text += part;
  });
  return async () => {
    child.kill();
    await closed;
    return text.trim().split("\n").map(readyIn);
  };
}

/** The pods that are ready after an event of a watch, a line of JSON. */
function readyIn(line: string): number {
  const { type, object } = JSON.parse(line);
  const endpoints: { conditions: { ready: boolean } }[] = type === "DELETED" ? [] : (object.endpoints ?? []);
  return endpoints.filter(({ conditions }) => conditions.ready).length;
}

async function identities(...objects: string[]): Promise<string> {
  return await world.kubectl(
    "--namespace",
    namespace,
    "get",
    ...objects,
    "--output",
    "jsonpath={.items[*].metadata.uid}",
  );
}

/** Waits until the server's only pods are some with these labels: those of before end in their own time. */
async function untilOnly(selector: string, count: number): Promise<void> {
  const names = async (labels: string) =>
    await world.kubectl("--namespace", namespace, "get", "pods", "--selector", labels, "--output=name");
  const onTimeout = (seen: string) => new Error(`not only ${count} pods with ${selector}: ${seen}`);
  await poll({ interval: 500, timeout: 60_000, signal: AbortSignal.timeout(90_000), onTimeout }, async () => {
    const all = await names("app=shop,app.kubernetes.io/component!=worker");
    const wanted = await names(selector);
    return all === wanted && all.trim().split("\n").length === count ? { done: true } : { waiting: all };
  });
}

test("the objects of a plain Deployment become a release, and one application two components", async (context) => {
  await prepare();
  const kept = ["service/shop", "ingress/shop", "configmap/shop-settings"];
  const before = await identities(...kept);
  const seen = watchEndpoints(context);

  write(
    "manifest.yaml",
    block(({ text }) => text.includes("  port: 8080\n  image:")),
  );
  await type(block(({ info }) => info === "adopt"));
  assert.equal(await identities(...kept), before);
  assert.match(await world.helm("status", "shop", "--namespace", namespace), /STATUS: deployed/);
  await untilOnly("environment=prod,!app.kubernetes.io/component", 2);

  write(
    "manifest.yaml",
    block(({ text }) => text.includes("worker.mjs")),
  );
  await type(block(({ info }) => info === "split"));
  assert.equal(await identities(...kept), before);
  await untilOnly("app.kubernetes.io/component=web", 2);

  const counts = await seen();
  assert.ok(counts.length > 2, "nothing was seen of the Service");
  assert.ok(Math.min(...counts) > 0, `pods that the Service led to: ${counts.join(", ")}`);
});
