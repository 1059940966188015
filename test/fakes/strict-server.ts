import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as a stand-in sees it. */
export interface Incoming {
  readonly method: string;
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a stand-in answers. */
export interface Answer {
  readonly status: number;
  /** Sent as JSON; nothing is sent when it is left out. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Says what is wrong with the request: no client of ours may send it, so {@link StrictServer.assertClean} throws. */
  readonly violation?: string;
}

/** `stall` stops before or inside the body, `trickle` sends it byte by byte for a minute, `reset` ends the connection. */
export type Misbehaviour = "stall-headers" | "stall-body" | "trickle-body" | "reset";

/** Trouble that a test orders for the next requests. */
export interface Fault {
  /** Which requests, by `METHOD /path`; all when left out. */
  readonly route?: RegExp;
  /** How many requests; 1 by default. */
  readonly times?: number;
  /** Done before the request is looked at. */
  readonly before?: () => void;
  /** Answered instead, or what is done instead of answering; the request is answered as ever if left out. */
  readonly answer?: Answer | Misbehaviour;
}

/** A request that was answered. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly status: number;
}

/** A running stand-in. */
export interface StrictServer {
  readonly url: string;
  readonly exchanges: readonly Exchange[];
  /** Orders trouble for the next requests. */
  interrupt(fault: Fault): void;
  /** @throws Error that lists every request which the real service would not have understood. */
  assertClean(): void;
  /** Stops listening and drops open connections. @throws as {@link assertClean} */
  close(): Promise<void>;
  /** Closes it at the end of an `await using`, so that a failed test leaves nothing listening. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a stand-in on this machine; port 0 takes a free one. */
export async function startStrictServer(options: {
  readonly name: string;
  readonly host?: string;
  readonly port?: number;
  readonly handle: (incoming: Incoming) => Answer;
}): Promise<StrictServer> {
  const exchanges: Exchange[] = [];
  const violations: string[] = [];
  let faults: Fault[] = [];

  const answer = async (message: IncomingMessage, response: ServerResponse) => {
    const incoming = await read(message);
    const route = `${incoming.method} ${incoming.url.pathname}`;
    const fault = faults.find((candidate) => candidate.route?.test(route) ?? true);
    if (fault !== undefined) faults = used(faults, fault);
    fault?.before?.();
    if (typeof fault?.answer === "string") return misbehave(fault.answer, response);
    const given = fault?.answer ?? options.handle(incoming);
    if (given.violation !== undefined) violations.push(`${route}: ${given.violation}`);
    exchanges.push({
      method: incoming.method,
      path: incoming.url.pathname,
      query: Object.fromEntries(incoming.url.searchParams),
      headers: incoming.headers,
      body: incoming.body,
      status: given.status,
    });
    response.writeHead(given.status, { "content-type": "application/json; charset=utf-8", ...given.headers });
    response.end(given.body === undefined ? undefined : JSON.stringify(given.body));
  };

  const server = createServer((message, response) => {
    answer(message, response).catch((thrown: unknown) => {
      // A bug of the stand-in must not look like an answer of the service.
      violations.push(`the stand-in failed: ${(thrown as Error).stack}`);
      response.destroy();
    });
  });
  server.listen(options.port ?? 0, options.host ?? "127.0.0.1");
  await once(server, "listening");

  const assertClean = () => {
    if (violations.length > 0) throw new Error(`${options.name} was used wrongly:\n  ${violations.join("\n  ")}`);
  };
  const close = async () => {
    if (server.listening) {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    }
    assertClean();
  };
  return {
    url: addressOf(server),
    exchanges,
    interrupt: (fault) => faults.push(fault),
    assertClean,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function addressOf(server: Server): string {
  const { address, port } = server.address() as AddressInfo;
  return `http://${address}:${port}`;
}

async function read(message: IncomingMessage): Promise<Incoming> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  const headers = Object.entries(message.headers).map(([name, value]) => [name, String(value)]);
  return {
    method: message.method ?? "GET",
    url: new URL(message.url ?? "/", "http://stand.in"),
    headers: Object.fromEntries(headers),
    body: Buffer.concat(chunks).toString(),
  };
}

function used(faults: readonly Fault[], fault: Fault): Fault[] {
  const left = (fault.times ?? 1) - 1;
  return faults.flatMap((each) => (each !== fault ? [each] : left > 0 ? [{ ...fault, times: left }] : []));
}

function misbehave(way: Misbehaviour, response: ServerResponse): void {
  if (way === "reset") response.destroy();
  if (way === "stall-body" || way === "trickle-body") {
    response.writeHead(200, { "content-type": "application/json" });
    response.write("{");
  }
  if (way === "trickle-body") trickle(response);
}

/** White space is JSON all along, so a client that waits for the end gets an answer after a minute. */
function trickle(response: ServerResponse): void {
  let left = 600;
  const timer = setInterval(() => {
    if (left-- > 0) response.write(" ");
    else response.end("}");
  }, 100);
  response.once("close", () => clearInterval(timer));
}
