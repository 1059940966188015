import type { Context } from "../core/context.ts";
import { execute } from "../core/process.ts";

/** How a tailscaled of ours is talked to. */
export interface Connection {
  /** The program `tailscale`, with `sudo -n` in front where the daemon runs as root and we do not. */
  readonly command: readonly [string, ...string[]];
  /** Folder that holds the daemon's socket. */
  readonly folder: string;
}

/** Name of the socket in that folder; always used relative to it, because a socket's path has at most 107 bytes. */
export const socketName = "tailscaled.sock";

/** A machine as `tailscale status --json` shows it; only what we use. */
export interface Machine {
  readonly HostName: string;
  readonly DNSName: string;
  readonly TailscaleIPs: readonly string[] | null;
  readonly CurAddr: string;
  readonly Relay: string;
  readonly Online: boolean;
}

/** `tailscale status --json`; only what we use. */
export interface Status {
  readonly Version: string;
  readonly BackendState: string;
  readonly Self: Machine;
  readonly Health: readonly string[] | null;
  readonly Peer: Readonly<Record<string, Machine>> | null;
}

/** Runs one command of the client. */
export async function tailscale(
  { command: [program, ...prefix], folder }: Connection,
  args: readonly string[],
  timeout: number,
  { environment, masker, signal }: Context,
) {
  const options = { environment, masker, signal, timeout, workingDirectory: folder };
  return await execute(program, [...prefix, `--socket=${socketName}`, ...args], options);
}

/** What the daemon says of itself and of the machines that it sees. */
export async function readStatus(connection: Connection, context: Context): Promise<Status> {
  const { rawOutput } = await tailscale(connection, ["status", "--json"], 10_000, context);
  return JSON.parse(rawOutput);
}

/** The machine of the tailnet with this address or name, if the tailnet shows us one. */
export function findMachine(status: Status, host: string): Machine | undefined {
  const name = host.toLowerCase().replace(/\.$/, "");
  return Object.values(status.Peer ?? {}).find(
    ({ DNSName, TailscaleIPs }) =>
      TailscaleIPs?.includes(host) || DNSName.replace(/\.$/, "") === name || DNSName.split(".")[0] === name,
  );
}
