import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { globSync, readFileSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";
import { attempt } from "../../actions/tailnet/attempt.ts";
import { stopDaemon } from "../cluster/daemon.ts";
import { run } from "../cluster/run.ts";
import { stopTailnet, tailnetDaemons } from "../cluster/tailnet.ts";
import { versions } from "../cluster/versions.ts";
import { createJob, runAction } from "../harness/job.ts";
import { howMany } from "../long.ts";
import { apiPort, assertLoggedOut, jobOn, openTailnetSite, room, type TailnetSite, withKey } from "./tailnet-site.ts";

let site: TailnetSite;

before(async () => {
  site = await openTailnetSite("tailnet-test");
});

after(async () => await site?.[Symbol.asyncDispose]());

/** The job of every test here: the key is a secret, and Tailscale is installed. */
const job = () => jobOn(site, site.tailnet.authKey);

const inputs = (more: Readonly<Record<string, string>> = {}) => withKey(site.tailnet, more);

/** What tailscaled keeps of a machine beside its state. */
function machineFiles(): string[] {
  return globSync("/var/lib/tailscale/*").map((file) => `${file} ${readFileSync(file, "utf8")}`);
}

test("joins, proves the way to the cluster, and leaves nothing behind", async () => {
  const files = machineFiles();
  await using running = createJob(job());
  const probe = `${site.tailnet.clusterAddress}:${apiPort}\nhttps://cluster.tailnet.test:${apiPort}/version`;
  const step = await running.run(room, { with: inputs({ probe, hostname: "first-runner" }) });
  assert.deepEqual(step.annotations, []);
  assert.match(step.outputs["ip"] ?? "", /^100\.64\.\d+\.\d+$/);
  assert.equal(step.outputs["hostname"], "first-runner.tailnet.test");
  assert.equal(step.outputs["version"], versions.tailscale);
  // Nothing stands between the two machines here; over the relay alone, tailnet-way.real.test.ts.
  assert.equal(step.outputs["connection"], "direct");
  const cluster = { host: site.tailnet.clusterAddress, port: apiPort, path: "/" };
  const way = { proxy: step.outputs["proxy"], find: async () => {} };
  await attempt(cluster, way, AbortSignal.timeout(20_000));

  const { conclusion, leftBehind, orphans } = await running.finish();
  assert.equal(conclusion, "success");
  assert.deepEqual({ leftBehind, orphans }, { leftBehind: [], orphans: [] });
  assert.deepEqual(machineFiles(), files);
  await assertLoggedOut(site, "first-runner");
  await assert.rejects(attempt(cluster, way, AbortSignal.timeout(20_000)), /ECONNREFUSED/);
});

test("with a tun device, the machine itself reaches the tailnet, until the job ends", async () => {
  const before = (await site.within(["ip", "rule"])).output;
  const given = inputs({
    mode: "tun",
    "accept-dns": "false",
    probe: `https://${site.tailnet.clusterAddress}:${apiPort}/`,
  });
  const options = { ...job(), with: given };
  const child = [process.execPath, join(import.meta.dirname, "run-action.ts")];
  const { rawOutput } = await site.within(child, JSON.stringify({ directory: room, options }));
  const { annotations, outputs, leftBehind, orphans } = JSON.parse(rawOutput);
  assert.deepEqual({ annotations, leftBehind, orphans }, { annotations: [], leftBehind: [], orphans: [] });
  assert.equal(outputs.proxy, "");
  assert.equal((await site.within(["ip", "rule"])).output, before);
  assert.doesNotMatch((await site.within(["ip", "-brief", "link"])).output, /tailscale/);
});

test("a machine that is in a tailnet already is told which mode goes beside it", async () => {
  const card = ["ip", "link", "add", "tailscale0", "type", "veth", "peer", "name", "another-end"];
  await site.within(card);
  try {
    await site.within(["ip", "address", "add", "10.99.99.99/32", "dev", "tailscale0"]);
    for (const end of ["tailscale0", "another-end"]) await site.within(["ip", "link", "set", end, "up"]);
    const options = { ...job(), with: inputs({ mode: "tun", "accept-dns": "false" }) };
    const child = [process.execPath, join(import.meta.dirname, "run-action.ts")];
    const { rawOutput } = await site.within(child, JSON.stringify({ directory: room, options }));
    assert.match(JSON.parse(rawOutput).annotations[0].message, /in a tailnet already.*`mode: userspace`/);
  } finally {
    await site.within(["ip", "link", "delete", "tailscale0"]);
  }
});

test("a machine is named after the run when it is not named", async () => {
  const { outputs, annotations } = await runAction(room, { ...job(), with: inputs() });
  assert.equal(outputs["hostname"], "hello-4200-1.tailnet.test");
  const [notice, ...others] = annotations;
  assert.deepEqual([notice?.level, others], ["notice", []]);
  assert.match(notice?.message ?? "", /has no `probe`, so nothing shows/);
});

test("a tailscaled that the step did not start outlives the job", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tailscaled-of-another-"));
  const args = ["--state=mem:", "--statedir=.", "--socket=own.sock", "--tun=userspace-networking"];
  const foreign = spawn(site.tools.tailscaled, args, {
    cwd: folder,
    env: { TS_LOGS_DIR: folder },
    stdio: ["ignore", "ignore", "pipe"],
  });
  try {
    // It is up when it says anything.
    await once(foreign.stderr, "data");
    const { conclusion, orphans } = await runAction(room, { ...job(), with: inputs() });
    assert.deepEqual({ conclusion, orphans }, { conclusion: "success", orphans: [] });
    assert.deepEqual([foreign.exitCode, foreign.signalCode], [null, null]);
  } finally {
    foreign.kill("SIGKILL");
    await rm(folder, { recursive: true });
  }
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
  const given = inputs({
    probe: `${site.tailnet.clusterAddress}:6444`,
    timeout: "20s",
    retries: "0",
    hostname: "seeker",
  });
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
  await assertLoggedOut(site, "seeker");
});

test("a control server that does not answer is named", async () => {
  const address = `http://${site.network.address}:1`;
  const given = inputs({ "control-url": address, timeout: "5s", retries: "0" });
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
  for (const program of [site.tools.tailscale, site.tools.tailscaled])
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
    // Its publisher, whose archive of this version is another one, is not reached from here.
    const closed = { HTTPS_PROXY: "http://127.0.0.1:9", NO_PROXY: site.network.address };
    const env = { ...closed, PATH: "/usr/bin:/bin" };
    const { conclusion, outputs, log } = await runAction(room, { ...job(), env, with: given });
    assert.equal(conclusion, "success", log);
    assert.match(log, /tailscale: .* its publisher gave none \(through the proxy .*taken from http:.*\.tgz\.sha256, /);
    assert.equal(outputs["version"], versions.tailscale);
  } finally {
    mirror.closeAllConnections();
    mirror.close();
    await rm(folder, { recursive: true });
  }
});

test("two machines of two runs are in the tailnet at the same time, and one leaves without the other", async () => {
  const probe = `https://${site.tailnet.clusterAddress}:${apiPort}/`;
  const one = createJob({ ...job(), event: { repository: "acme/one" } });
  const two = createJob({ ...job(), event: { repository: "acme/two" } });
  await using _one = one;
  await using _two = two;
  const steps = await Promise.all([one, two].map((each) => each.run(room, { with: inputs({ probe }) })));
  assert.deepEqual(
    steps.map(({ outputs }) => outputs["hostname"]),
    ["one-4200-1.tailnet.test", "two-4200-1.tailnet.test"],
  );
  assert.notEqual(steps[0]?.outputs["ip"], steps[1]?.outputs["ip"]);
  assert.equal((await one.finish()).conclusion, "success");
  const way = { proxy: steps[1]?.outputs["proxy"], find: async () => {} };
  await attempt({ host: site.tailnet.clusterAddress, port: apiPort, path: "/" }, way, AbortSignal.timeout(20_000));
  assert.equal((await two.finish()).conclusion, "success");
});

test("a job joins two tailnets, each with a proxy of its own, and leaves both", async () => {
  const second = { name: "second", port: 8190 };
  const other = await site.addTailnet(second);
  try {
    await using running = createJob(jobOn(site, site.tailnet.authKey, other.authKey));
    const probe = `https://${site.tailnet.clusterAddress}:${apiPort}/`;
    const here = await running.run(room, { with: inputs({ probe, hostname: "in-both" }) });
    const there = await running.run(room, { with: withKey(other, { probe, hostname: "in-both" }) });
    assert.deepEqual([...here.annotations, ...there.annotations], []);
    assert.notEqual(here.outputs["proxy"], there.outputs["proxy"]);
    const { conclusion, leftBehind, orphans } = await running.finish();
    assert.deepEqual({ conclusion, leftBehind, orphans }, { conclusion: "success", leftBehind: [], orphans: [] });
    await assertLoggedOut(site, "in-both");
    await assertLoggedOut(site, "in-both", second);
  } finally {
    await stopTailnet(site.network, second);
  }
});

test("without its control server a job keeps its way, and its end is no failure", async () => {
  const lost = { name: "lost", port: 8290 };
  const other = await site.addTailnet(lost);
  try {
    await using running = createJob(jobOn(site, other.authKey));
    const probe = `${other.clusterAddress}:${apiPort}`;
    const step = await running.run(room, { with: withKey(other, { probe }) });
    await stopDaemon(site.network, tailnetDaemons(lost).control);
    const cluster = { host: other.clusterAddress, port: apiPort, path: "/" };
    const way = { proxy: step.outputs["proxy"], find: async () => {} };
    await attempt(cluster, way, AbortSignal.timeout(20_000));
    const { conclusion, steps, leftBehind, orphans } = await running.finish();
    assert.deepEqual({ conclusion, leftBehind, orphans }, { conclusion: "success", leftBehind: [], orphans: [] });
    const [warning, ...more] = steps[0]?.annotations ?? [];
    assert.deepEqual([warning?.level, more], ["warning", []]);
    assert.match(warning?.message ?? "", /could not be logged out .* ephemeral/);
  } finally {
    await stopTailnet(site.network, lost);
  }
});

test("a key that the control server has changed since is refused", async () => {
  const changed = { name: "changed", port: 8390 };
  const { authKey: old } = await site.addTailnet(changed);
  await stopTailnet(site.network, changed);
  const now = await site.addTailnet(changed);
  try {
    const given = withKey(now, { "auth-key": old });
    const { annotations } = await runAction(room, { ...jobOn(site, old, now.authKey), with: given });
    assert.match(annotations[0]?.message ?? "", /refused this machine: invalid authkey\. Make a new auth key/);
  } finally {
    await stopTailnet(site.network, changed);
  }
});

test("many joins in a row leave no daemon, no machine and no file behind", async (t) => {
  const times = howMany(3, 20);
  for (let run = 1; run <= times; run++) {
    const hostname = `row-${run}`;
    const { conclusion, leftBehind, orphans } = await runAction(room, { ...job(), with: inputs({ hostname }) });
    assert.deepEqual({ conclusion, leftBehind, orphans }, { conclusion: "success", leftBehind: [], orphans: [] });
    await assertLoggedOut(site, hostname);
  }
  t.diagnostic(`${times} joins`);
});
