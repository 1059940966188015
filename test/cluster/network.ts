import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { poll } from "../../actions/core/retry.ts";
import type { DebianPrograms } from "./debian.ts";
import { childrenOf, end, gone, identify, isAlive, type ProcessIdentity, signal } from "./processes.ts";
import { writeRecord } from "./record.ts";
import { run } from "./run.ts";

/**
 * The part of the machine that belongs to one instance: own network, processes and mounts.
 *
 * One process holds its three namespaces and is the init of its process namespace. When it is killed, the kernel
 * ends every daemon, pod and build in it, and its mounts, links and rules go with it. A pair of virtual network
 * cards is all that the machine itself sees.
 */
export interface Network {
  readonly instance: string;
  /** The folder for logs, sockets and data of this instance. */
  readonly state: string;
  /** `unshare`, which waits for the init, and the init itself. */
  readonly holders: readonly [ProcessIdentity, ProcessIdentity];
  /** The name of the machine's end of the pair. */
  readonly link: string;
  /** The machine's address as seen from inside. */
  readonly hostAddress: string;
  /** The instance's address: that of its node, its registry and its API server. */
  readonly address: string;
  /** Pods' and Services' address ranges; the machine reaches both. */
  readonly podRange: string;
  readonly serviceRange: string;
  /** The control group under which its containers run. */
  readonly controlGroup: string;
}

/** The instance that is meant when none is named. */
export const defaultInstance = "default";

// 10.213.n.0/30 is the pair, 10.214.n.0/24 the Services, 10.215.n.0/24 the pods; n is 0 for the default instance.
function addressesOf(instance: string) {
  const number = instance === defaultInstance ? 0 : 1 + (checksum(instance) % 254);
  return {
    link: `fairlead-${number}`,
    hostAddress: `10.213.${number}.1`,
    address: `10.213.${number}.2`,
    serviceRange: `10.214.${number}.0/24`,
    podRange: `10.215.${number}.0/24`,
  };
}

function checksum(text: string): number {
  return [...text].reduce((sum, character) => (sum * 31 + (character.codePointAt(0) ?? 0)) >>> 0, 7);
}

/**
 * Makes the namespaces of an instance and the way into them. What a killed run left of the same instance must be
 * cleaned up before ({@link stopNetwork}).
 *
 * @throws Error when another instance has the same addresses, or the machine does not allow namespaces.
 */
export async function startNetwork(instance: string, state: string, debian: DebianPrograms): Promise<Network> {
  if (hidden.some((folder) => state.startsWith(folder))) {
    throw new Error(`The cache must not lie below ${hidden.join(", ")}: an instance has folders of its own there.`);
  }
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const addresses = addressesOf(instance);
  if (existsSync(`/sys/class/net/${addresses.link}`)) {
    throw new Error(`The network card ${addresses.link} is in use; choose another instance name than ${instance}.`);
  }
  const { holders, release } = await startHolder(debian);
  const controlGroup = `fairlead-${instance}`;
  const network: Network = { instance, state, holders, controlGroup, ...addresses };
  // Recorded before the init is let go: a run that is killed here leaves a holder that ends by itself.
  writeRecord(recordFile(state), network);
  release();
  await connect(network);
  await untilSetUp(network);
  for (const folder of controlGroupFolders(controlGroup)) mkdirSync(folder, { recursive: true });
  return network;
}

/** Reads what {@link startNetwork} recorded in a state folder; undefined where nothing is, or its holder has ended. */
export function findNetwork(state: string): Network | undefined {
  const network = readRecord(state);
  return network !== undefined && isAlive(network.holders[1]) ? network : undefined;
}

/**
 * Ends every process of an instance and takes away what it left on the machine, but its state folder. Safe to call
 * for a run that was killed anywhere, and when nothing is there.
 */
export async function stopNetwork(state: string): Promise<void> {
  const network = readRecord(state);
  if (network === undefined) return;
  const [unshare, init] = network.holders;
  signal(init, "SIGKILL");
  await gone([init], 10_000);
  await end([unshare], 1_000);
  await poll(
    {
      interval: 50,
      timeout: 20_000,
      signal: AbortSignal.timeout(30_000),
      onTimeout: (waiting) => new Error(`The instance ${network.instance} does not end: ${waiting}.`),
    },
    async () => {
      const left = leftovers(network);
      return left === undefined ? { done: true } : { waiting: left };
    },
  );
  rmSync(recordFile(state), { force: true });
}

/** The command that runs another command inside the instance. */
export function inside(network: Network, command: readonly string[]): string[] {
  const init = String(network.holders[1].pid);
  return ["nsenter", "--target", init, "--net", "--mount", "--pid", "--", ...command];
}

const hidden = ["/run/", "/var/log/", "/var/lib/"];

const setUp = [
  "set -e",
  // Whatever is mounted from here on is seen inside only.
  "mount --make-rprivate /",
  "mount --make-rshared /",
  // What containers leave in these folders (locks, network namespaces, volumes) stays inside and goes with the mounts.
  ...hidden.map((folder) => `mount -t tmpfs tmpfs ${folder}`),
  "mkdir -p /run/lock /run/netns",
  "ip link set lo up",
  "echo 1 > /proc/sys/net/ipv4/ip_forward",
  // Ends when the pipe is closed without a line, which is when whoever started it was killed.
  "read -r _",
  'exec "$@"',
].join("\n");

async function startHolder(debian: DebianPrograms) {
  const init = [join(debian.root, "usr/bin/tini"), "--", "sleep", "infinity"];
  const namespaces = ["--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child=SIGKILL"];
  const unshare = spawn("unshare", [...namespaces, "--", "sh", "-c", setUp, "sh", ...init], {
    detached: true,
    stdio: ["pipe", "ignore", "pipe"],
  });
  let complaint = "";
  unshare.stderr.setEncoding("utf8").on("data", (text) => {
    complaint += text;
  });
  const [outer, inner] = await poll(
    {
      interval: 10,
      timeout: 5_000,
      signal: AbortSignal.timeout(10_000),
      onTimeout: () => new Error(`unshare made no namespaces: ${complaint.trim() || "no reason given"}`),
    },
    async () => {
      const [child] = unshare.pid === undefined ? [] : childrenOf(unshare.pid);
      const parent = unshare.pid === undefined ? undefined : identify(unshare.pid);
      return child && parent ? { done: [parent, child] as const } : { waiting: "its child" };
    },
  );
  const release = () => {
    unshare.stdin.end("go\n");
    unshare.stderr.destroy();
    unshare.unref();
  };
  return { holders: [outer, inner] as const, release };
}

async function connect(network: Network): Promise<void> {
  const { link, hostAddress, address, serviceRange, podRange } = network;
  const pid = String(network.holders[1].pid);
  const within = ["nsenter", "--target", pid, "--net", "--", "ip"];
  await run(["ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", pid]);
  await run(["ip", "address", "add", `${hostAddress}/30`, "dev", link]);
  await run(["ip", "link", "set", link, "up"]);
  await run([...within, "address", "add", `${address}/30`, "dev", "eth0"]);
  await run([...within, "link", "set", "eth0", "up"]);
  // A Service address is translated on its way out, and there must be a way before there is a translation.
  await run([...within, "route", "add", serviceRange, "dev", "eth0"]);
  await run(["ip", "route", "add", serviceRange, "via", address, "dev", link]);
  await run(["ip", "route", "add", podRange, "via", address, "dev", link]);
}

/** Waits until the holder has made its mounts and become the init that reaps orphans. */
async function untilSetUp({ holders: [, init] }: Network): Promise<void> {
  const failed = () => new Error("The namespaces were made, but their mounts were not.");
  await poll({ interval: 5, timeout: 5_000, signal: AbortSignal.timeout(10_000), onTimeout: failed }, async () => {
    if (!isAlive(init)) throw failed();
    const program = readFileSync(`/proc/${init.pid}/comm`, "utf8").trim();
    return program === "tini" ? { done: true } : { waiting: program };
  });
}

/** What is still on the machine of an instance whose processes were killed; undefined when nothing is. */
function leftovers(network: Network): string | undefined {
  if (existsSync(`/sys/class/net/${network.link}`)) return `the network card ${network.link} is still there`;
  for (const folder of controlGroupFolders(network.controlGroup)) {
    if (!removeControlGroup(folder)) return `the control group ${folder} is still in use`;
  }
  return undefined;
}

/** The folders of a control group: one per controller (cgroup v1), or one (cgroup v2). */
function controlGroupFolders(name: string): string[] {
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  const points = mounts.map((line) => line.split(" ")).filter(([, , type]) => type === "cgroup" || type === "cgroup2");
  return points.map(([, point = ""]) => join(point, name));
}

function removeControlGroup(folder: string): boolean {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory() && !removeControlGroup(join(folder, entry.name))) return false;
    }
    rmdirSync(folder);
    return true;
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === "ENOENT") return true;
    if (code === "EBUSY") return false;
    throw thrown;
  }
}

function recordFile(state: string): string {
  return join(state, "network.json");
}

function readRecord(state: string): Network | undefined {
  if (!existsSync(recordFile(state))) return undefined;
  return JSON.parse(readFileSync(recordFile(state), "utf8"));
}
