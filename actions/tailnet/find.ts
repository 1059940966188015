import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { Context } from "../core/context.ts";
import { messageOf } from "../core/errors.ts";
import { Obstacle, shortPatience, type Way } from "./attempt.ts";
import { type Answered, hasTaker, isTailnetAddress, query, readStatus } from "./client.ts";
import type { Daemon } from "./daemon.ts";

/** The way into the tailnet that a daemon of ours opened. */
export function wayThrough(daemon: Daemon, context: Context): Way {
  const { proxy } = daemon;
  return {
    proxy,
    async find(host, signal) {
      const within = { ...context, signal };
      if (isIP(host) !== 0) await findAddress(host, daemon, within);
      else if (proxy === undefined) await findByMachine(host, daemon, within);
      else await findByProxy(host, daemon, within);
    },
  };
}

/** Without a machine that has it, an address of the tailnet would be looked for in the network of the runner. */
async function findAddress(address: string, { connection }: Daemon, context: Context): Promise<void> {
  if (!isTailnetAddress(address) || hasTaker(await readStatus(connection, context), address)) return;
  throw new Obstacle("connection", "nobody in the tailnet has it", shortPatience);
}

/** The proxy asks the tailnet first, and for what is unknown there the resolver of the machine. */
async function findByProxy(host: string, daemon: Daemon, context: Context): Promise<void> {
  const { addresses, code } = await askTailnet(host, daemon, context);
  if (addresses.length > 0) return;
  const reason = await unknownToMachine(host, context.signal);
  if (reason !== undefined) throw unknown(code, reason);
}

/** Programs on the machine ask its resolver, which `accept-dns` lets ask the tailnet's. */
async function findByMachine(host: string, daemon: Daemon, context: Context): Promise<void> {
  const reason = await unknownToMachine(host, context.signal);
  if (reason === undefined) return;
  const { addresses, code } = await askTailnet(host, daemon, context);
  if (addresses.length === 0) throw unknown(code, reason);
  // No short patience here: it may take the machine a while to take up its new resolver.
  const known = addresses.join(", ");
  throw new Obstacle("name", `the tailnet's resolver gives ${known}, but the machine's does not ask it: ${reason}`);
}

/** What the tailnet's resolver knows; a name without a domain is one of the tailnet's own. */
async function askTailnet(host: string, { connection }: Daemon, context: Context): Promise<Answered> {
  try {
    const { CurrentTailnet } = await readStatus(connection, context);
    const name = host.includes(".") ? host : `${host}.${CurrentTailnet?.MagicDNSSuffix ?? ""}`;
    return await query(connection, name, context);
  } catch (thrown) {
    context.signal.throwIfAborted();
    return { addresses: [], code: messageOf(thrown) };
  }
}

/** Why the machine's resolver does not know a name; undefined when it does. A lookup cannot be stopped, but left. */
async function unknownToMachine(host: string, signal: AbortSignal): Promise<string | undefined> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const leave = () => reject(signal.reason);
  if (signal.aborted) leave();
  signal.addEventListener("abort", leave, { once: true });
  const looked = lookup(host).then(() => undefined, messageOf);
  return await Promise.race([looked, late]).finally(() => signal.removeEventListener("abort", leave));
}

function unknown(code: string, reason: string): Obstacle {
  return new Obstacle("name", `the tailnet's resolver: ${code}; the machine's: ${reason}`, shortPatience);
}
