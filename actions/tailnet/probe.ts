import { lines, type Parse } from "../core/inputs.ts";
import type { ServerCertificate } from "../core/kubeconfig.ts";

/** An address that must answer through the tailnet. */
export interface Probe {
  readonly host: string;
  readonly port: number;
  /** Asked for over HTTPS; without it, an accepted TCP connection is enough. */
  readonly path?: string;
  /** What the certificate must say; the name of the host when left out. */
  readonly certificate?: ServerCertificate;
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

/** A host as it stands before a port. */
export function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
