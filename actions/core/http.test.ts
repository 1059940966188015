import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { startProxy } from "../../test/fakes/proxy.ts";
import { request, retryAfter } from "./http.ts";

const signal = new AbortController().signal;

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("gives status, headers and the whole body; an error status is an answer", async (t) => {
  const url = await serve(t, (incoming, response) => {
    response.writeHead(incoming.method === "POST" ? 201 : 404, { "x-kind": "test" });
    incoming.pipe(response);
  });
  const made = await request({ url, method: "POST", body: "sent", timeout: 10_000, signal });
  assert.deepEqual([made.status, made.headers.get("x-kind"), made.body], [201, "test", "sent"]);
  assert.equal((await request({ url, timeout: 10_000, signal })).status, 404);
});

test("a busy answer is tried again, as long as the tries reach", async (t) => {
  let requests = 0;
  const url = await serve(t, (_, response) => {
    requests++;
    response.writeHead(requests % 3 === 0 ? 200 : 503, { "retry-after": "0" }).end(String(requests));
  });
  const reasons: string[] = [];
  const onRetry = (reason: string) => reasons.push(reason);
  assert.equal((await request({ url, timeout: 10_000, signal, onRetry })).body, "3");
  assert.deepEqual(reasons, ["HTTP 503", "HTTP 503"]);
  const last = await request({ url, timeout: 10_000, signal, attempts: 1 });
  assert.deepEqual([last.status, last.body], [503, "4"]);
});

test("a dropped connection is tried again", async (t) => {
  let requests = 0;
  const url = await serve(t, (incoming, response) => {
    if (++requests === 1) incoming.socket.destroy();
    else response.end("here");
  });
  assert.equal((await request({ url, timeout: 10_000, signal })).body, "here");
});

test("a wait that would end after the deadline is not started: the answer at hand is clearer", async (t) => {
  const url = await serve(t, (_, response) => response.writeHead(429, { "retry-after": "3600" }).end("later"));
  assert.equal((await request({ url, timeout: 10_000, signal })).body, "later");
});

test("the deadline covers the body", async (t) => {
  const url = await serve(t, (_, response) => {
    response.writeHead(200, { "content-length": "100" }).write("only a part");
  });
  await assert.rejects(request({ url, timeout: 200, signal }), {
    code: "TIMEOUT",
    message: `${new URL(url).host} did not answer within 0.2 s.`,
  });
});

test("a cancelled job ends the call with its own reason", async (t) => {
  const cancel = new AbortController();
  const url = await serve(t, () => cancel.abort(new Error("cancelled")));
  await assert.rejects(request({ url, timeout: 10_000, signal: cancel.signal }), { message: "cancelled" });
});

test("through the machine's proxy, too, an answer that points elsewhere is followed, without the login", async (t) => {
  const url = await serve(t, ({ url, headers }, response) => {
    if (url === "/old") response.writeHead(301, { location: "/moved" }).end();
    else if (url === "/moved") response.writeHead(307, { location: "http://storage.test/blob" }).end();
    else response.end(`${headers.host}${url} ${headers.authorization} ${headers.accept}`);
  });
  const port = Number(new URL(url).port);
  await using proxy = await startProxy({ names: { "api.test": port, "storage.test": port } });
  process.env["HTTP_PROXY"] = proxy.url;
  t.after(() => delete process.env["HTTP_PROXY"]);
  const call = { headers: { authorization: "Bearer x", accept: "text/plain" }, timeout: 10_000, signal };
  assert.equal((await request({ ...call, url: "http://api.test/now" })).body, "api.test/now Bearer x text/plain");
  assert.equal((await request({ ...call, url: "http://api.test/old" })).body, "storage.test/blob undefined text/plain");
  assert.deepEqual(
    proxy.asked.slice(1),
    ["old", "moved"].map((path) => `GET http://api.test/${path}`).concat("GET http://storage.test/blob"),
  );
  const sent = await request({ ...call, url: "http://api.test/old", method: "POST", body: "x" });
  assert.equal(sent.status, 301);
});

test("Retry-After is read as seconds and as a date", () => {
  const read = (value: string) => retryAfter(new Headers({ "retry-after": value }), Date.parse("2026-01-01T00:00:00Z"));
  assert.equal(read("5"), 5_000);
  assert.equal(read("Thu, 01 Jan 2026 00:00:09 GMT"), 9_000);
  assert.equal(read("Wed, 31 Dec 2025 23:59:00 GMT"), 0);
  assert.equal(read("soon"), undefined);
  assert.equal(retryAfter(new Headers(), 0), undefined);
});
