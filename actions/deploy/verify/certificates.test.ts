import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cluster } from "../../core/cluster.ts";
import type { Route } from "../../validate/application.ts";
import { certificateChecks } from "./certificates.ts";

const route = (changes: Partial<Route> = {}) =>
  ({ namespace: "prod", tlsName: "web-tls", controller: "traefik", host: "web.example.com", ...changes }) as Route;

/** The check of the one certificate, which the API server answers for with this. */
async function look(answer: { readonly status: number; readonly conditions?: readonly object[] }) {
  const asked: string[] = [];
  const call: Cluster["call"] = async ({ path }) => {
    asked.push(path);
    return { status: answer.status, body: JSON.stringify({ status: { conditions: answer.conditions ?? [] } }) };
  };
  const [check, ...others] = certificateChecks({ call } as Cluster, { ingress: [route(), route({ path: "/api" })] });
  assert.deepEqual([check?.name, others], ["certificate web-tls", []]);
  const finding = await check?.look(AbortSignal.timeout(1_000));
  assert.deepEqual(asked, ["/apis/cert-manager.io/v1/namespaces/prod/certificates/web-tls"]);
  return { state: finding?.state, said: finding?.said, timeout: check?.timeout };
}

test("a certificate is waited for in its own time, with what keeps it", async () => {
  assert.equal((await look({ status: 200, conditions: [{ type: "Ready", status: "True" }] })).state, "passed");
  const pending = { type: "Ready", status: "False", message: "waiting for the DNS record" };
  const { state, said, timeout } = await look({ status: 200, conditions: [pending] });
  assert.deepEqual([state, timeout], ["unknown", 120_000]);
  assert.equal(said, "the certificate web-tls is not issued yet: waiting for the DNS record");
});

test("one that was refused has failed at once, with the issuer's reason", async () => {
  const refused = { type: "Issuing", status: "False", reason: "Failed", message: "the zone is not ours" };
  const { state, said } = await look({ status: 200, conditions: [{ type: "Ready", status: "False" }, refused] });
  assert.deepEqual([state, said], ["wrong", "the certificate web-tls was not issued: the zone is not ours"]);
});

test("one that may not be read is not known, and those of other controllers are not looked at", async () => {
  assert.equal((await look({ status: 403 })).state, "unknown");
  const others = [route({ controller: "ingress" }), route({ tlsName: "" })];
  assert.deepEqual(certificateChecks({} as Cluster, { ingress: others }), []);
});
