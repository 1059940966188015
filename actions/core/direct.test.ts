import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, createServer as createSocketServer, type Server } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { issue, makeAuthority } from "../../test/cluster/certificates.ts";
import { recordingContext } from "../../test/context.ts";
import { startProxy } from "../../test/fakes/proxy.ts";
import { sendDirectly } from "./direct.ts";
import { messageOf } from "./errors.ts";
import { request } from "./http.ts";

const { signal } = new AbortController();

async function listening(t: TestContext, server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listening(t, createServer(listener))}`;
}

test("what is sent arrives, and the whole answer comes back, in whatever pieces", async (t) => {
  const url = await serve(t, (incoming, response) => {
    response.writeHead(incoming.method === "POST" ? 201 : 404, { "X-Kind": incoming.headers["x-own"] ?? "none" });
    if (incoming.method === "POST") incoming.pipe(response);
    else for (const byte of Buffer.from("für 🙂")) response.write(Buffer.of(byte));
    if (incoming.method !== "POST") response.end();
  });
  const made = await sendDirectly({ url, method: "POST", headers: { "x-own": "mine" }, body: "grüße" }, signal);
  assert.deepEqual([made.status, made.headers.get("x-kind"), made.body], [201, "mine", "grüße"]);
  assert.equal(made.headers.get("retry-after"), null);
  const missing = await sendDirectly({ url: new URL(url) }, signal);
  assert.deepEqual([missing.status, missing.body], [404, "für 🙂"]);
});

test("an answer that points elsewhere is the answer: what was meant for one server goes to no other", async (t) => {
  const url = await serve(t, (_, response) => response.writeHead(302, { location: "/elsewhere" }).end());
  const { status, headers } = await sendDirectly({ url }, signal);
  assert.deepEqual([status, headers.get("location")], [302, "/elsewhere"]);
});

test("a connection that is refused, reset or cut off in the body is an error", async (t) => {
  const cut = await serve(t, (_, response) => {
    response.writeHead(200, { "content-length": "100" }).write("only a part", () => response.destroy());
  });
  await assert.rejects(sendDirectly({ url: cut }, signal), { code: "ECONNRESET" });
  const reset = await listening(
    t,
    createSocketServer((socket) => socket.resetAndDestroy()),
  );
  await assert.rejects(sendDirectly({ url: `http://127.0.0.1:${reset}` }, signal), { code: "ECONNRESET" });
  const gone = createServer();
  const port = await listening(t, gone);
  gone.close();
  await once(gone, "close");
  await assert.rejects(sendDirectly({ url: `http://127.0.0.1:${port}` }, signal), { code: "ECONNREFUSED" });
});

test("the deadline covers the body, and a cancelled job ends the call with its own reason", async (t) => {
  const url = await serve(t, (_, response) => {
    response.writeHead(200, { "content-length": "100" }).write("only a part");
  });
  const asked = request({ url, timeout: 200, signal, send: sendDirectly });
  await assert.rejects(asked, { code: "TIMEOUT", message: `${new URL(url).host} did not answer within 0.2 s.` });
  const cancel = new AbortController();
  const other = await serve(t, () => cancel.abort(new Error("cancelled")));
  const cancelled = request({ url: other, timeout: 10_000, signal: cancel.signal, send: sendDirectly });
  await assert.rejects(cancelled, { message: "cancelled" });
});

/** Gives this process a proxy for one test. */
function useProxy(t: TestContext, address: string): void {
  for (const name of ["HTTP_PROXY", "HTTPS_PROXY"]) {
    process.env[name] = address;
    t.after(() => delete process.env[name]);
  }
}

test("where the machine has a proxy, requests go through it, but those to the machine itself and what it spares", async (t) => {
  const url = await serve(t, ({ method, url, headers }, response) => {
    response.end(`${method} ${url} ${headers["x-own"]} ${headers["proxy-authorization"]}`);
  });
  await using proxy = await startProxy({ names: { "infisical.test": Number(new URL(url).port) } });
  useProxy(t, proxy.url);
  const headers = { "x-own": "mine" };
  const { body } = await sendDirectly({ url: "http://infisical.test/a?b=c", headers }, signal);
  assert.equal(body, "GET /a?b=c mine undefined");
  assert.deepEqual(proxy.asked, ["GET http://infisical.test/a?b=c"]);
  assert.equal((await sendDirectly({ url, headers }, signal)).body, "GET / mine undefined");
  process.env["NO_PROXY"] = "infisical.test";
  t.after(() => delete process.env["NO_PROXY"]);
  await assert.rejects(sendDirectly({ url: "http://infisical.test/" }, signal), /ENOTFOUND|EAI_AGAIN/);
  assert.equal(proxy.asked.length, 1);
});

test("a proxy that refuses, or is not there, is named without its password", async (t) => {
  await using proxy = await startProxy();
  useProxy(t, proxy.url.replace("runner:", "stranger:"));
  const asked = () => sendDirectly({ url: "https://infisical.test/" }, signal);
  const told = async () => await asked().then(() => "no error", messageOf);
  const [refused, , gone] = [await told(), await proxy[Symbol.asyncDispose](), await told()];
  assert.match(refused, new RegExp(`^through the proxy ${proxy.host}: .*407`));
  assert.match(gone, new RegExp(`^through the proxy ${proxy.host}: .*ECONNREFUSED`));
  for (const message of [refused, gone]) assert.ok(!message.includes(proxy.password.slice(0, 24)), message);
});

test("a proxy that never answers is left at the deadline", async (t) => {
  await using proxy = await startProxy({ mood: "silent" });
  useProxy(t, proxy.url);
  for (const url of ["https://infisical.test/", "http://infisical.test/"]) {
    const asked = request({ url, timeout: 200, signal, send: sendDirectly });
    await assert.rejects(asked, { code: "TIMEOUT", message: "infisical.test did not answer within 0.2 s." });
  }
});

test("TLS: an authority that nobody trusts is refused, one that Node was told of is not", async (t) => {
  const { context } = await recordingContext(t);
  const authority = await makeAuthority(context.folder);
  const subject = { commonName: "server", alternativeNames: ["IP:127.0.0.1", "DNS:infisical.test"] };
  const { certificate, key } = await issue(context.folder, "server", authority, subject);
  const files = { cert: await readFile(certificate), key: await readFile(key) };
  const port = await listening(
    t,
    createSecureServer(files, (_, response) => response.end("private")),
  );
  const url = `https://127.0.0.1:${port}`;
  await assert.rejects(sendDirectly({ url }, signal), /self-signed|unable to (get|verify)/);
  const module = JSON.stringify(pathToFileURL(join(import.meta.dirname, "direct.ts")).href);
  const ask = async (address: string, more: Readonly<Record<string, string>> = {}) => {
    const program = `import { sendDirectly } from ${module};
      const { body } = await sendDirectly({ url: "${address}" }, new AbortController().signal);
      process.stdout.write(body, () => process.exit());`;
    const env = { NODE_EXTRA_CA_CERTS: authority.certificate, ...more };
    return (await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program], { env })).stdout;
  };
  assert.equal(await ask(url), "private");
  await using proxy = await startProxy({ names: { "infisical.test": port } });
  assert.equal(await ask("https://infisical.test", { HTTPS_PROXY: proxy.url }), "private");
  assert.deepEqual(proxy.asked, ["CONNECT infisical.test:443"]);
});
