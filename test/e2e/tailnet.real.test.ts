import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { attempt } from "../../actions/tailnet/attempt.ts";
import { issue, makeAuthority } from "../cluster/certificates.ts";
import { logFile, startDaemon } from "../cluster/daemon.ts";
import { statusOf } from "../cluster/probe.ts";
import { run } from "../cluster/run.ts";
import { startTailnet, type Tailnet, tailnetDaemons } from "../cluster/tailnet.ts";
import { ensureTools } from "../cluster/toolchain.ts";
import { versions } from "../cluster/versions.ts";
import { createJob, type JobOptions, runAction } from "../harness/job.ts";
import { startInstance, type TestInstance } from "./instance.ts";

const room = join(import.meta.dirname, "../../actions/tailnet");
const port = 6443;

let instance: TestInstance;
let tailnet: Tailnet;
let tools: Record<"control" | "tailscale" | "tailscaled", string>;

before(async () => {
  tools = await ensureTools(["control", "tailscale", "tailscaled"], console.log);
  instance = await startInstance("tailnet-test");
  tailnet = await startTailnet(instance.network, tools);
  await startServer();
});

after(async () => await instance?.[Symbol.asyncDispose]());

/** Something at the cluster's tailnet address, where the API server would be. */
async function startServer(): Promise<void> {
  const { network } = instance;
  const alternativeNames = [`IP:${tailnet.clusterAddress}`, "DNS:cluster.tailnet.test", "DNS:cluster"];
  const authority = await makeAuthority(join(network.state, "certificates"));
  const subject = { commonName: "cluster", alternativeNames };
  const { key, certificate } = await issue(join(network.state, "certificates"), "server", authority, subject);
  await startDaemon(network, {
    name: "answering-server",
    command: [process.execPath, join(import.meta.dirname, "answering-server.mjs"), String(port), key, certificate],
    environment: {},
    ready: async () => (await statusOf(`https://${network.address}:${port}/`)) === 403,
  });
}

/** The job of every test here: the key is a secret, and Tailscale is installed unless `path` says otherwise. */
const job = (path = `${dirname(tools.tailscale)}${delimiter}${process.env["PATH"]}`): JobOptions => ({
  env: { PATH: path },
  secrets: [tailnet.authKey],
});

const inputs = (more: Readonly<Record<string, string>> = {}) => ({
  "auth-key": tailnet.authKey,
  "control-url": tailnet.controlUrl,
  mode: "userspace",
  timeout: "20s",
  ...more,
});

/** What the control server was asked to register under a name, in order. */
async function registrations(hostname: string): Promise<readonly Record<string, unknown>[]> {
  const log = await readFile(logFile(instance.network, tailnetDaemons.control), "utf8");
  const requests = [...log.matchAll(/Got tailcfg\.RegisterRequest: (\{[\s\S]*?\n\})/g)].map(([, json]) =>
    JSON.parse(json ?? ""),
  );
  return requests.filter(({ Hostinfo }) => Hostinfo?.Hostname === hostname);
}

async function assertLoggedOut(hostname: string): Promise<void> {
  const requests = await registrations(hostname);
  assert.equal(requests[0]?.["Ephemeral"], true, "the machine is ephemeral");
  const expiry = Date.parse(String(requests.at(-1)?.["Expiry"]));
  assert.ok(expiry > 0 && expiry < Date.now(), "the last request ends the registration");
}

test("joins, proves the way to the cluster, and leaves nothing behind", async () => {
  await using running = createJob(job());
  const probe = `${tailnet.clusterAddress}:${port}\nhttps://cluster.tailnet.test:${port}/version`;
  const step = await running.run(room, { with: inputs({ probe, hostname: "first-runner" }) });
  assert.deepEqual(step.annotations, []);
  assert.match(step.outputs["ip"] ?? "", /^100\.64\.\d+\.\d+$/);
  assert.equal(step.outputs["hostname"], "first-runner.tailnet.test");
  assert.equal(step.outputs["version"], versions.tailscale);
  assert.match(step.outputs["connection"] ?? "", /^(direct|relay)$/);
  const cluster = { host: tailnet.clusterAddress, port, path: "/" };
  const way = { proxy: step.outputs["proxy"], resolve: async () => {} };
  await attempt(cluster, way, AbortSignal.timeout(20_000));

  const { conclusion, leftBehind, orphans } = await running.finish();
  assert.equal(conclusion, "success");
  assert.deepEqual({ leftBehind, orphans }, { leftBehind: [], orphans: [] });
  await assertLoggedOut("first-runner");
  await assert.rejects(attempt(cluster, way, AbortSignal.timeout(20_000)), /ECONNREFUSED/);
});

/** Runs a program in the network of the instance, but otherwise on this machine. */
async function inNetwork(command: readonly string[], input = "") {
  const init = String(instance.network.holders[1].pid);
  return await run(["nsenter", "--target", init, "--net", "--", ...command], { input });
}

test("with a tun device, the machine itself reaches the tailnet, until the job ends", async () => {
  const before = (await inNetwork(["ip", "rule"])).output;
  const given = inputs({ mode: "tun", "accept-dns": "false", probe: `https://${tailnet.clusterAddress}:${port}/` });
  const options = { ...job(), with: given };
  const child = [process.execPath, join(import.meta.dirname, "run-action.ts")];
  const { rawOutput } = await inNetwork(child, JSON.stringify({ directory: room, options }));
  const { annotations, outputs, leftBehind, orphans } = JSON.parse(rawOutput);
  assert.deepEqual({ annotations, leftBehind, orphans }, { annotations: [], leftBehind: [], orphans: [] });
  assert.equal(outputs.proxy, "");
  assert.equal((await inNetwork(["ip", "rule"])).output, before);
  assert.doesNotMatch((await inNetwork(["ip", "-brief", "link"])).output, /tailscale/);
});

test("a machine is named after the run when it is not named", async () => {
  const { outputs } = await runAction(room, { ...job(), with: inputs() });
  assert.equal(outputs["hostname"], "hello-4200-1.tailnet.test");
});

test("a refused key is one error that says so, and is not tried again", async () => {
  const wrong = `tskey-auth-${randomBytes(16).toString("hex")}`;
  const options = { ...job(), secrets: [wrong] };
  const given = inputs({ "auth-key": wrong, hostname: "stranger" });
  const { conclusion, annotations, commands, leftBehind, orphans } = await runAction(room, { ...options, with: given });
  assert.equal(conclusion, "failure");
  assert.deepEqual(
    annotations.map(({ properties }) => properties["title"]),
    ["TAILNET_FAILED"],
  );
  assert.match(annotations[0]?.message ?? "", /refused this machine: invalid authkey\. Make a new auth key/);
  assert.equal(commands.filter((command) => command.includes("up")).length, 1);
  assert.deepEqual({ leftBehind, orphans }, { leftBehind: [], orphans: [] });
});

test("an address that does not answer is told apart from a tailnet that was not joined", async () => {
  const given = inputs({ probe: `${tailnet.clusterAddress}:6444`, timeout: "3s", retries: "0", hostname: "seeker" });
  const { conclusion, annotations, leftBehind, orphans } = await runAction(room, { ...job(), with: given });
  assert.equal(conclusion, "failure");
  assert.deepEqual(
    annotations.map(({ properties }) => properties["title"]),
    ["TAILNET_UNREACHABLE"],
  );
  const { message = "" } = annotations[0] ?? {};
  assert.match(
    message,
    /was joined, but 100\.64\.\d+\.\d+:6444 gave no .*refused.*machine is "cluster" .*, online.*Nothing listens on port 6444/,
  );
  assert.deepEqual({ leftBehind, orphans }, { leftBehind: [], orphans: [] });
  await assertLoggedOut("seeker");
});

test("a control server that does not answer is named", async () => {
  const address = `http://${instance.network.address}:1`;
  const given = inputs({ "control-url": address, timeout: "2s", retries: "0" });
  const { conclusion, annotations, leftBehind, orphans } = await runAction(room, { ...job(), with: given });
  assert.equal(conclusion, "failure");
  assert.deepEqual(
    annotations.map(({ properties }) => properties["title"]),
    ["TAILNET_FAILED"],
  );
  assert.match(annotations[0]?.message ?? "", new RegExp(`connection refused.*reaches ${address}`));
  assert.deepEqual({ leftBehind, orphans }, { leftBehind: [], orphans: [] });
});

test("a job that is cancelled while joining leaves nothing behind", async () => {
  const silent = createServer();
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  const asked = once(silent, "request");
  const cancel = new AbortController();
  void asked.then(() => cancel.abort());
  try {
    const address = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const given = { with: inputs({ "control-url": address }), cancelAfter: cancel.signal };
    const { conclusion, annotations, leftBehind, orphans } = await runAction(room, { ...job(), ...given });
    assert.equal(conclusion, "cancelled");
    assert.deepEqual(
      annotations.map(({ properties }) => properties["title"]),
      ["CANCELLED"],
    );
    assert.deepEqual({ leftBehind, orphans }, { leftBehind: [], orphans: [] });
  } finally {
    silent.closeAllConnections();
    silent.close();
  }
});

test("without Tailscale on the runner, it comes from the mirror", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tailscale-mirror-"));
  const processor = process.arch === "arm64" ? "arm64" : "amd64";
  const name = `tailscale_${versions.tailscale}_${processor}`;
  await mkdir(join(folder, name));
  for (const program of [tools.tailscale, tools.tailscaled])
    await copyFile(program, join(folder, name, basename(program)));
  await run(["tar", "--create", "--gzip", `--file=${folder}/${name}.tgz`, `--directory=${folder}`, name]);
  const archive = await readFile(join(folder, `${name}.tgz`));
  const files: Readonly<Record<string, string | Buffer>> = {
    [`/stable/${name}.tgz`]: archive,
    [`/stable/${name}.tgz.sha256`]: createHash("sha256").update(archive).digest("hex"),
  };
  const mirror = createServer((request, response) => {
    const file = files[request.url ?? ""];
    response.writeHead(file === undefined ? 404 : 200).end(file);
  });
  mirror.listen(0, "127.0.0.1");
  await once(mirror, "listening");
  try {
    const toolMirror = `http://127.0.0.1:${(mirror.address() as AddressInfo).port}`;
    const given = inputs({ "tool-mirror": toolMirror, version: versions.tailscale });
    const { conclusion, outputs } = await runAction(room, { ...job("/usr/bin:/bin"), with: given });
    assert.equal(conclusion, "success");
    assert.equal(outputs["version"], versions.tailscale);
  } finally {
    mirror.closeAllConnections();
    mirror.close();
    await rm(folder, { recursive: true });
  }
});
