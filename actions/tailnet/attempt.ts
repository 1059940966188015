import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { request as secureRequest } from "node:https";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { checkServerIdentity, connect as connectTls, type PeerCertificate, type TLSSocket } from "node:tls";
import { messageOf } from "../core/errors.ts";
import { bracketed, type Probe } from "./probe.ts";

/** The parts of a way, in the order in which they are gone. */
export type Stretch = "name" | "connection" | "tls" | "certificate" | "answer";

/** Where an attempt ended, and why. */
export class Obstacle extends Error {
  readonly at: Stretch;
  /** Milliseconds that it may go on before it is taken for what it is: it is no matter of waiting for a way. */
  readonly patience: number | undefined;

  constructor(at: Stretch, reason: string, patience?: number) {
    super(reason);
    this.at = at;
    this.patience = patience;
  }
}

/** How addresses are reached and names resolved. */
export interface Way {
  /** Address of an HTTP proxy; none where the machine itself is in the tailnet. */
  readonly proxy: string | undefined;
  /**
   * Resolves a name as whatever uses the way does, and finds who has an address of the tailnet.
   *
   * @throws Obstacle at `name` or `connection`
   */
  find(host: string, signal: AbortSignal): Promise<void>;
}

/** Long enough for a server that is just starting, or for the tailnet to tell of a machine that has just joined. */
export const shortPatience = 5_000;

/**
 * Goes the whole way once: the name, a TCP connection, and for HTTPS a handshake, a certificate with the right name and
 * an answer that is no failure of the server.
 *
 * @param signal ends the attempt.
 * @throws Obstacle; what `signal` was aborted with.
 */
export async function attempt(probe: Probe, way: Way, signal: AbortSignal): Promise<void> {
  await way.find(probe.host, signal);
  const socket = await (way.proxy === undefined ? dial(probe, signal) : tunnel(probe, way.proxy, signal));
  const drop = () => socket.destroy();
  signal.addEventListener("abort", drop, { once: true });
  try {
    if (probe.path !== undefined) await askOverTls(socket, { ...probe, path: probe.path }, signal);
  } finally {
    signal.removeEventListener("abort", drop);
    socket.destroy();
  }
}

async function dial({ host, port }: Probe, signal: AbortSignal): Promise<Socket> {
  const socket = connectTcp({ host, port });
  try {
    await once(socket, "connect", { signal });
    return socket;
  } catch (thrown) {
    socket.destroy();
    throw obstacle("connection", thrown, signal);
  }
}

/** A connection through the proxy's CONNECT; tailscaled answers it only once the other side has accepted. */
async function tunnel({ host, port }: Probe, proxy: string, signal: AbortSignal): Promise<Socket> {
  const call = request(proxy, { method: "CONNECT", path: `${bracketed(host)}:${port}`, agent: false, signal });
  call.end();
  const answer = once(call, "connect", { signal }) as Promise<[IncomingMessage, Socket]>;
  const [response, socket] = await answer.catch((thrown) => {
    throw obstacle("connection", thrown, signal);
  });
  if (response.statusCode === 200) return socket;
  socket.destroy();
  const said = response.headers["tailscale-connect-error"] ?? `the proxy answered ${response.statusCode}`;
  throw obstacle("connection", new Error(String(said)), signal);
}

async function askOverTls(socket: Socket, probe: Probe & { readonly path: string }, signal: AbortSignal) {
  const name = probe.certificate?.name ?? probe.host;
  // Who signed it is not looked at: a cluster signs its own, and nothing secret is sent here.
  const options = { socket, rejectUnauthorized: false, ...(isIP(name) === 0 ? { servername: name } : {}) };
  const secured = connectTls(options);
  await once(secured, "secureConnect", { signal }).catch((thrown) => {
    throw obstacle("tls", thrown, signal);
  });
  if (probe.certificate?.ignored !== true) checkNames(name, secured);
  const status = await statusOf(secured, probe, signal);
  if (status >= 500) throw new Obstacle("answer", `HTTP ${status}`);
}

function checkNames(name: string, secured: TLSSocket): void {
  const certificate = secured.getPeerCertificate();
  // Node.js would still take the common name where there are no others; Go, and so kubectl and helm, do not.
  const named = Boolean(certificate.subjectaltname);
  if (named && checkServerIdentity(name, certificate) === undefined) return;
  throw new Obstacle("certificate", `its certificate is for ${namesOf(certificate)}`, 0);
}

/** The names of a certificate, as many as fit into a sentence. */
function namesOf({ subjectaltname, subject }: PeerCertificate): string {
  const names = (subjectaltname ?? "").split(", ").map((entry) => entry.replace(/^(DNS|IP Address):/, ""));
  const known = names.filter((name) => name !== "");
  if (known.length === 0) return `no address, it has only the common name "${subject?.CN ?? ""}"`;
  return known.length > 12 ? `${known.slice(0, 12).join(", ")} and ${known.length - 12} more` : known.join(", ");
}

async function statusOf(secured: TLSSocket, probe: Probe & { readonly path: string }, signal: AbortSignal) {
  // We close first: the network stack of a tailscaled in userspace, which may be the other side's, takes no connection
  // from a port again for a minute after it has closed one itself.
  const headers = { host: `${bracketed(probe.host)}:${probe.port}`, connection: "keep-alive" };
  // No `agent` here, not even `false`: with one, `createConnection` is not asked.
  const call = secureRequest({ method: "GET", path: probe.path, headers, createConnection: () => secured, signal });
  call.end();
  const answer = once(call, "response", { signal }) as Promise<[IncomingMessage]>;
  const [response] = await answer.catch((thrown) => {
    throw obstacle("answer", thrown, signal);
  });
  return response.statusCode ?? 0;
}

function obstacle(at: Stretch, thrown: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return new Obstacle(at, "nothing came back");
  // A host of several addresses fails with an error for each.
  const reason = thrown instanceof AggregateError ? thrown.errors.map(messageOf).join(", ") : messageOf(thrown);
  return new Obstacle(at, reason, /refused/i.test(reason) ? shortPatience : undefined);
}
