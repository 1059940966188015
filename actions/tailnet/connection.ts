import type { Context } from "../core/context.ts";
import { type Connection, findMachine, readStatus, tailscale } from "./client.ts";
import type { Probe } from "./probe.ts";

/**
 * How the machine of a probe is reached; undefined where the tailnet shows none. Every way begins over the relay, and the
 * two machines look for a direct one beside it, so what is relayed is asked again after one ping that may find it.
 */
export async function connectionTo(
  probe: Probe | undefined,
  connection: Connection,
  context: Context,
): Promise<"direct" | "relay" | undefined> {
  if (probe === undefined) return undefined;
  const first = findMachine(await readStatus(connection, context), probe.host);
  if (first === undefined) return undefined;
  if (first.CurAddr !== "") return "direct";
  const ping = ["ping", "--c=1", "--timeout=1s", first.TailscaleIPs?.[0] ?? probe.host];
  // It fails where there is no direct way.
  await tailscale(connection, ping, 5_000, context).catch(() => context.signal.throwIfAborted());
  const then = findMachine(await readStatus(connection, context), probe.host);
  return then === undefined || then.CurAddr === "" ? "relay" : "direct";
}
