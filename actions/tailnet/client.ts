import { BlockList, isIP } from "node:net";
import type { Context } from "../core/context.ts";
import { execute } from "../core/process.ts";

/** How a tailscaled of ours is talked to. */
export interface Connection {
  /** The program `tailscale`. */
  readonly program: string;
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
  /** What it takes connections for: its own addresses, and what lies behind it. */
  readonly AllowedIPs: readonly string[] | null;
  readonly CurAddr: string;
  readonly Relay: string;
  readonly Online: boolean;
}

/** `tailscale status --json`; only what we use. `CurrentTailnet` is null until the tailnet was joined. */
export interface Status {
  readonly Version: string;
  readonly BackendState: string;
  readonly Self: Machine;
  readonly Health: readonly string[] | null;
  readonly Peer: Readonly<Record<string, Machine>> | null;
  readonly CurrentTailnet: { readonly MagicDNSSuffix: string; readonly MagicDNSEnabled: boolean } | null;
}

/** Runs one command of the client, as the user that the job runs as: what belongs to root could not be stopped. */
export async function tailscale(
  { program, folder }: Connection,
  args: readonly string[],
  timeout: number,
  { environment, masker, signal }: Context,
) {
  const options = { environment, masker, signal, timeout, workingDirectory: folder };
  return await execute(program, [`--socket=${socketName}`, ...args], options);
}

/** What the daemon says of itself and of the machines that it sees. */
export async function readStatus(connection: Connection, context: Context): Promise<Status> {
  const { rawOutput } = await tailscale(connection, ["status", "--json"], 10_000, context);
  return JSON.parse(rawOutput);
}

/** What the tailnet's own resolver (100.100.100.100) knows of a name. */
export interface Answered {
  readonly addresses: readonly string[];
  /** Its response code, such as `NameError`; DNS calls that NXDOMAIN. */
  readonly code: string;
}

/** Asks the tailnet's resolver for the IPv4 and IPv6 addresses of a name. */
export async function query(connection: Connection, name: string, context: Context): Promise<Answered> {
  const types = ["A", "AAAA"];
  const outputs = await Promise.all(
    types.map(async (type) => (await tailscale(connection, ["dns", "query", name, type], 10_000, context)).rawOutput),
  );
  return readAnswers(outputs);
}

/** Reads what `tailscale dns query` prints, whose form for programs is younger than the oldest version that fits. */
export function readAnswers(outputs: readonly string[]): Answered {
  const addresses = outputs.flatMap((output) =>
    [...output.matchAll(/^\S+\s+\d+\s+\S+\s+(?:Type)?A(?:AAA)?\s+(\S+)$/gm)].map(([, address = ""]) => address),
  );
  const code = /^Response code: (?:RCode)?(\w+)/m.exec(outputs.join("\n"))?.[1] ?? "no answer";
  return { addresses, code };
}

/** The machine of the tailnet with this address or name, if the tailnet shows us one. */
export function findMachine(status: Status, host: string): Machine | undefined {
  const name = host.toLowerCase().replace(/\.$/, "");
  return Object.values(status.Peer ?? {}).find(
    ({ DNSName, TailscaleIPs }) =>
      TailscaleIPs?.includes(host) || DNSName.replace(/\.$/, "") === name || DNSName.split(".")[0] === name,
  );
}

/** Whether an address is one that only a tailnet has: 100.64.0.0/10 or fd7a:115c:a1e0::/48 (tailscale.com/kb/1033). */
export function isTailnetAddress(address: string): boolean {
  return holds(["100.64.0.0/10", "fd7a:115c:a1e0::/48"], address);
}

/** Whether a machine of the tailnet takes connections for an address. */
export function hasTaker(status: Status, address: string): boolean {
  return Object.values(status.Peer ?? {}).some(({ AllowedIPs }) => holds(AllowedIPs ?? [], address));
}

function holds(ranges: readonly string[], address: string): boolean {
  const family = (text: string) => (isIP(text) === 6 ? "ipv6" : "ipv4");
  const list = new BlockList();
  for (const range of ranges) {
    const [start = "", length = ""] = range.split("/");
    list.addSubnet(start, Number(length), family(start));
  }
  return isIP(address) !== 0 && list.check(address, family(address));
}
