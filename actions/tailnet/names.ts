import { lookup } from "node:dns/promises";
import type { Context } from "../core/context.ts";
import { messageOf } from "../core/errors.ts";
import { Obstacle, shortPatience, type Way } from "./attempt.ts";
import { type Answered, query } from "./client.ts";
import type { Daemon } from "./daemon.ts";

/** The way into the tailnet that a daemon of ours opened. */
export function wayThrough({ connection, proxy }: Daemon, context: Context): Way {
  const ask = async (host: string, signal: AbortSignal) =>
    await query(connection, host, { ...context, signal }).catch((thrown): Answered => {
      signal.throwIfAborted();
      return { addresses: [], code: messageOf(thrown) };
    });
  return { proxy, resolve: proxy === undefined ? byMachine(ask) : byProxy(ask) };
}

type Ask = (host: string, signal: AbortSignal) => Promise<Answered>;

/** The proxy asks the tailnet first, and for what is unknown there the resolver of the machine. */
function byProxy(ask: Ask): Way["resolve"] {
  return async (host, signal) => {
    const { addresses, code } = await ask(host, signal);
    if (addresses.length > 0) return;
    const reason = await unknownToMachine(host);
    if (reason !== undefined) throw unknown(code, reason);
  };
}

/** Programs on the machine ask its resolver, which `accept-dns` lets ask the tailnet's. */
function byMachine(ask: Ask): Way["resolve"] {
  return async (host, signal) => {
    const reason = await unknownToMachine(host);
    if (reason === undefined) return;
    const { addresses, code } = await ask(host, signal);
    if (addresses.length === 0) throw unknown(code, reason);
    // No short patience here: it may take the machine a while to take up its new resolver.
    const known = addresses.join(", ");
    throw new Obstacle(
      "name",
      `the tailnet's resolver gives ${known}, but the machine's own does not ask it (${reason})`,
    );
  };
}

async function unknownToMachine(host: string): Promise<string | undefined> {
  return await lookup(host).then(() => undefined, messageOf);
}

function unknown(code: string, reason: string): Obstacle {
  return new Obstacle("name", `the tailnet's resolver: ${code}; the machine's: ${reason}`, shortPatience);
}
