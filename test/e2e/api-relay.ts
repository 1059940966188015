import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import { Agent, createServer, type RequestOptions, request } from "node:https";
import { type AddressInfo, connect, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { stringify } from "yaml";
import { issue, makeAuthority } from "../cluster/certificates.ts";
import type { ApiServer } from "../cluster/kubernetes.ts";

/** A request that changes something in the cluster. */
export interface Write {
  readonly method: string;
  /** Path without its query. */
  readonly path: string;
}

/** Who is told of the writes that pass, and is waited for. */
export interface WriteListener {
  /** Just before a write is sent on to the API server. */
  before?(write: Write): void | Promise<void>;
  /** When the API server has answered, before the client learns of it. */
  after?(write: Write & { readonly status: number }): void | Promise<void>;
}

/** A way to the API server that sees every request, and can be cut. */
export interface ApiRelay extends AsyncDisposable {
  /** Text of a kubeconfig that leads through it, with the rights of the cluster's administrator. */
  readonly kubeconfig: string;
  /** The token in it, which is a secret. */
  readonly token: string;
  /** How many requests have come so far, of whatever kind. */
  requests(): number;
  /** Tells of each write from now on; the answer ends that. */
  listen(listener: WriteListener): () => void;
  /** Ends every connection, and refuses new ones; `silent` leaves them open and lets nothing through. */
  cut(how?: "refuse" | "silent"): Promise<void>;
  /** Lets connections through again. */
  heal(): Promise<void>;
}

/** Puts a relay in front of the API server: HTTP/1.1 over TLS, with a certificate of its own. */
export async function openApiRelay(
  apiServer: Pick<ApiServer, "server" | "authority" | "administrator">,
): Promise<ApiRelay> {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-relay-"));
  const authority = await makeAuthority(folder);
  const certificate = await issue(folder, "relay", authority, {
    commonName: "relay",
    alternativeNames: ["IP:127.0.0.1"],
  });
  const token = randomBytes(24).toString("hex");
  const listeners = new Set<WriteListener>();
  const agent = new Agent({ keepAlive: true });
  const upstream: RequestOptions = {
    host: new URL(apiServer.server).hostname,
    port: new URL(apiServer.server).port,
    agent,
    ca: readFileSync(apiServer.authority.certificate),
    cert: readFileSync(apiServer.administrator.certificate),
    key: readFileSync(apiServer.administrator.key),
  };
  const isKnown = ({ headers }: IncomingMessage) => headers.authorization === `Bearer ${token}`;
  const server = createServer({ cert: readFileSync(certificate.certificate), key: readFileSync(certificate.key) });
  let requests = 0;
  server.on("request", (from, to) => {
    requests++;
    if (isKnown(from)) passOn(from, to, upstream, listeners);
    else to.writeHead(401).end();
  });
  server.on("upgrade", (from: IncomingMessage, socket: Duplex) => {
    if (isKnown(from)) passOnStream(from, socket, upstream);
    else socket.destroy();
  });
  const inner = await listenOn(server, 0);
  const wire = await openWire(inner);
  const authorityData = readFileSync(authority.certificate, "base64");
  rmSync(folder, { recursive: true });
  return {
    token,
    requests: () => requests,
    kubeconfig: kubeconfig(`https://127.0.0.1:${wire.port}`, authorityData, token),
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    cut: wire.cut,
    heal: wire.heal,
    async [Symbol.asyncDispose]() {
      await wire.cut("refuse");
      server.closeAllConnections();
      server.close();
      agent.destroy();
    },
  };
}

function kubeconfig(server: string, authorityData: string, token: string): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "relay",
    contexts: [{ name: "relay", context: { cluster: "relay", user: "relay" } }],
    clusters: [{ name: "relay", cluster: { server, "certificate-authority-data": authorityData } }],
    users: [{ name: "relay", user: { token } }],
  });
}

function passOn(from: IncomingMessage, to: ServerResponse, upstream: RequestOptions, listeners: Set<WriteListener>) {
  const write = writeOf(from);
  const told = write === undefined ? [] : [...listeners];
  void (async () => {
    await Promise.all(told.map((listener) => listener.before?.(write as Write)));
    // Cut meanwhile: it does not arrive.
    if (to.destroyed) return;
    const onwards = request({ ...upstream, ...requestOf(from) });
    onwards.on("error", () => to.destroy());
    // The client went away; a watch would go on for ever.
    to.on("close", () => onwards.destroy());
    from.pipe(onwards);
    onwards.on("response", async (answer) => {
      const status = answer.statusCode ?? 0;
      await Promise.all(told.map((listener) => listener.after?.({ ...(write as Write), status })));
      if (to.destroyed) {
        onwards.destroy();
        return;
      }
      to.writeHead(status, answer.headers);
      // A watch without events has an answer too.
      to.flushHeaders();
      answer.on("error", () => to.destroy());
      answer.pipe(to);
    });
  })();
}

/** `exec` leaves HTTP behind: after the answer both sides speak as they like. */
function passOnStream(from: IncomingMessage, socket: Duplex, upstream: RequestOptions): void {
  const onwards = request({ ...upstream, ...requestOf(from), agent: false });
  const end = () => {
    socket.destroy();
    onwards.destroy();
  };
  socket.on("error", end).on("close", end);
  onwards.on("error", end);
  const answerWith = ({ statusCode = 500, rawHeaders }: IncomingMessage) => {
    const lines = [`HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}`];
    for (let at = 0; at < rawHeaders.length; at += 2) lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  };
  onwards.on("upgrade", (answer, other, head) => {
    answerWith(answer);
    socket.write(head);
    other.on("error", end).on("close", end);
    other.pipe(socket).pipe(other);
  });
  onwards.on("response", (answer) => {
    answerWith(answer);
    answer.pipe(socket);
  });
  onwards.end();
}

function requestOf({ method, url, headers }: IncomingMessage): RequestOptions {
  const { authorization: _, host: __, ...others } = headers;
  return { method: method ?? "GET", path: url ?? "/", headers: others };
}

/** Undefined for a request that only asks: reads, dry runs, questions about permissions, calls through a proxy. */
function writeOf({ method = "GET", url = "/" }: IncomingMessage): Write | undefined {
  const { pathname, searchParams } = new URL(url, "https://relay");
  if (!["POST", "PUT", "PATCH", "DELETE"].includes(method) || searchParams.has("dryRun")) return undefined;
  if (/^\/apis\/(authorization|authentication)\.k8s\.io\/|\/(proxy|exec)(\/|$)/.test(pathname)) return undefined;
  return { method, path: pathname };
}

/** The network between a client and the relay: bytes pass, or they do not. */
async function openWire(inner: number) {
  const sockets = new Set<Socket>();
  let silent = false;
  const keep = (socket: Socket, other: Socket) => {
    sockets.add(socket);
    socket.on("error", () => other.destroy());
    socket.on("close", () => {
      sockets.delete(socket);
      other.destroySoon();
    });
  };
  const open = (client: Socket) => {
    const server = connect(inner, "127.0.0.1");
    keep(client, server);
    keep(server, client);
    const hand = (from: Socket, to: Socket) =>
      from.on("data", (chunk) => {
        if (!silent) to.write(chunk);
      });
    hand(client, server);
    hand(server, client);
  };
  let gate = createTcpServer(open);
  const port = await listenOn(gate, 0);
  return {
    port,
    async cut(how: "refuse" | "silent" = "refuse") {
      silent = how === "silent";
      if (silent) return;
      if (gate.listening) gate.close();
      for (const socket of sockets) reset(socket);
    },
    async heal() {
      // What was lost on the way makes a connection useless.
      if (silent) for (const socket of sockets) reset(socket);
      silent = false;
      if (gate.listening) return;
      gate = createTcpServer(open);
      await listenOn(gate, port);
    },
  };
}

/** A socket that is ending cannot be reset (libuv, `uv_tcp_close_reset`): Node would wait for its end for ever at exit. */
function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

async function listenOn(server: Server, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, "127.0.0.1", resolve);
  await promise;
  return (server.address() as AddressInfo).port;
}
