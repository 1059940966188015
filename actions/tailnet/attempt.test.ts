import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { type Certificate, issue, makeAuthority } from "../../test/cluster/certificates.ts";
import { attempt, Obstacle, type Way } from "./attempt.ts";

const limit = () => AbortSignal.timeout(10_000);
const direct: Way = { proxy: undefined, find: async () => {} };

const folder = mkdtempSync(join(tmpdir(), "fairlead-attempt-"));
after(() => rmSync(folder, { recursive: true }));

let named: Certificate;
let unnamed: Certificate;
before(async () => {
  const authority = await makeAuthority(folder);
  const alternativeNames = ["IP:127.0.0.1", "DNS:api.test"];
  named = await issue(folder, "named", authority, { commonName: "api", alternativeNames });
  unnamed = await issue(folder, "unnamed", authority, { commonName: "127.0.0.1" });
});

async function listen(server: Server, t: TestContext): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function listenTls(status: number, { certificate, key }: Certificate, t: TestContext): Promise<number> {
  const options = { cert: readFileSync(certificate), key: readFileSync(key) };
  const server = createHttpsServer(options, (_request, response) => response.writeHead(status).end());
  t.after(() => server.closeAllConnections());
  return await listen(server, t);
}

/** Where an attempt ends. */
async function obstacleOf(attempting: Promise<void>): Promise<Obstacle> {
  const thrown = await attempting.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(thrown instanceof Obstacle, String(thrown));
  return thrown;
}

test("an accepted connection answers a TCP probe; a refused one does not, and is not waited for long", async (t) => {
  const server = createServer((socket) => socket.end());
  const port = await listen(server, t);
  await attempt({ host: "127.0.0.1", port }, direct, limit());
  server.close();
  await once(server, "close");
  const {
    at,
    message,
    patience = Number.NaN,
  } = await obstacleOf(attempt({ host: "127.0.0.1", port }, direct, limit()));
  assert.equal(at, "connection");
  assert.match(message, /ECONNREFUSED/);
  assert.ok(patience > 0);
});

test("who has the name or the address is found first", async () => {
  const unknown = new Obstacle("name", "nobody knows it", 1);
  const way: Way = { proxy: undefined, find: () => Promise.reject(unknown) };
  assert.equal(await obstacleOf(attempt({ host: "cluster.test", port: 1 }, way, limit())), unknown);
});

test("the side that asks closes the connection", async (t) => {
  const options = { cert: readFileSync(named.certificate), key: readFileSync(named.key) };
  const server = createHttpsServer({ ...options, keepAliveTimeout: 0 }, (_request, response) => response.end());
  const ended = new Promise((resolve) => server.once("secureConnection", (socket) => socket.once("close", resolve)));
  const asked = new Promise<string | undefined>((resolve) => {
    server.once("request", ({ headers }) => resolve(headers.connection));
  });
  t.after(() => server.closeAllConnections());
  const port = await listen(server, t);
  await attempt({ host: "127.0.0.1", port, path: "/readyz" }, direct, limit());
  assert.equal(await asked, "keep-alive");
  await ended;
});

test("through a proxy, the proxy opens the connection", async (t) => {
  const port = await listen(
    createServer((socket) => socket.end()),
    t,
  );
  const asked: (string | undefined)[] = [];
  const proxy = createHttpServer();
  proxy.on("connect", (request, socket) => {
    asked.push(request.url);
    const onward = connect(port, "127.0.0.1", () => socket.write("HTTP/1.1 200 OK\r\n\r\n"));
    onward.pipe(socket).pipe(onward);
  });
  const way: Way = { ...direct, proxy: `http://127.0.0.1:${await listen(proxy, t)}` };
  await attempt({ host: "cluster.tailnet.test", port: 6443 }, way, limit());
  await attempt({ host: "fd7a:115c:a1e0::1", port: 6443 }, way, limit());
  assert.deepEqual(asked, ["cluster.tailnet.test:6443", "[fd7a:115c:a1e0::1]:6443"]);
});

test("what the proxy could not reach is told in its words", async (t) => {
  const proxy = createHttpServer();
  proxy.on("connect", (_request, socket) => {
    socket.end("HTTP/1.1 500 Internal Server Error\r\nTailscale-Connect-Error: connection was refused\r\n\r\n");
  });
  const way: Way = { ...direct, proxy: `http://127.0.0.1:${await listen(proxy, t)}` };
  const { at, message } = await obstacleOf(attempt({ host: "100.64.0.1", port: 1 }, way, limit()));
  assert.deepEqual([at, message], ["connection", "connection was refused"]);
});

test("a server that is silent, or speaks no TLS, is told apart from one that answers", async (t) => {
  const silent = createServer();
  const open = new Promise<void>((resolve) =>
    silent.once("connection", (socket) => {
      t.after(() => socket.destroy());
      // The first bytes are the handshake's: the connection is open for the client, too.
      socket.once("data", () => resolve());
    }),
  );
  const cancel = new AbortController();
  const asking = attempt({ host: "127.0.0.1", port: await listen(silent, t), path: "/" }, direct, cancel.signal);
  void open.then(() => cancel.abort());
  const stopped = await obstacleOf(asking);
  assert.deepEqual([stopped.at, stopped.message, stopped.patience], ["tls", "nothing came back", undefined]);

  const plain = createServer((socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n"));
  const { at } = await obstacleOf(
    attempt({ host: "127.0.0.1", port: await listen(plain, t), path: "/" }, direct, limit()),
  );
  assert.equal(at, "tls");
});

test("a certificate must bear the address that is used, or the name that the kubeconfig asks for", async (t) => {
  const port = await listenTls(200, named, t);
  const probe = { host: "127.0.0.1", port, path: "/readyz" };
  await attempt(probe, direct, limit());
  await attempt({ ...probe, certificate: { name: "api.test" } }, direct, limit());
  const { at, message, patience } = await obstacleOf(
    attempt({ ...probe, certificate: { name: "cluster.test" } }, direct, limit()),
  );
  assert.deepEqual([at, message, patience], ["certificate", "its certificate is for 127.0.0.1, api.test", 0]);
  await attempt({ ...probe, certificate: { name: "cluster.test", ignored: true } }, direct, limit());
});

test("a common name alone is no name, as for Go's clients", async (t) => {
  const port = await listenTls(200, unnamed, t);
  const { message } = await obstacleOf(attempt({ host: "127.0.0.1", port, path: "/" }, direct, limit()));
  assert.equal(message, 'its certificate is for no address, it has only the common name "127.0.0.1"');
});

test("an answer that wants a login is one, a failure of the server is none", async (t) => {
  for (const status of [200, 401, 403, 404]) {
    await attempt({ host: "127.0.0.1", port: await listenTls(status, named, t), path: "/readyz" }, direct, limit());
  }
  const port = await listenTls(500, named, t);
  const { at, message } = await obstacleOf(attempt({ host: "127.0.0.1", port, path: "/readyz" }, direct, limit()));
  assert.deepEqual([at, message], ["answer", "HTTP 500"]);
});
