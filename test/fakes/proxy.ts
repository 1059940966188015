import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, request } from "node:http";
import { type AddressInfo, connect, isIP, type Socket } from "node:net";

/** A proxy as companies have one, for tunnels and for plain requests, that knows a few names which nobody else knows. */
export interface Proxy extends AsyncDisposable {
  /** Address with a user and a password, for HTTPS_PROXY. */
  readonly url: string;
  readonly host: string;
  readonly password: string;
  /** What it was asked: `CONNECT host:port`, or `GET http://host/path`. */
  readonly asked: readonly string[];
  /** By which programs, as far as they say it. */
  readonly askedBy: readonly string[];
}

/** How it treats those that ask. */
export interface ProxyOptions {
  /** Ports by the names that lead there: of this machine, or by an address of their own, of the machine that has it. */
  readonly names?: Readonly<Record<string, number>>;
  /** `silent` never answers. */
  readonly mood?: "open" | "silent";
}

/** Starts one on a free port. */
export async function startProxy({ names = {}, mood = "open" }: ProxyOptions = {}): Promise<Proxy> {
  // With what has to be encoded in an address.
  const password = `${randomBytes(12).toString("hex")}/@ :`;
  const allowed = `Basic ${Buffer.from(`runner:${password}`).toString("base64")}`;
  const [asked, askedBy]: [string[], string[]] = [[], []];
  const server = createServer((incoming, response) => {
    const { url = "", method = "", headers } = incoming;
    asked.push(`${method} ${url}`);
    if (mood === "silent") return;
    const { "proxy-authorization": login, ...others } = headers;
    const port = names[URL.parse(url)?.hostname ?? ""];
    if (login !== allowed) return void response.writeHead(407).end();
    if (port === undefined) return void response.writeHead(502).end();
    const { pathname, search } = new URL(url);
    const options = { host: "127.0.0.1", port, method, headers: others, path: `${pathname}${search}` };
    const onward = request(options, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    incoming.pipe(onward);
  });
  server.on("connect", ({ url = "", headers }, socket) => {
    asked.push(`CONNECT ${url}`);
    askedBy.push(headers["user-agent"] ?? "");
    socket.on("error", () => {});
    if (mood === "silent") return;
    const name = url.replace(/:\d+$/, "");
    const port = names[name];
    if (headers["proxy-authorization"] !== allowed)
      return socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    if (port === undefined) return socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    const onward = connect(port, isIP(name) === 0 ? "127.0.0.1" : name, () => socket.write("HTTP/1.1 200 OK\r\n\r\n"));
    onward.on("error", () => socket.destroy());
    onward.pipe(socket).pipe(onward);
    return undefined;
  });
  // Those of tunnels are no connections of the server any more.
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://runner:${encodeURIComponent(password)}@${host}`,
    host,
    password,
    asked,
    askedBy,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
