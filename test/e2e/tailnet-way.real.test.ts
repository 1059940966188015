import assert from "node:assert/strict";
import { delimiter } from "node:path";
import { after, before, test } from "node:test";
import { ensureDebianPrograms } from "../cluster/debian.ts";
import { run } from "../cluster/run.ts";
import { clusterClient, stopTailnet } from "../cluster/tailnet.ts";
import { runAction } from "../harness/job.ts";
import { runInMachine, runJobInMachine } from "./machine.ts";
import { printer } from "./secrets-scene.ts";
import { apiPort, jobOn, namesOf, openTailnetSite, room, type TailnetSite, withKey } from "./tailnet-site.ts";

let site: TailnetSite;

before(async () => {
  site = await openTailnetSite("tailnet-way");
});

after(async () => await site?.[Symbol.asyncDispose]());

const cluster = () => site.tailnet.clusterAddress;

/** Joins in userspace, and gives the step. */
async function joinInUserspace(probe: string, more: Readonly<Record<string, string>> = {}) {
  const options = jobOn(site, site.tailnet.authKey);
  return await runAction(room, { ...options, with: withKey(site.tailnet, { probe, ...more }) });
}

/** The one error of a step whose way did not lead to the end; asserts that the summary shows the network. */
async function failure(step: Awaited<ReturnType<typeof joinInUserspace>>): Promise<string> {
  assert.equal(step.conclusion, "failure", step.log);
  assert.deepEqual(
    step.annotations.map(({ properties }) => properties["title"]),
    ["TAILNET_UNREACHABLE"],
  );
  assert.match(step.summary, /Netcheck of this runner:\n\* UDP: (true|false)/);
  assert.deepEqual([step.leftBehind, step.orphans], [[], []]);
  return step.annotations[0]?.message ?? "";
}

test("every name and address of the cluster is a way, also in IPv6", async () => {
  const hosts = [cluster(), `[${site.tailnet.clusterAddress6}]`, "cluster.tailnet.test", "cluster"];
  const { conclusion, log } = await joinInUserspace(
    hosts.map((host) => `https://${host}:${apiPort}/readyz`).join("\n"),
  );
  assert.equal(conclusion, "success", log);
  for (const host of hosts) assert.ok(log.includes(`https://${host}:${apiPort}/readyz answered after`), host);
});

test("a certificate without the tailnet's address is told at once, with its names and the setting to change", async () => {
  await site.serve({ port: 6444, names: ["IP:10.0.0.1", "DNS:kubernetes"] });
  const message = await failure(await joinInUserspace(`https://${cluster()}:6444/readyz`, { timeout: "5m" }));
  assert.match(message, /its certificate is for 10\.0\.0\.1, kubernetes, not for 100\.64\.\d+\.\d+\. .*`--tls-san`/);
});

test("an API server that is down is told long before the time is over", { timeout: 120_000 }, async () => {
  const message = await failure(await joinInUserspace(`https://${cluster()}:6445/readyz`, { timeout: "5m" }));
  assert.match(message, /connection was refused.*machine is "cluster" .*online.*Nothing listens on port 6445/);
});

test("an API server that is not ready is told apart from a way that does not lead to it", async () => {
  await site.serve({ port: 6446, names: namesOf(site.tailnet), status: 500 });
  const message = await failure(await joinInUserspace(`https://${cluster()}:6446/readyz`, { timeout: "8s" }));
  assert.match(message, /takes connections, but its answer is HTTP 500\. Look at the server itself/);
});

test("an address that no machine has any more is told as out of date, and is not looked for elsewhere", async () => {
  const stale = "fd7a:115c:a1e0::dead";
  const message = await failure(await joinInUserspace(`https://[${stale}]:${apiPort}/readyz`, { timeout: "5m" }));
  assert.match(message, /nobody in the tailnet has it.* has the address fd7a:115c:a1e0::dead\. .*out of date/);
});

test("a name that nobody has is told before the time is over", { timeout: 120_000 }, async () => {
  const message = await failure(await joinInUserspace(`https://nobody.tailnet.test:${apiPort}/`, { timeout: "5m" }));
  assert.match(message, /the name nobody\.tailnet\.test is not known \(the tailnet's resolver: NameError/);
});

test("a connection that the other side does not let in points to the access rules", async () => {
  const shields = async (up: boolean) =>
    await run([...clusterClient(site.network, site.tools), "set", `--shields-up=${up}`]);
  await shields(true);
  try {
    const message = await failure(await joinInUserspace(`https://${cluster()}:${apiPort}/readyz`, { timeout: "8s" }));
    assert.match(message, /machine is "cluster" .*online.*access rules give this machine, by its tags, port 6443/);
  } finally {
    await shields(false);
  }
});

/** The same in the mode `tun`. */
async function joinAsMachine(given: Readonly<Record<string, string>>, secret: string) {
  return await runInMachine(site.network, room, { ...jobOn(site, secret), with: { ...given, mode: "tun" } });
}

test("a machine in the tailnet resolves its names, until the job ends", async () => {
  const probe = `https://cluster.tailnet.test:${apiPort}/readyz\nhttps://cluster:${apiPort}/readyz`;
  const { conclusion, log } = await joinAsMachine(withKey(site.tailnet, { probe }), site.tailnet.authKey);
  assert.equal(conclusion, "success", log);
});

/**
 * Kills the tailscaled of this job, and tells what it leaves of its rules, its packet filter and its resolver.
 *
 * @param forget whether the record of it goes too, so that no post step cleans up.
 */
const killer = (forget: boolean) => `
  import { execFileSync } from "node:child_process";
  import { appendFileSync, globSync, readFileSync, rmSync } from "node:fs";
  const { GITHUB_OUTPUT, RUNNER_TEMP } = process.env;
  const [record] = globSync(RUNNER_TEMP + "/*/tailnet.json");
  process.kill(JSON.parse(readFileSync(record, "utf8")).process, "SIGKILL");
  if (${forget}) rmSync(record);
  const looks = [["ip", "rule"], ["iptables-save"], ["cat", "/etc/resolv.conf"]];
  const left = looks.map(([program, ...args]) => execFileSync(program, args, { encoding: "utf8" }));
  appendFileSync(GITHUB_OUTPUT, "greeting=" + JSON.stringify(left.join("")) + "\\n");
`;

for (const [who, forget] of [
  ["its own post step", false],
  ["the next one, where no post step could run,", true],
] as const) {
  test(`of a tailscaled that was killed, ${who} leaves no rule, no packet filter and no resolver behind`, async () => {
    const { environment } = await ensureDebianPrograms(console.log);
    const { secrets = [], env } = jobOn(site, site.tailnet.authKey);
    const PATH = [env?.["PATH"], environment["PATH"]].join(delimiter);
    const variables = Object.entries({ ...environment, PATH }).map(([name, value]) => `${name}=${value}`);
    // Without the empty tables and built-in chains, which are there once iptables was asked.
    const shown = "ip rule; ip -6 rule; iptables-save; ip6tables-save";
    const rules = `{ ${shown}; } | grep -v -e '^#' -e '^[*]' -e ' ACCEPT ' -e COMMIT`;
    const look = async () => (await site.within(["env", ...variables, "sh", "-c", rules])).output;
    const before = await look();
    const given = withKey(site.tailnet, { mode: "tun", probe: `https://${cluster()}:${apiPort}/readyz` });
    const join = { directory: room, with: given };
    const kill = { directory: printer, with: { pre: "", main: killer(forget), post: "" } };
    const steps = forget ? [join, kill, join] : [join, kill];
    const job = await runJobInMachine(site.network, steps, { env: { ...environment, PATH }, secrets });
    assert.equal(job.conclusion, "success", job.steps.map(({ log }) => log).join("\n"));
    const left = job.steps[1]?.outputs["greeting"] ?? "";
    assert.match(left, /lookup 52.*:ts-input.*nameserver 100\.100\.100\.100/, "the test would prove nothing else");
    assert.equal(await look(), before);
    const { leftBehind, orphans } = job;
    const annotations = job.steps.flatMap((step) => step.annotations);
    assert.deepEqual({ leftBehind, orphans, annotations }, { leftBehind: [], orphans: [], annotations: [] });
  });
}

test("in a machine that does not ask the tailnet's resolver, a name is told with the address to use", async () => {
  const probe = `https://cluster.tailnet.test:${apiPort}/`;
  const given = withKey(site.tailnet, { probe, timeout: "8s", "accept-dns": "false" });
  const message = await failure(await joinAsMachine(given, site.tailnet.authKey));
  assert.match(message, /tailnet's resolver gives 100\.64\.\d+\.\d+, .*but the machine's does not ask it/);
  assert.match(message, new RegExp(`\`accept-dns: true\`.* or use its address ${cluster()}`));
});

test("without MagicDNS that is what is told, and the address works", async () => {
  const nameless = { name: "nameless", port: 8190, magicDns: false };
  const other = await site.addTailnet(nameless);
  try {
    const given = (host: string) => withKey(other, { probe: `https://${host}:${apiPort}/`, timeout: "8s" });
    const byName = await failure(await joinAsMachine(given("cluster.tailnet.test"), other.authKey));
    assert.match(byName, new RegExp(`Switch MagicDNS on .*, or use its address ${other.clusterAddress}`));
    const byAddress = await joinAsMachine(given(other.clusterAddress), other.authKey);
    assert.equal(byAddress.conclusion, "success", byAddress.log);
  } finally {
    await stopTailnet(site.network, nameless);
  }
});

test("where no UDP gets through, the way goes over the relay, and the step says so", async () => {
  // What the cluster's machine sends by UDP is dropped, its answers to STUN and to direct paths among it.
  const rule = ["ip", "rule"];
  const chosen = ["ipproto", "udp", "prohibit", "priority", "10"];
  const probe = `https://${cluster()}:${apiPort}/readyz`;
  await site.within([...rule, "add", ...chosen]);
  try {
    const { conclusion, outputs, log } = await joinInUserspace(probe, { timeout: "30s" });
    assert.equal(conclusion, "success", log);
    assert.equal(outputs["connection"], "relay");
  } finally {
    await site.within([...rule, "del", ...chosen]);
  }
});
