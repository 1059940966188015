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
import { sendDirectly } from "./direct.ts";
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

test("TLS: an authority that nobody trusts is refused, one that Node was told of is not", async (t) => {
  const { context } = await recordingContext(t);
  const authority = await makeAuthority(context.folder);
  const subject = { commonName: "server", alternativeNames: ["IP:127.0.0.1"] };
  const { certificate, key } = await issue(context.folder, "server", authority, subject);
  const files = { cert: await readFile(certificate), key: await readFile(key) };
  const port = await listening(
    t,
    createSecureServer(files, (_, response) => response.end("private")),
  );
  const url = `https://127.0.0.1:${port}`;
  await assert.rejects(sendDirectly({ url }, signal), /self-signed|unable to (get|verify)/);
  const module = JSON.stringify(pathToFileURL(join(import.meta.dirname, "direct.ts")).href);
  const program = `import { sendDirectly } from ${module};
    const { body } = await sendDirectly({ url: "${url}" }, new AbortController().signal);
    process.stdout.write(body, () => process.exit());`;
  const env = { NODE_EXTRA_CA_CERTS: authority.certificate };
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program], { env });
  assert.equal(stdout, "private");
});
