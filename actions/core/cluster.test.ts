import assert from "node:assert/strict";
import { test } from "node:test";
import { openCluster, statusMessage, statusOf } from "./cluster.ts";
import { createMasker } from "./masking.ts";

test("a kubeconfig with an entry that is not whole is refused, not taken for a bug", async () => {
  const kubeconfig = JSON.stringify({
    "current-context": "ci",
    contexts: [{ name: "ci", context: { cluster: "ci", user: "ci" } }],
    clusters: [{ name: "ci", cluster: { server: "https://127.0.0.1:6443" } }, { name: "old" }],
    users: [{ name: "ci", user: {} }],
  });
  const signal = new AbortController().signal;
  await assert.rejects(openCluster({ kubeconfig, masker: createMasker(() => {}), signal }), {
    code: "KUBECONFIG_INVALID",
    message: /clusters\[1\]\.cluster is missing/,
  });
});

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
});
