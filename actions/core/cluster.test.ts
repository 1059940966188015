import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { openCluster, statusMessage, statusOf } from "./cluster.ts";
import type { FairleadError } from "./errors.ts";
import { createMasker } from "./masking.ts";

const kubeconfig = {
  "current-context": "ci",
  contexts: [{ name: "ci", context: { cluster: "ci", user: "ci" } }],
  clusters: [{ name: "ci", cluster: { server: "https://127.0.0.1:6443" } }],
  users: [{ name: "ci", user: {} }],
};

function open(document: object) {
  const { signal } = new AbortController();
  return openCluster({ kubeconfig: JSON.stringify(document), masker: createMasker(() => {}), signal });
}

/** What the client throws for an answer that is an error. */
const answer = (code: number, message: string) => Object.assign(new Error("x"), { code, body: { message } });

test("only what the current context names has to be whole, unless the client library has to find the credentials", async () => {
  const clusters = [...kubeconfig.clusters, { name: "old" }];
  await open({ ...kubeconfig, clusters });
  const users = [{ name: "ci", user: { tokenFile: "token" } }];
  await assert.rejects(open({ ...kubeconfig, clusters, users }), {
    code: "KUBECONFIG_INVALID",
    message: /clusters\[1\]\.cluster is missing/,
  });
});

test("the machine's proxy leads to the cluster, unless the kubeconfig or the tailnet has one", async (t) => {
  const at = (cluster: object) => ({ ...kubeconfig, clusters: [{ name: "ci", cluster }] });
  const remote = { server: "https://cluster.example.com:6443" };
  const proxyOf = async (cluster: object, proxy?: string) => {
    const { signal } = new AbortController();
    const masks: string[] = [];
    const masker = createMasker((value) => masks.push(value));
    const { kubeconfig: used } = await openCluster({ kubeconfig: JSON.stringify(at(cluster)), masker, signal, proxy });
    const found = parse(used).clusters[0].cluster["proxy-url"];
    return { found, masks };
  };
  process.env["HTTPS_PROXY"] = "http://runner:long-password@proxy.example.com:3128";
  t.after(() => delete process.env["HTTPS_PROXY"]);
  const { found, masks } = await proxyOf(remote);
  assert.equal(found, "http://runner:long-password@proxy.example.com:3128/");
  assert.ok(masks.includes("long-password"));
  const own = { ...remote, "proxy-url": "http://own.example.com:1" };
  assert.equal((await proxyOf(own)).found, "http://own.example.com:1");
  assert.equal((await proxyOf(remote, "http://127.0.0.1:2")).found, "http://127.0.0.1:2");
  assert.equal((await proxyOf(own, "http://127.0.0.1:2")).found, "http://127.0.0.1:2");
  assert.equal((await proxyOf({ server: "https://127.0.0.1:6443" })).found, undefined);
});

test("a write that met another one is done again", async () => {
  const { ask } = await open(kubeconfig);
  let calls = 0;
  const given = await ask(async () => {
    if (++calls === 1) throw answer(409, "the object has been modified");
    return calls;
  });
  assert.equal(given, 2);
});

for (const [status, message, code, words] of [
  [401, "Unauthorized", "CLUSTER_UNAUTHORIZED", /does not accept the credentials/],
  [403, "secrets is forbidden", "CLUSTER_FORBIDDEN", /secrets is forbidden.*Grant/],
  [403, "it is being terminated", "CLUSTER_FORBIDDEN", /being terminated.*when it is gone/],
  [422, "metadata.name is invalid", "CLUSTER_REJECTED", /status 422: metadata\.name is invalid/],
] as const) {
  test(`the answer ${status} "${message}" is told in a sentence, and not asked for again`, async () => {
    const { ask } = await open(kubeconfig);
    let calls = 0;
    const refused = ask(async () => {
      calls++;
      throw answer(status, message);
    });
    await assert.rejects(refused, (thrown: FairleadError) => {
      assert.equal(thrown.code, code);
      assert.match(thrown.sentence, words);
      return true;
    });
    assert.equal(calls, 1);
  });
}

test("the status and the sentence of an answer are found in text and in objects", () => {
  const text = Object.assign(new Error("HTTP-Code: 403"), { code: 403, body: '{"message":"pods is forbidden"}' });
  assert.deepEqual([statusOf(text), statusMessage(text)], [403, "pods is forbidden"]);
  assert.equal(statusMessage(Object.assign(new Error("x"), { body: { message: "not found" } })), "not found");
});

test("an answer of a proxy in between, or none at all, is told as it is", () => {
  const proxy = Object.assign(new Error("Bad Gateway"), { code: 502, body: "<html>" });
  assert.equal(statusMessage(proxy), "Bad Gateway");
  const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  assert.deepEqual([statusOf(refused), statusMessage(refused)], [undefined, "connect ECONNREFUSED"]);
  assert.equal(statusOf(new DOMException("aborted", "TimeoutError")), undefined);
});
