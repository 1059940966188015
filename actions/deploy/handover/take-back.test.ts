import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Cluster } from "../../core/cluster.ts";
import { type Applied, takeBack } from "./take-back.ts";

const bare = `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec: { paused: false }`;
const numbered = bare.replace("paused: false", "replicas: 2");
const target = "{ apiVersion: apps/v1, kind: Deployment, name: web }";
const scaler = `apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: { name: web }\nspec: { scaleTargetRef: ${target} }`;
const join = (...objects: readonly string[]) => objects.join("\n---\n");
const scaled = join(bare, scaler);
const path = "/apis/apps/v1/namespaces/prod/deployments/web";

/** What is asked of an API server whose Deployment has so many pods, and what is said. */
async function ask(live: number | undefined, changes: Partial<Applied> = {}) {
  const requests: unknown[] = [];
  const lines: string[] = [];
  const send = async <T>(request: unknown) => {
    requests.push(request);
    if (live === undefined) throw Object.assign(new Error("not found"), { code: 404 });
    return { spec: { replicas: live } } as T;
  };
  const cluster = { ask: <T>(call: () => Promise<T>) => call(), send };
  const release = { namespace: "prod", release: "prod-shop" };
  const applied: Applied = { before: scaled, rendered: numbered, applyMethod: "ssa", ...changes };
  await takeBack(cluster satisfies Partial<Cluster>, release, applied, (line) => lines.push(line));
  return { requests, lines };
}

describe("a number of pods that the manifest decides again", () => {
  const lines = ["Deployment web gets its number of pods again, 2: its autoscaler had made it 4"];

  test("is applied once more as Helm applies it, where the autoscaler was the last to set it", async () => {
    const { requests, lines: said } = await ask(4);
    const marks = { "meta.helm.sh/release-name": "prod-shop", "meta.helm.sh/release-namespace": "prod" };
    const metadata = { name: "web", labels: { "app.kubernetes.io/managed-by": "Helm" }, annotations: marks };
    const body = { apiVersion: "apps/v1", kind: "Deployment", metadata, spec: { replicas: 2 } };
    const query = { fieldManager: "helm", force: "true" };
    const contentType = "application/apply-patch+yaml";
    assert.deepEqual(requests, [{ path }, { method: "PATCH", path, query, contentType, body }]);
    assert.deepEqual(said, lines);
  });

  test("is merged where Helm itself merges objects, so that no manager of an apply comes in", async () => {
    const { requests, lines: said } = await ask(4, { applyMethod: "csa" });
    const body = { spec: { replicas: 2 } };
    const contentType = "application/merge-patch+json";
    assert.deepEqual(requests, [
      { path },
      { method: "PATCH", path, query: { fieldManager: "helm" }, contentType, body },
    ]);
    assert.deepEqual(said, lines);
  });

  test("is only looked at where it is as stated, or the workload is gone", async () => {
    for (const live of [2, undefined]) assert.deepEqual(await ask(live), { requests: [{ path }], lines: [] });
  });

  test("costs no call where no autoscaler decided it before, or one still does", async () => {
    const another = scaled.replaceAll("name: web", "name: api");
    for (const changes of [
      { before: undefined },
      { before: numbered },
      { before: another },
      { before: join(numbered, scaler) },
      { rendered: scaled },
      { rendered: join(numbered, scaler) },
      { rendered: numbered.replace("name: web", "name: api") },
    ] satisfies Partial<Applied>[])
      assert.deepEqual(await ask(4, changes), { requests: [], lines: [] }, JSON.stringify(changes));
  });
});
