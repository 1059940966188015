import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startDaemon, stopDaemon } from "./daemon.ts";
import { inside, type Network } from "./network.ts";
import { run } from "./run.ts";

/** Paths of the programs that a tailnet is made of; `control` is built from `toolchain/tailnet`. */
export interface TailnetPrograms {
  readonly control: string;
  readonly tailscale: string;
  readonly tailscaled: string;
}

/** What sets a tailnet apart from the usual one; an instance may have several. */
export interface TailnetOptions {
  /** Stands in the names of its daemons; none for the usual one. */
  readonly name?: string;
  /** Port of the control server; the relay and the STUN server take the next two. 8090 by default. */
  readonly port?: number;
  /** Whether machines resolve each other's names; true by default. */
  readonly magicDns?: boolean;
}

/** A tailnet with one machine in it, the cluster. */
export interface Tailnet {
  /** Address of its control server, for `--login-server`; the machine itself reaches it too. */
  readonly controlUrl: string;
  /** The one auth key that the control server takes. A secret. */
  readonly authKey: string;
  /** The cluster's address in the tailnet; a connection to it ends at the same port of the instance's loopback. */
  readonly clusterAddress: string;
  /** The same in IPv6. */
  readonly clusterAddress6: string;
}

/** Names of the two daemons, for their logs. */
export function tailnetDaemons({ name }: Pick<TailnetOptions, "name"> = {}) {
  const suffix = name === undefined ? "" : `-${name}`;
  return { control: `tailnet-control${suffix}`, machine: `tailnet-cluster${suffix}` };
}

/** Starts a control server, and joins the instance to its tailnet as the machine `cluster`. */
export async function startTailnet(
  network: Network,
  programs: TailnetPrograms,
  options: TailnetOptions = {},
): Promise<Tailnet> {
  const { port = 8090, magicDns = true } = options;
  const controlUrl = `http://${network.address}:${port}`;
  const authKey = `tskey-auth-${randomBytes(16).toString("hex")}`;
  const ports = { port, "derp-port": port + 1, "stun-port": port + 2 };
  await startDaemon(network, {
    name: tailnetDaemons(options).control,
    command: [
      programs.control,
      `--address=${network.address}`,
      ...Object.entries(ports).map(([flag, value]) => `--${flag}=${value}`),
      `--magic-dns=${magicDns}`,
    ],
    environment: {},
    input: authKey,
    ready: async () => (await fetch(`${controlUrl}/key?v=100`, { signal: AbortSignal.timeout(2_000) })).ok,
  });
  const addresses = await joinCluster(network, programs, { controlUrl, authKey }, options);
  return { controlUrl, authKey, ...addresses };
}

/** Ends what {@link startTailnet} started. */
export async function stopTailnet(network: Network, options: TailnetOptions = {}): Promise<void> {
  const { control, machine } = tailnetDaemons(options);
  await stopDaemon(network, machine);
  await stopDaemon(network, control);
}

/** The command line of the client that speaks to the cluster's machine. */
export function clusterClient(network: Network, { tailscale }: TailnetPrograms, options: TailnetOptions = {}) {
  return inside(network, [tailscale, `--socket=${join(folderOf(network, options), "tailscaled.sock")}`]);
}

function folderOf(network: Network, options: TailnetOptions): string {
  return join(network.state, tailnetDaemons(options).machine);
}

async function joinCluster(
  network: Network,
  programs: TailnetPrograms,
  { controlUrl, authKey }: Pick<Tailnet, "controlUrl" | "authKey">,
  options: TailnetOptions,
) {
  const folder = folderOf(network, options);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const socket = `--socket=${join(folder, "tailscaled.sock")}`;
  const client = (...args: string[]) => run([...clusterClient(network, programs, options), ...args]);
  await startDaemon(network, {
    name: tailnetDaemons(options).machine,
    // Without a tun device, tailscaled hands each connection to the same port of the loopback.
    command: [
      programs.tailscaled,
      "--tun=userspace-networking",
      "--state=mem:",
      `--statedir=${folder}`,
      socket,
      "--no-logs-no-support",
    ],
    environment: { HOME: folder },
    ready: async () => (await client("status", "--json")).code === 0,
  });
  const keyFile = join(folder, "auth-key");
  await writeFile(keyFile, authKey, { mode: 0o600 });
  await client(
    "up",
    `--login-server=${controlUrl}`,
    `--auth-key=file:${keyFile}`,
    "--hostname=cluster",
    "--timeout=30s",
  );
  await rm(keyFile);
  const [clusterAddress = "", clusterAddress6 = ""] = (await client("ip")).rawOutput.trim().split("\n");
  return { clusterAddress, clusterAddress6 };
}
