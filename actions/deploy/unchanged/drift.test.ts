import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cluster } from "../../core/cluster.ts";
import { findDrift } from "./drift.ts";

const resources = { find: () => ({ group: "", version: "v1", name: "configmaps", namespaced: true }) };
const place = { release: "prod-shop", namespace: "prod-shop" };
const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "words" } };

/** What is found where the API server gives these answers to a look and to an apply that is only tried. */
async function find(live: number, applied: number, text = "first") {
  const answer = (data: string) => JSON.stringify({ metadata: {}, data: { data }, message: `it says ${data}` });
  const call: Cluster["call"] = async ({ method }) =>
    method === "PATCH" ? { status: applied, body: answer("first") } : { status: live, body: answer(text) };
  return await findDrift({ call } as Cluster, resources, [object], place);
}

test("what is as it was applied is no drift; what differs, is gone, or cannot become that any more is", async () => {
  assert.deepEqual(await find(200, 200), { drifted: [], unknown: [] });
  const drift = { drifted: ["ConfigMap words"], unknown: [] };
  assert.deepEqual(await find(200, 200, "second"), drift);
  // A server-side apply answers 201 for what would be made.
  assert.deepEqual(await find(404, 201), drift);
  for (const refused of [400, 404, 409, 422]) assert.deepEqual(await find(200, refused), drift, String(refused));
});

test("an answer that tells nothing of the object leaves it open, with its reason", async () => {
  for (const status of [401, 403, 429, 500, 503]) {
    const why = "it says first";
    assert.deepEqual(await find(status, 200), { drifted: [], unknown: [{ name: "ConfigMap words", why }] });
    assert.deepEqual(await find(200, status), { drifted: [], unknown: [{ name: "ConfigMap words", why }] });
  }
});
