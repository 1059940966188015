import type { IncomingMessage } from "node:http";
import { Agent, type AgentOptions, type RequestOptions, request as send } from "node:https";
import { messageOf } from "./errors.ts";
import { invalidKubeconfig, type Kubeconfig } from "./kubeconfig.ts";

/** A call of a path of the API server. */
export interface PlainRequest {
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly accept?: string;
  /** `application/json` if left out, where there is a body. */
  readonly contentType?: string;
  readonly body?: unknown;
}

/** The way to an API server; connections stay open for the next call, and TLS sessions are resumed. */
export interface Connection {
  /** Sends a request, and gives the answer whatever its status, its body still to be read. */
  open(request: PlainRequest, signal: AbortSignal): Promise<IncomingMessage>;
}

/** Options by which Node calls as the user of a kubeconfig. */
type Credentials = Pick<RequestOptions, "headers" | "auth" | "agent">;

/**
 * Prepares the way to the API server of a kubeconfig; nothing is called yet.
 *
 * @throws FairleadError KUBECONFIG_INVALID.
 */
export async function openConnection(kubeconfig: Kubeconfig): Promise<Connection> {
  const credentialsOf = isPlain(kubeconfig) ? await readCredentials(kubeconfig) : await loadCredentials(kubeconfig);
  // A server behind a proxy may have a path of its own.
  const root = kubeconfig.server.href.replace(/\/$/, "");
  return {
    async open({ path, query, method = "GET", accept = "application/json", contentType, body }, signal) {
      const { headers, ...credentials } = await credentialsOf();
      const url = new URL(`${root}${path}`);
      for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
      const text = body === undefined ? undefined : JSON.stringify(body);
      const described = text === undefined ? {} : describe(text, contentType);
      const options = { ...credentials, method, headers: { ...headers, accept, ...described } };
      signal.throwIfAborted();
      return await new Promise((resolve, reject) => {
        const request = send(url, options, resolve);
        const stop = () => {
          request.destroy(signal.reason);
          // Of a request that waits for a proxy, Node would tell it only when the proxy has answered.
          reject(signal.reason);
        };
        signal.addEventListener("abort", stop);
        request.once("error", reject).once("close", () => signal.removeEventListener("abort", stop));
        request.end(text);
      });
    },
  };
}

function describe(text: string, type = "application/json") {
  // Node gives the length of a body by itself, but not that of a DELETE.
  return { "content-type": type, "content-length": Buffer.byteLength(text) };
}

const plainClusterKeys = [
  "server",
  "certificate-authority-data",
  "insecure-skip-tls-verify",
  "tls-server-name",
  "proxy-url",
  "disable-compression",
  "extensions",
];
const plainUserKeys = ["token", "client-certificate-data", "client-key-data", "username", "password"];

/** Whether all that is needed stands in a kubeconfig itself: no file, no program, no provider of credentials. */
function isPlain({ cluster, user }: Kubeconfig): boolean {
  return (
    Object.keys(cluster).every((key) => plainClusterKeys.includes(key)) &&
    Object.keys(user).every((key) => plainUserKeys.includes(key)) &&
    !/^socks/.test(textOf(cluster["proxy-url"]) ?? "")
  );
}

/** Reads credentials that stand in the kubeconfig. The client library takes a tenth of a second to load, and 40 MiB. */
async function readCredentials({ cluster, user, certificate }: Kubeconfig): Promise<() => Promise<Credentials>> {
  const agent = await agentOf(textOf(cluster["proxy-url"]), {
    ca: bytesOf(cluster["certificate-authority-data"]),
    cert: bytesOf(user["client-certificate-data"]),
    key: bytesOf(user["client-key-data"]),
    ...(certificate.ignored ? { rejectUnauthorized: false } : {}),
    ...(certificate.name === undefined ? {} : { servername: certificate.name }),
  });
  const { token, username, password } = user;
  const credentials = {
    agent,
    ...(token ? { headers: { authorization: `Bearer ${token}` } } : {}),
    ...(username ? { auth: `${username}:${password ?? ""}` } : {}),
  };
  return async () => credentials;
}

async function agentOf(proxy: string | undefined, tls: AgentOptions): Promise<Agent> {
  const options = { ...tls, keepAlive: true };
  if (proxy === undefined) return new Agent(options);
  const { HttpsProxyAgent } = await import("hpagent");
  return new HttpsProxyAgent({ ...options, proxy });
}

/** Has the client library find the credentials: it runs programs, renews tokens and reads files. */
async function loadCredentials({ text }: Kubeconfig): Promise<() => Promise<Credentials>> {
  const config = await loadConfig(text);
  return async () => {
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    return options;
  };
}

/** A kubeconfig as the client library knows it. */
export async function loadConfig(text: string) {
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  try {
    config.loadFromString(text);
    return config;
  } catch (thrown) {
    throw invalidKubeconfig(messageOf(thrown));
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function bytesOf(base64: unknown): Buffer | undefined {
  const text = textOf(base64);
  return text === undefined ? undefined : Buffer.from(text, "base64");
}
