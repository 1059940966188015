import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { askRegistry, parseReference } from "./registry.ts";

const digest = `sha256:${"a".repeat(64)}`;

const references: [string, string, string, string][] = [
  ["registry.example.com/team/web:1.2", "registry.example.com", "team/web", "1.2"],
  [`10.0.0.1:5000/web@${digest}`, "10.0.0.1:5000", "web", digest],
  [`registry.example.com/web:1@${digest}`, "registry.example.com", "web", digest],
  ["localhost:5000/web", "localhost:5000", "web", "latest"],
  ["localhost/web", "localhost", "web", "latest"],
  ["node:24", "registry-1.docker.io", "library/node", "24"],
  ["acme/web", "registry-1.docker.io", "acme/web", "latest"],
];
for (const [reference, host, repository, version] of references) {
  test(`${reference} is ${repository} ${version.slice(0, 12)} at ${host}`, () => {
    assert.deepEqual(parseReference(reference), { host, repository, version });
  });
}

test("a public image is asked for without a login, also where the registry wants a token of everybody", async (context) => {
  const seen: string[] = [];
  const server = createServer((call, response) => {
    const { url = "", headers } = call as IncomingMessage;
    seen.push(`${url.replace(/\?.*/, "")} ${headers.authorization ?? "nobody"}`);
    if (url.startsWith("/token")) return response.end(JSON.stringify({ token: "for-everybody" }));
    if (headers.authorization === "Bearer for-everybody") return response.end(JSON.stringify({ manifests: [] }));
    const challenge = `Bearer realm="http://${headers.host}/token",service="test",scope="repository:web:pull"`;
    return response.writeHead(401, { "www-authenticate": challenge }).end();
  }).listen(0, "127.0.0.1");
  context.after(() => server.close());
  await once(server, "listening");
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const question = { login: undefined, timeout: 5_000, signal: AbortSignal.timeout(10_000) };
  const answer = await askRegistry(parseReference(`${host}/team/web:1`), question);
  assert.equal(answer.state, "there");
  const manifest = "/v2/team/web/manifests/1";
  assert.deepEqual(seen, [`${manifest} nobody`, "/token nobody", `${manifest} Bearer for-everybody`]);
});
