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

/** A tailnet with one machine in it, the cluster. */
export interface Tailnet {
  /** Address of its control server, for `--login-server`; the machine itself reaches it too. */
  readonly controlUrl: string;
  /** The one auth key that the control server takes. A secret. */
  readonly authKey: string;
  /** The cluster's address in the tailnet; a connection to it ends at the same port of the instance's loopback. */
  readonly clusterAddress: string;
}

/** Names of the two daemons, for their logs. */
export const tailnetDaemons = { control: "tailnet-control", machine: "tailnet-cluster" } as const;

const controlPort = 8090;

/** Starts a control server, and joins the instance to its tailnet as the machine `cluster`. */
export async function startTailnet(network: Network, programs: TailnetPrograms): Promise<Tailnet> {
  const controlUrl = `http://${network.address}:${controlPort}`;
  const authKey = `tskey-auth-${randomBytes(16).toString("hex")}`;
  await startDaemon(network, {
    name: tailnetDaemons.control,
    command: [programs.control, "--address", network.address, "--port", String(controlPort)],
    environment: {},
    input: authKey,
    ready: async () => (await fetch(`${controlUrl}/key?v=100`, { signal: AbortSignal.timeout(2_000) })).ok,
  });
  const clusterAddress = await joinCluster(network, programs, controlUrl, authKey);
  return { controlUrl, authKey, clusterAddress };
}

/** Ends what {@link startTailnet} started. */
export async function stopTailnet(network: Network): Promise<void> {
  await stopDaemon(network, tailnetDaemons.machine);
  await stopDaemon(network, tailnetDaemons.control);
}

async function joinCluster(network: Network, programs: TailnetPrograms, controlUrl: string, authKey: string) {
  const folder = join(network.state, "tailnet");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const socket = `--socket=${join(folder, "tailscaled.sock")}`;
  const client = (...args: string[]) => run(inside(network, [programs.tailscale, socket, ...args]));
  await startDaemon(network, {
    name: tailnetDaemons.machine,
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
  return (await client("ip", "-4")).rawOutput.trim();
}
