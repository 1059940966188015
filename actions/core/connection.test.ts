import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createProxy, type IncomingMessage } from "node:http";
import { createServer, type Server } from "node:https";
import { type AddressInfo, connect, type Server as NetServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import type { TLSSocket } from "node:tls";
import { type Certificate, issue, makeAuthority } from "../../test/cluster/certificates.ts";
import { startProxy } from "../../test/fakes/proxy.ts";
import { openConnection } from "./connection.ts";
import { readKubeconfig } from "./kubeconfig.ts";
import { createMasker } from "./masking.ts";
import { poll } from "./retry.ts";

let folder: string;
let server: Server;
let client: Certificate;
let cluster: Record<string, unknown>;
const sockets = new Set<unknown>();
const { signal } = new AbortController();

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "fairlead-connection-"));
  const authority = await makeAuthority(folder);
  const alternativeNames = ["IP:127.0.0.1", "DNS:kubernetes"];
  const own = await issue(folder, "server", authority, { commonName: "server", alternativeNames });
  client = await issue(folder, "client", authority, { commonName: "deployer" });
  const read = (file: string) => readFileSync(file);
  const tls = { cert: read(own.certificate), key: read(own.key), ca: read(authority.certificate) };
  server = createServer({ ...tls, requestCert: true, rejectUnauthorized: false }, async (request, response) => {
    sockets.add(request.socket);
    const { authorization, accept, "content-type": type } = request.headers;
    const user = (request.socket as TLSSocket).getPeerCertificate().subject?.CN;
    const { method, url } = request;
    response.end(JSON.stringify({ method, url, authorization, accept, type, user, body: await text(request) }));
  });
  cluster = {
    server: `https://127.0.0.1:${await listening(server)}`,
    "certificate-authority-data": readFileSync(authority.certificate).toString("base64"),
  };
});

after(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

async function listening(server: NetServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

async function open(user: object, changes: object = {}) {
  const text = JSON.stringify({
    "current-context": "ci",
    contexts: [{ name: "ci", context: { cluster: "ci", user: "ci" } }],
    clusters: [{ name: "ci", cluster: { ...cluster, ...changes } }],
    users: [{ name: "ci", user }],
  });
  return await openConnection(
    await readKubeconfig(
      text,
      createMasker(() => {}),
    ),
  );
}

async function answerOf(answer: IncomingMessage) {
  return JSON.parse(await text(answer));
}

const base64 = (file: string) => readFileSync(file).toString("base64");

test("a call has its query, its body and what it accepts; the next one takes the same connection", async () => {
  const connection = await open({ token: "abcd" });
  sockets.clear();
  const body = { metadata: { name: "x" } };
  const request = {
    method: "PATCH",
    path: "/api",
    query: { labelSelector: "a=b,c" },
    contentType: "text/x",
    body,
  } as const;
  assert.deepEqual(await answerOf(await connection.open(request, signal)), {
    method: "PATCH",
    url: "/api?labelSelector=a%3Db%2Cc",
    authorization: "Bearer abcd",
    accept: "application/json",
    type: "text/x",
    body: JSON.stringify(body),
  });
  const second = await answerOf(await connection.open({ path: "/healthz", accept: "text/plain" }, signal));
  assert.deepEqual([second.method, second.accept, second.body, sockets.size], ["GET", "text/plain", "", 1]);
});

test("a DELETE may have a body", async () => {
  const connection = await open({});
  const request = { method: "DELETE", path: "/", body: { preconditions: { uid: "ü" } } } as const;
  const { method, body, type } = await answerOf(await connection.open(request, signal));
  assert.deepEqual([method, body, type], ["DELETE", JSON.stringify(request.body), "application/json"]);
  assert.equal((await answerOf(await connection.open({ path: "/next" }, signal))).url, "/next");
});

test("a server's address may have a path", async () => {
  const connection = await open({}, { server: `${cluster["server"]}/k8s/clusters/c-1/` });
  assert.equal((await answerOf(await connection.open({ path: "/version" }, signal))).url, "/k8s/clusters/c-1/version");
});

for (const [name, user, expected] of [
  ["a user and a password", () => ({ username: "ci", password: "p:w" }), { authorization: `Basic ${btoa("ci:p:w")}` }],
  [
    "a certificate in it",
    () => ({ "client-certificate-data": base64(client.certificate), "client-key-data": base64(client.key) }),
    { user: "deployer" },
  ],
  [
    "a certificate in files, by the client library",
    () => ({ "client-certificate": client.certificate, "client-key": client.key }),
    { user: "deployer" },
  ],
  [
    "a program, by the client library",
    () => {
      const status = { token: "from-a-program" };
      const credential = JSON.stringify({
        apiVersion: "client.authentication.k8s.io/v1",
        kind: "ExecCredential",
        status,
      });
      const args = ["-e", `console.log(${JSON.stringify(credential)})`];
      return { exec: { apiVersion: "client.authentication.k8s.io/v1", command: process.execPath, args } };
    },
    { authorization: "Bearer from-a-program" },
  ],
  [
    "a token in a file, by the client library",
    () => {
      writeFileSync(join(folder, "token"), "from-a-file");
      return { "auth-provider": { name: "tokenFile", config: { tokenFile: join(folder, "token") } } };
    },
    { authorization: "Bearer from-a-file" },
  ],
] as const) {
  test(`a kubeconfig's user is known by ${name}`, async () => {
    const connection = await open(user());
    const answer = await answerOf(await connection.open({ path: "/" }, signal));
    assert.deepEqual({ ...answer, ...expected }, answer);
  });
}

test("a certificate of another authority, or for another name, is refused, unless it is not to be looked at", async () => {
  const stranger = await open({}, { "certificate-authority-data": undefined });
  await assert.rejects(stranger.open({ path: "/" }, signal), /certificate/);
  const other = await open({}, { "tls-server-name": "other" });
  await assert.rejects(other.open({ path: "/" }, signal), /altnames/);
  const named = await open({}, { "tls-server-name": "kubernetes" });
  assert.equal((await named.open({ path: "/" }, signal)).statusCode, 200);
  const careless = await open({}, { "certificate-authority-data": undefined, "insecure-skip-tls-verify": true });
  assert.equal((await careless.open({ path: "/" }, signal)).statusCode, 200);
});

test("a proxy is asked for the way, and trusted no more than that", async (context) => {
  const asked: string[] = [];
  const proxy = createProxy().on("connect", (request, socket) => {
    asked.push(request.url ?? "");
    const [host, port] = (request.url ?? "").split(":");
    const onward = connect(Number(port), host, () => socket.write("HTTP/1.1 200 OK\r\n\r\n"));
    onward.pipe(socket).pipe(onward);
    onward.on("error", () => socket.destroy());
    socket.on("error", () => onward.destroy());
  });
  const port = await listening(proxy);
  context.after(() => proxy.close());
  const connection = await open({ token: "abcd" }, { "proxy-url": `http://127.0.0.1:${port}` });
  const answer = await answerOf(await connection.open({ path: "/" }, signal));
  assert.deepEqual([answer.authorization, asked], ["Bearer abcd", [new URL(String(cluster["server"])).host]]);
});

test("a proxy that never answers is left when the time is over", async () => {
  await using proxy = await startProxy({ mood: "silent" });
  const connection = await open({}, { "proxy-url": proxy.url });
  const controller = new AbortController();
  const reason = new Error("the time is over");
  const call = connection.open({ path: "/" }, controller.signal);
  call.catch(() => {});
  await poll({ interval: 5, timeout: 10_000, signal, onTimeout: Error }, async () =>
    proxy.asked.length === 1 ? { done: undefined } : { waiting: "the proxy's first request" },
  );
  controller.abort(reason);
  await assert.rejects(call, reason);
});

test("a signal ends a call with its own reason, also one that has not begun", async () => {
  const connection = await open({});
  const reason = new Error("given up");
  await assert.rejects(connection.open({ path: "/" }, AbortSignal.abort(reason)), reason);
  const controller = new AbortController();
  const call = connection.open({ path: "/" }, controller.signal);
  controller.abort(reason);
  await assert.rejects(call, reason);
});
