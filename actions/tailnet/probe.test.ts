import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { type TestContext, test } from "node:test";
import { ask, describeProbe, parseProbe } from "./probe.ts";

const limit = () => AbortSignal.timeout(10_000);

async function listen(server: Server, t: TestContext): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

test("a probe is host:port or an https address", () => {
  assert.deepEqual(parseProbe("cluster:6443"), { host: "cluster", port: 6443 });
  assert.deepEqual(parseProbe("[fd7a::1]:6443"), { host: "fd7a::1", port: 6443 });
  assert.deepEqual(parseProbe("https://api.test"), { host: "api.test", port: 443, path: "/" });
  assert.deepEqual(parseProbe("https://api.test:6443/livez?verbose"), {
    host: "api.test",
    port: 6443,
    path: "/livez?verbose",
  });
});

for (const wrong of [
  "cluster",
  "cluster:0",
  "cluster:70000",
  ":6443",
  "http://cluster:6443",
  "cluster:6443/path",
  "a b:1",
]) {
  test(`"${wrong}" is no probe`, () => {
    assert.throws(() => parseProbe(wrong), /each line must be host:port or https/);
  });
}

test("a probe is described as it was written", () => {
  for (const written of ["cluster:6443", "[fd7a::1]:6443", "https://api.test:6443/livez"]) {
    assert.equal(describeProbe(parseProbe(written)), written);
  }
});

test("an accepted connection answers a TCP probe, a refused one does not", async (t) => {
  const server = createServer((socket) => socket.end());
  const port = await listen(server, t);
  await ask({ host: "127.0.0.1", port }, undefined, limit());
  server.close();
  await once(server, "close");
  await assert.rejects(ask({ host: "127.0.0.1", port }, undefined, limit()), /ECONNREFUSED/);
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
  const proxyPort = await listen(proxy, t);
  await ask({ host: "cluster.tailnet.test", port: 6443 }, `http://127.0.0.1:${proxyPort}`, limit());
  assert.deepEqual(asked, ["cluster.tailnet.test:6443"]);
});

test("what the proxy could not reach is told in its words", async (t) => {
  const proxy = createHttpServer();
  proxy.on("connect", (_request, socket) => {
    socket.end("HTTP/1.1 500 Internal Server Error\r\nTailscale-Connect-Error: connection was refused\r\n\r\n");
  });
  const proxyPort = await listen(proxy, t);
  await assert.rejects(
    ask({ host: "100.64.0.1", port: 1 }, `http://127.0.0.1:${proxyPort}`, limit()),
    /^Error: connection was refused$/,
  );
});

test("a silent server does not answer an https probe, and the signal ends the wait", async (t) => {
  const server = createServer();
  const open = new Promise<void>((resolve) =>
    server.once("connection", (socket) => {
      t.after(() => socket.destroy());
      socket.resume();
      resolve();
    }),
  );
  const port = await listen(server, t);
  const cancel = new AbortController();
  const asking = ask({ host: "127.0.0.1", port, path: "/" }, undefined, cancel.signal);
  void open.then(() => cancel.abort());
  await assert.rejects(asking, { name: "AbortError" });
});
