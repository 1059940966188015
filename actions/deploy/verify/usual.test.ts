import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, connect, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { issue, makeAuthority } from "../../../test/cluster/certificates.ts";
import type { Cluster } from "../../core/cluster.ts";
import type { Application } from "../../validate/application.ts";
import { type PrivateWay, usualChecks } from "./usual.ts";

interface Address {
  readonly url: string;
  readonly public: boolean;
}

/** The checks of an application that is reached at these addresses only. */
const checksOf = (...ingress: Address[]) => checksIn(undefined, ...ingress);
const checksIn = (way: PrivateWay | undefined, ...ingress: Address[]) =>
  usualChecks({} as Cluster, { components: {}, ingress, cluster: {} } as unknown as Application, way);

async function listening(context: TestContext, server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  context.after(() => server.close());
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

test("a public address is asked, and a private one from within the tailnet only", () => {
  const addresses = [
    { url: "https://web.example.com", public: true },
    { url: "https://internal.example.com", public: false },
  ];
  const names = (way?: PrivateWay) => checksIn(way, ...addresses).map(({ name }) => name);
  assert.deepEqual(names(), ["https://web.example.com"]);
  assert.deepEqual(names({}), ["https://web.example.com", "https://internal.example.com"]);
});

test("a private address is asked through the proxy into the tailnet, and its certificate must be good", async (context) => {
  const asked: string[] = [];
  const folder = await mkdtemp(join(tmpdir(), "fairlead-usual-"));
  context.after(() => rm(folder, { recursive: true }));
  const subject = { commonName: "internal", alternativeNames: ["DNS:internal.example.com"] };
  const { key, certificate } = await issue(folder, "server", await makeAuthority(folder), subject);
  const files = { key: await readFile(key), cert: await readFile(certificate) };
  const secure = await listening(context, createSecureServer(files));
  // A request without TLS is answered by the proxy itself, one with it gets a way to the server.
  const proxy = createServer((incoming, response) => {
    asked.push(incoming.url ?? "");
    response.writeHead(incoming.url?.includes("gone") ? 502 : 404).end();
  });
  proxy.on("connect", (request, socket: Socket) => {
    asked.push(request.url ?? "");
    const other = connect(secure, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      socket.pipe(other).pipe(socket);
    });
    for (const one of [socket, other]) one.on("error", () => {});
  });
  const way = { proxy: `http://127.0.0.1:${await listening(context, proxy)}` };
  const addresses = ["http://internal.example.com", "https://internal.example.com", "http://gone.example.com"];
  const checks = checksIn(way, ...addresses.map((url) => ({ url, public: false })));
  const [plain, tls, gone] = await Promise.all(checks.map(({ look }) => look(AbortSignal.timeout(5_000))));
  assert.deepEqual(asked.sort(), [
    "http://gone.example.com/",
    "http://internal.example.com/",
    "internal.example.com:443",
  ]);
  assert.equal(plain?.state, "passed");
  assert.equal(tls?.state, "unknown");
  assert.match(tls?.said ?? "", /certificate/);
  assert.equal(gone?.state, "unknown");
});

test("an address is good when the way in leads to the app, whatever it answers at its root", async (context) => {
  let status = 200;
  const server = createServer((_, response) => response.writeHead(status).end("said")).listen(0, "127.0.0.1");
  context.after(() => server.close());
  await once(server, "listening");
  const [check] = checksOf({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, public: true });
  const states: Record<number, string | undefined> = {};
  for (status of [200, 404, 502]) states[status] = (await check?.look(AbortSignal.timeout(5_000)))?.state;
  assert.deepEqual(states, { 200: "passed", 404: "passed", 502: "wrong" });
});

test("an address that this runner does not reach is not known: its DNS record may be a minute old", async () => {
  const [check] = checksOf({ url: "https://no-such-host.invalid", public: true });
  const finding = await check?.look(AbortSignal.timeout(10_000));
  assert.equal(finding?.state, "unknown");
  assert.match(finding?.said ?? "", /is not reached from this runner/);
});
