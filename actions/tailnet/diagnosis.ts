import { isIP } from "node:net";
import type { Context } from "../core/context.ts";
import { formatDuration } from "../core/duration.ts";
import { FairleadError, messageOf } from "../core/errors.ts";
import type { Obstacle } from "./attempt.ts";
import { type Connection, findMachine, type Machine, readStatus, type Status, tailscale } from "./client.ts";
import { bracketed, describeProbe, type Probe } from "./probe.ts";

/** A probe that got no answer. */
export interface Unanswered {
  readonly probe: Probe;
  readonly obstacle: Obstacle;
  /** Milliseconds that were spent on it. */
  readonly took: number;
}

/** What is known when a probe got no answer. */
export interface Findings {
  /** Undefined when the daemon did not answer any more. */
  readonly status: Status | undefined;
  /** What `tailscale netcheck` says of the network that this machine is in. */
  readonly netcheck: string;
}

/** Says how far a probe got and what to do, with a look at the network that the machine is in as evidence. */
export async function diagnose(
  unanswered: Unanswered,
  connection: Connection,
  context: Context,
): Promise<FairleadError> {
  const [status, netcheck] = await Promise.all([look(connection, context), checkNetwork(connection, context)]);
  return explainUnanswered(unanswered, { status, netcheck });
}

/** Undefined when the daemon does not answer: how far the probe got is told even then. */
async function look(connection: Connection, context: Context): Promise<Status | undefined> {
  try {
    return await readStatus(connection, context);
  } catch {
    context.signal.throwIfAborted();
    return undefined;
  }
}

async function checkNetwork(connection: Connection, context: Context): Promise<string> {
  try {
    const { output } = await tailscale(connection, ["netcheck"], 15_000, context);
    return shortNetcheck(output);
  } catch (thrown) {
    context.signal.throwIfAborted();
    return messageOf(thrown);
  }
}

/** The lines of a report that bear on the way: no time stamps of its log, no latency of relays far away. */
export function shortNetcheck(report: string): string {
  const lines = report.split("\n").map((line) => line.trim());
  return lines
    .filter((line) => /^\* (UDP|IPv4|IPv6|MappingVariesByDestIP|Nearest DERP|CaptivePortal):/.test(line))
    .join("\n");
}

/** The error for a probe without an answer: where it ended, what is known of its machine, and what to do. */
export function explainUnanswered({ probe, obstacle, took }: Unanswered, findings: Findings): FairleadError {
  const { status } = findings;
  const machine = status && findMachine(status, probe.host);
  const address = `${bracketed(probe.host)}:${probe.port}`;
  const reached = {
    name: `the name ${probe.host} is not known (${obstacle.message})`,
    connection: `no connection to ${address} came about (${obstacle.message})`,
    tls: `${address} does not speak TLS (${obstacle.message})`,
    certificate: `${address} answers, but ${obstacle.message}, not for ${probe.certificate?.name ?? probe.host}`,
    answer: `${address} takes connections, but its answer is ${obstacle.message}`,
  }[obstacle.at];
  return new FairleadError({
    code: "TAILNET_UNREACHABLE",
    message: `The tailnet was joined, but ${describeProbe(probe)} gave no good answer in ${formatDuration(took)}: ${reached}.${status === undefined ? " Tailscale itself does not answer any more." : seen(probe, obstacle, machine)}`,
    fix:
      status === undefined
        ? "Run the job again, and see that nothing on the runner ends tailscaled."
        : fixFor(probe, obstacle, machine, findings.netcheck, status),
    details: [`Machine: ${describeMachine(machine)}`, "Netcheck of this runner:", findings.netcheck].join("\n"),
    cause: obstacle,
  });
}

/** One sentence about the machine, where it bears on the matter. */
function seen({ host }: Probe, { at }: Obstacle, machine: Machine | undefined): string {
  if (at !== "name" && at !== "connection") return "";
  if (machine === undefined)
    return ` No machine that this one may see has the ${isIP(host) ? "address" : "name"} ${host}.`;
  return ` Its machine is ${describeMachine(machine)}.`;
}

function describeMachine(machine: Machine | undefined): string {
  if (machine === undefined) return "none that this one may see";
  const addresses = (machine.TailscaleIPs ?? []).join(", ");
  const way = machine.CurAddr === "" ? `through the relay "${machine.Relay}"` : `directly at ${machine.CurAddr}`;
  return `"${machine.HostName}" (${addresses}), ${machine.Online ? `online, reached ${way}` : "offline"}`;
}

function fixFor(
  probe: Probe,
  { at, message }: Obstacle,
  machine: Machine | undefined,
  netcheck: string,
  status: Status,
): string {
  switch (at) {
    case "name":
      return fixForName(machine, status);
    case "connection":
      return fixForConnection(probe, message, machine, netcheck);
    case "tls":
      return `Check the port, and that what listens on ${probe.port} is the server that is meant.`;
    case "certificate":
      return "Name the address in the server's certificate (k3s: `--tls-san`), or use an address that it holds.";
    case "answer":
      return "Look at the server itself: the way to it is open.";
  }
}

function fixForName(machine: Machine | undefined, { CurrentTailnet }: Status): string {
  const address = machine?.TailscaleIPs?.[0];
  const instead = address === undefined ? "" : `, or use its address ${address}`;
  if (CurrentTailnet?.MagicDNSEnabled === false) return `Switch MagicDNS on for the tailnet${instead}.`;
  if (machine !== undefined)
    return `See that the runner's resolver can be changed (for actions/tailnet, with \`accept-dns: true\`)${instead}.`;
  return "Check the name, that its machine is on, and that the tailnet's access rules show it to this one.";
}

function fixForConnection(probe: Probe, message: string, machine: Machine | undefined, netcheck: string): string {
  if (machine === undefined) {
    return "Check that the address is not out of date, that its machine is on, and that the tailnet's access rules show it to this one and its tags.";
  }
  if (!machine.Online) return `Start the machine "${machine.HostName}", or its Tailscale.`;
  if (/refused/i.test(message))
    return `Nothing listens on port ${probe.port} there: start the server, or correct the port.`;
  const relay = machine.CurAddr === "" && /^\* UDP: false/m.test(netcheck);
  const onlyRelay = relay ? " This network lets no UDP through, so all goes over the relay: check that it is up." : "";
  return `Let the tailnet's access rules give this machine, by its tags, port ${probe.port} there, and see that no firewall on it drops the connection.${onlyRelay}`;
}
