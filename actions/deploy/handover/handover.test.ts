import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { V1ManagedFieldsEntry } from "@kubernetes/client-node";
import type { Cluster } from "../../core/cluster.ts";
import { readObjects } from "../rendered/objects.ts";
import { handOver } from "./handover.ts";
import { withoutNumbers } from "./record.ts";
import { scaledIn } from "./scaled.ts";

const bare = `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec: { paused: false }`;
const numbered = bare.replace("paused: false", "replicas: 3");
const target = "{ apiVersion: apps/v1, kind: Deployment, name: web }";
const scaler = `apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: { name: web }\nspec: { scaleTargetRef: ${target} }`;
const join = (...objects: readonly string[]) => objects.join("\n---\n");

test("only the workload that an autoscaler names, and that says no number itself, is scaled", async () => {
  const scaled = async (...objects: readonly string[]) => scaledIn(await readObjects(join(...objects)), "prod");
  assert.deepEqual(await scaled(bare, scaler), [{ kind: "Deployment", name: "web", namespace: "prod" }]);
  const another = target.replace("web", "api");
  const elsewhere = "metadata: { name: web, namespace: other }";
  for (const objects of [
    [bare],
    [numbered, scaler],
    [bare, scaler.replace(target, another)],
    [bare, scaler.replace("metadata: { name: web }", elsewhere)],
    [bare.replace("Deployment", "StatefulSet"), scaler],
  ])
    assert.deepEqual(await scaled(...objects), [], join(...objects));
});

/** What a handover asks of an API server whose Deployment has these owners, and what it says. */
async function ask(rendered: string, managedFields: readonly V1ManagedFieldsEntry[]) {
  const requests: unknown[] = [];
  const lines: string[] = [];
  const send = async <T>(request: unknown) => {
    requests.push(request);
    return { metadata: { resourceVersion: "7", managedFields } } as T;
  };
  const cluster = { ask: (call: () => Promise<unknown>) => call(), send } as Partial<Cluster> as Cluster;
  const release = { namespace: "prod", release: "prod-shop" };
  await handOver(cluster, release, { rendered, applyMethod: "ssa", way: "upgrade" }, (line) => lines.push(line));
  return { requests, lines };
}

describe("a number of pods that an autoscaler decides from now on", () => {
  const path = "/apis/apps/v1/namespaces/prod/deployments/web";
  const number = { "f:replicas": {} };
  const helm = { manager: "helm", operation: "Apply", fieldsV1: { "f:metadata": {}, "f:spec": number } };
  const person = { manager: "kubectl", operation: "Update", fieldsV1: { "f:spec": number } };
  const autoscaler = { manager: "helm", operation: "Update", subresource: "scale", fieldsV1: { "f:spec": number } };

  test("is left to nobody, with all else as it was, unless the object has changed meanwhile", async () => {
    const more = { ...helm, operation: "Update", fieldsV1: { "f:spec": { ...number, "f:paused": {} } } };
    const { requests, lines } = await ask(join(bare, scaler), [helm, more, person, autoscaler]);
    const left = [
      { ...helm, fieldsV1: { "f:metadata": {} } },
      { ...more, fieldsV1: { "f:spec": { "f:paused": {} } } },
      person,
      autoscaler,
    ];
    const body = { metadata: { resourceVersion: "7", managedFields: left } };
    assert.deepEqual(requests, [
      { path },
      { method: "PATCH", path, contentType: "application/merge-patch+json", body },
    ]);
    assert.deepEqual(lines, ["Deployment web keeps its number of pods for its autoscaler"]);
  });

  test("is only looked at where Helm does not own it", async () => {
    const owners = [person, autoscaler, { manager: "helm", operation: "Apply" }];
    assert.deepEqual(await ask(join(bare, scaler), owners), { requests: [{ path }], lines: [] });
  });

  test("costs no call where there is no autoscaler", async () => {
    assert.deepEqual(await ask(bare, [helm]), { requests: [], lines: [] });
  });
});

test("a revision is written down without the numbers in question, and with all else", async () => {
  const workload = { kind: "Deployment", name: "web", namespace: "prod" };
  const long = `spec:\n  # ours\n  replicas: 3\n  template: { text: "${"a word ".repeat(30)}" }\n`;
  const web = `---\n# Source: web.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n${long}`;
  const api = web.replace("name: web", "name: api");
  const words = `---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: words}\ndata: {text: "spec:\\n  replicas: 3"}\n`;
  const { manifest, workloads } = await withoutNumbers(words + web + api, [workload], "prod");
  assert.deepEqual(workloads, [workload]);
  assert.ok(manifest.startsWith(words) && manifest.endsWith(api), manifest);
  assert.deepEqual(await readObjects(manifest), await readObjects(words + web.replace("  replicas: 3\n", "") + api));
  const same = words + api;
  assert.deepEqual(await withoutNumbers(same, [workload], "prod"), { manifest: same, workloads: [] });
});
