import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { Cluster } from "../../core/cluster.ts";
import type { Application } from "../../validate/application.ts";
import { usualChecks } from "./usual.ts";

/** The checks of an application that is reached at these addresses only. */
const checksOf = (...ingress: { readonly url: string; readonly public: boolean }[]) =>
  usualChecks({} as Cluster, { components: {}, ingress } as unknown as Application);

test("a public address is asked, and a private one is left to the tailnet", () => {
  const checks = checksOf(
    { url: "https://web.example.com", public: true },
    { url: "https://internal.example.com", public: false },
  );
  assert.deepEqual(
    checks.map(({ name }) => name),
    ["https://web.example.com"],
  );
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
