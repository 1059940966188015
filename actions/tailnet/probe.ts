import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { request as secureRequest } from "node:https";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { lines, type Parse } from "../core/inputs.ts";

/** An address that must answer through the tailnet. */
export interface Probe {
  readonly host: string;
  readonly port: number;
  /** Asked for over HTTPS, where any answer counts; without it, an accepted TCP connection is enough. */
  readonly path?: string;
}

/** One probe a line. */
export const probes: Parse<readonly Probe[]> = (value) => lines(value).map(parseProbe);

/**
 * Reads `host:port`, `[address]:port` or `https://…`.
 *
 * @throws Error whose message completes "`probe` …".
 */
export function parseProbe(value: string): Probe {
  const secure = /^https:\/\//i.test(value);
  const url = URL.parse(secure ? value : `tcp://${value}`);
  const port = Number(url?.port || (secure ? 443 : 0));
  const plain = url !== null && (secure || /^\/?$/.test(url.pathname)) && !url.username;
  if (!plain || !url.hostname || port === 0) {
    throw new Error(`has "${value}", but each line must be host:port or https://…`);
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return { host, port, ...(secure ? { path: `${url.pathname}${url.search}` } : {}) };
}

/** The probe as the log and the errors name it. */
export function describeProbe({ host, port, path }: Probe): string {
  const address = `${bracketed(host)}:${port}`;
  return path === undefined ? address : `https://${address}${path}`;
}

/**
 * Asks once, directly or through an HTTP proxy.
 *
 * @param signal ends the attempt.
 * @throws Error that says what happened instead of an answer.
 */
export async function ask(probe: Probe, proxy: string | undefined, signal: AbortSignal): Promise<void> {
  const socket = await (proxy === undefined ? dial(probe.host, probe.port, signal) : tunnel(probe, proxy, signal));
  const drop = () => socket.destroy();
  signal.addEventListener("abort", drop, { once: true });
  try {
    if (probe.path !== undefined) await answerOverTls(socket, probe.host, probe.path, signal);
  } finally {
    signal.removeEventListener("abort", drop);
    socket.destroy();
  }
}

async function dial(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  const socket = connectTcp({ host, port });
  try {
    await once(socket, "connect", { signal });
    return socket;
  } catch (thrown) {
    socket.destroy();
    throw thrown;
  }
}

/** A connection through the proxy's CONNECT; tailscaled answers it only once the other side has accepted. */
async function tunnel({ host, port }: Probe, proxy: string, signal: AbortSignal): Promise<Socket> {
  const call = request(proxy, { method: "CONNECT", path: `${bracketed(host)}:${port}`, agent: false, signal });
  call.end();
  const [response, socket] = (await once(call, "connect", { signal })) as [IncomingMessage, Socket];
  if (response.statusCode === 200) return socket;
  socket.destroy();
  throw new Error(String(response.headers["tailscale-connect-error"] ?? `the proxy answered ${response.statusCode}`));
}

async function answerOverTls(socket: Socket, host: string, path: string, signal: AbortSignal): Promise<void> {
  // Whose certificate it is does not matter here: nothing secret is sent, and only the way there is looked at.
  const secured = connectTls({ socket, rejectUnauthorized: false, ...(isAddress(host) ? {} : { servername: host }) });
  await once(secured, "secureConnect", { signal });
  // No `agent` here, not even `false`: with one, `createConnection` is not asked.
  const call = secureRequest({ method: "GET", host, path, createConnection: () => secured, signal });
  call.end();
  await once(call, "response", { signal });
}

function isAddress(host: string): boolean {
  return host.includes(":") || /^[\d.]+$/.test(host);
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
