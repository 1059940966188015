import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { poll } from "../../actions/core/retry.ts";
import { stopBuildKit } from "./buildkit.ts";
import { type Cluster, findCluster, startCluster, stopCluster } from "./cluster.ts";
import { runningDaemons, startDaemon } from "./daemon.ts";
import { stopKubernetes } from "./kubernetes.ts";
import type { Network } from "./network.ts";
import { statusOf } from "./probe.ts";
import { childrenOf, identify, isAlive, type ProcessIdentity } from "./processes.ts";
import { stopRegistry } from "./registry.ts";
import { run } from "./run.ts";

// An instance of its own: these tests break and stop it, while other files share the default one.
const instance = "cluster-test";
const parts = ["kubernetes", "customResources", "registry", "buildkit", "baseImage"] as const;
let cluster: Cluster<(typeof parts)[number]>;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "fairlead-cluster-"));
  cluster = await startCluster(parts, { instance, progress: console.error });
});

after(async () => {
  await stopCluster({ instance });
  await rm(folder, { recursive: true });
});

function kubectl(...args: string[]) {
  return run([cluster.kubernetes.kubectl, "--kubeconfig", cluster.kubernetes.kubeconfig, ...args]);
}

async function create(object: unknown): Promise<void> {
  const file = join(folder, "object.json");
  await writeFile(file, JSON.stringify(object));
  await kubectl("create", "--filename", file);
}

function until(description: string, look: () => Promise<boolean>): Promise<boolean> {
  const onTimeout = () => new Error(`It took too long until ${description}.`);
  return poll({ interval: 100, timeout: 60_000, signal: AbortSignal.timeout(90_000), onTimeout }, async () =>
    (await look()) ? { done: true } : { waiting: description },
  );
}

/** A Docker client's configuration with the login to the registry. */
function login(): string {
  const { address, username, password } = cluster.registry;
  return JSON.stringify({ auths: { [address]: { auth: Buffer.from(`${username}:${password}`).toString("base64") } } });
}

const container = (command: readonly string[]) => ({
  name: "main",
  image: cluster.baseImage.reference,
  command: ["node", "--eval", ...command],
});

test("a pod runs an image of the registry, and its Service answers the machine", async () => {
  await create({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "pull" },
    type: "kubernetes.io/dockerconfigjson",
    stringData: { ".dockerconfigjson": login() },
  });
  const server = "require('http').createServer((_, response) => response.end('from the pod')).listen(3000)";
  await create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web", labels: { app: "web" } },
    spec: { imagePullSecrets: [{ name: "pull" }], containers: [container([server])] },
  });
  await create({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web" },
    spec: { selector: { app: "web" }, ports: [{ port: 80, targetPort: 3000 }] },
  });
  const { rawOutput: address } = await kubectl("get", "service", "web", "--output", "jsonpath={.spec.clusterIP}");
  const ask = async () => (await fetch(`http://${address}/`, { signal: AbortSignal.timeout(2_000) })).text();
  await until("the Service answers", async () => (await ask().catch(() => "")) === "from the pod");
});

test("the registry wants its login, from people and nodes alike", async () => {
  const url = `http://${cluster.registry.address}/v2/`;
  assert.equal(await statusOf(url), 401);
  const wrong = Buffer.from("deploy:wrong").toString("base64");
  assert.equal((await fetch(url, { headers: { authorization: `Basic ${wrong}` } })).status, 401);
  await create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "stranger" },
    spec: { containers: [{ ...container([""]), imagePullPolicy: "Always" }] },
  });
  const reason = "jsonpath={.status.containerStatuses[0].state.waiting.reason}";
  await until("the node is refused", async () =>
    /^(ErrImagePull|ImagePullBackOff)$/.test((await kubectl("get", "pod", "stranger", "--output", reason)).rawOutput),
  );
});

test("the API server checks custom resources", async () => {
  const certificate = {
    apiVersion: "cert-manager.io/v1",
    kind: "Certificate",
    metadata: { name: "incomplete" },
    spec: { dnsNames: ["example.test"] },
  };
  await assert.rejects(create(certificate), /spec\.issuerRef: Required|spec\.secretName: Required/);
  assert.ok(cluster.customResources.names.includes("ingressroutes.traefik.io"));
  assert.ok(cluster.customResources.names.includes("infisicalsecrets.secrets.infisical.com"));
});

test("BuildKit builds on the base image and pushes with the login", async () => {
  const { buildx, endpoint } = cluster.buildkit;
  await writeFile(join(folder, "Dockerfile"), "ARG BASE\nFROM $BASE\nRUN id -u > /who\n");
  await writeFile(join(folder, "config.json"), login());
  const environment = { ...process.env, DOCKER_CONFIG: folder, BUILDX_CONFIG: join(folder, "buildx") };
  await run([buildx, "create", "--name", "cluster-test", "--driver", "remote", endpoint], { environment });
  const metadata = join(folder, "metadata.json");
  const image = `${cluster.registry.address}/built:1`;
  const build = ["build", "--builder", "cluster-test", "--build-arg", `BASE=${cluster.baseImage.reference}`];
  await run([buildx, ...build, "--push", "--tag", image, "--metadata-file", metadata, folder], { environment });
  const digest = JSON.parse(await readFile(metadata, "utf8"))["containerimage.digest"];
  const headers = { authorization: `Basic ${JSON.parse(login()).auths[cluster.registry.address].auth}` };
  const manifest = await fetch(`http://${cluster.registry.address}/v2/built/manifests/${digest}`, {
    headers: { ...headers, accept: "application/vnd.oci.image.index.v1+json" },
  });
  assert.equal(manifest.status, 200);
});

test("a second start joins what runs", async () => {
  const again = await startCluster(["registry"], { instance });
  assert.deepEqual(again.registry, cluster.registry);
  assert.deepEqual(again.network.holders, cluster.network.holders);
});

test("a daemon that does not come up says why, with the end of its log", async () => {
  const hopeless = startDaemon(cluster.network, {
    name: "hopeless",
    command: ["sh", "-c", "echo the disk is on fire; read -r _; exit 1"],
    environment: {},
    ready: async () => false,
  });
  await assert.rejects(hopeless, /hopeless ended before it was ready[\s\S]*the disk is on fire/);
});

test("a start that was killed half-way is cleaned up by the next one", async () => {
  await stopCluster({ instance });
  const arguments_ = [join(import.meta.dirname, "main.ts"), "up", "--instance", instance, "kubernetes"];
  const killed = spawn(process.execPath, arguments_, { stdio: "ignore" });
  await until("the API server was started", async () => {
    assert.equal(killed.exitCode, null, "the start was over before it could be killed");
    const network = readNetwork();
    return network !== undefined && runningDaemons(network).some(({ name }) => name === "kube-apiserver");
  });
  killed.kill("SIGKILL");
  await once(killed, "close");
  const network = readNetwork();
  assert.ok(network);
  const left = processesOf(network);
  assert.ok(left.length > 3, `the killed run left only ${left.length} processes`);
  cluster = await startCluster(parts, { instance });
  assert.deepEqual(left.filter(isAlive), []);
  assert.equal((await kubectl("get", "--raw", "/readyz")).rawOutput, "ok");
});

test("each part can be stopped by itself, and takes its pods along", async () => {
  const { network } = cluster;
  const [, init] = network.holders;
  await kubectl("create", "deployment", "idle", "--image=fairlead.test/pause:1");
  await kubectl("rollout", "status", "deployment/idle", "--timeout=60s");
  await stopKubernetes(network);
  await stopBuildKit(network);
  await stopRegistry(network);
  assert.deepEqual(runningDaemons(network), []);
  const [sleep, ...others] = childrenOf(init.pid);
  assert.ok(sleep);
  assert.deepEqual(others, []);
  assert.deepEqual(
    processesOf(network)
      .map(({ pid }) => pid)
      .sort(),
    [init.pid, sleep.pid].sort(),
  );
  await stopCluster({ instance });
  cluster = await startCluster(parts, { instance });
});

test("stopping leaves nothing on the machine", async () => {
  const { network } = cluster;
  const processes = processesOf(network);
  assert.ok(processes.length > 10, `only ${processes.length} processes were found`);
  assert.notDeepEqual(tracesOf(network), [], "the search for traces finds none even while everything runs");
  await stopCluster({ instance });
  assert.deepEqual(processes.filter(isAlive), []);
  assert.deepEqual(tracesOf(network), []);
  assert.equal(findCluster(instance), undefined);
});

function readNetwork(): Network | undefined {
  const file = join(cluster.network.state, "network.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
}

/** Every process of the machine that lives in the process namespace of an instance. */
function processesOf({ holders }: Network): ProcessIdentity[] {
  const namespaceOf = (pid: string | number) => {
    try {
      return readlinkSync(`/proc/${pid}/ns/pid`);
    } catch {
      return undefined;
    }
  };
  const wanted = namespaceOf(holders[1].pid);
  const numbers = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));
  return numbers.filter((pid) => namespaceOf(pid) === wanted).flatMap((pid) => identify(Number(pid)) ?? []);
}

/** What is on the machine of an instance besides its processes. */
function tracesOf({ link, state, controlGroup }: Network): string[] {
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  const groups = readdirSync("/sys/fs/cgroup").map((controller) => join("/sys/fs/cgroup", controller, controlGroup));
  return [
    ...readFileSync("/proc/net/route", "utf8")
      .split("\n")
      .filter((line) => line.startsWith(link)),
    ...mounts.filter((line) => line.includes(state)),
    ...[`/sys/class/net/${link}`, state, join("/sys/fs/cgroup", controlGroup), ...groups].filter((path) =>
      existsSync(path),
    ),
  ];
}
