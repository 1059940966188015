import type { Context } from "../core/context.ts";
import { formatDuration } from "../core/duration.ts";
import { connectionTo } from "./connection.ts";
import { startDaemon } from "./daemon.ts";
import type { TailnetInputs } from "./inputs.ts";
import { joinTailnet } from "./join.ts";
import { reachAll } from "./reach.ts";
import { findTailscale } from "./tool.ts";

/** A joined tailnet. */
export interface Tailnet {
  /** Address of this machine in it, IPv4 where it has one. */
  readonly ip: string;
  /** Full name of this machine in it. */
  readonly hostname: string;
  /** Version of Tailscale. */
  readonly version: string;
  /** How the first probe's machine is reached; unknown without one, or behind a subnet router. */
  readonly connection: "direct" | "relay" | undefined;
  /** Address of the HTTP proxy that leads into it, in the mode `userspace`. */
  readonly proxy: string | undefined;
}

const unproven =
  "This machine has joined the tailnet, but the step has no `probe`, so nothing shows that anything in it can be reached.";

/**
 * Joins a tailnet and waits until every probe has answered through it. `leave` undoes it.
 *
 * @throws FairleadError TAILNET_FAILED, TAILNET_UNREACHABLE, TOOL_MISSING
 */
export async function run(inputs: TailnetInputs, context: Context): Promise<Tailnet> {
  if (inputs.login.kind === "auth-key") context.masker.add(inputs.login.authKey);
  const start = performance.now();
  const programs = await findTailscale(inputs.version, inputs.toolMirror, context);
  const daemon = await startDaemon(programs, inputs, context);
  const { Self, Version } = await joinTailnet(inputs, daemon, context);
  const addresses = Self.TailscaleIPs ?? [];
  const ip = addresses.find((address) => address.includes(".")) ?? addresses[0] ?? "";
  const hostname = Self.DNSName.replace(/\.$/, "") || Self.HostName;
  context.runner.info(`Joined as ${hostname} (${ip}) after ${formatDuration(performance.now() - start)}`);
  if (inputs.probe.length === 0) context.runner.annotate("notice", unproven, "No way was proven");
  await reachAll(inputs.probe, daemon, inputs.timeout, context);
  const connection = await connectionTo(inputs.probe[0], daemon.connection, context);
  return { ip, hostname, version: Version.split("-")[0] ?? "", connection, proxy: daemon.proxy };
}
