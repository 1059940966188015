import assert from "node:assert/strict";
import { test } from "node:test";
import type { V1PodSpec } from "@kubernetes/client-node";
import { readObjects } from "../rendered/objects.ts";
import { podTemplates } from "../rendered/templates.ts";
import { referencesOf } from "./references.ts";

const templateOf = (spec: V1PodSpec) => ({
  owner: "Deployment web",
  namespace: "prod",
  metadata: {},
  spec,
  surges: true,
  rolled: true,
});
const found = (spec: V1PodSpec) =>
  referencesOf(templateOf(spec)).map(({ kind, name, key }) => [kind, name, key].filter((part) => part).join(" "));

test("everything that a container does not start without is a reference, whatever is optional is not", () => {
  const env = [
    { name: "A", valueFrom: { secretKeyRef: { name: "db", key: "url" } } },
    { name: "B", valueFrom: { configMapKeyRef: { name: "urls", key: "relay" } } },
    { name: "C", valueFrom: { secretKeyRef: { name: "maybe", key: "x", optional: true } } },
    { name: "D", value: "plain" },
  ];
  const envFrom = [{ secretRef: { name: "all" } }, { configMapRef: { name: "none", optional: true } }];
  const volumes = [
    { name: "a", secret: { secretName: "tls" } },
    { name: "b", configMap: { name: "files", items: [{ key: "a.json", path: "a.json" }] } },
    { name: "c", projected: { sources: [{ secret: { name: "part" } }, { downwardAPI: {} }] } },
    { name: "d", emptyDir: {} },
  ];
  const spec = { initContainers: [{ name: "first", envFrom }], containers: [{ name: "web", env }], volumes };
  assert.deepEqual(found(spec).sort(), [
    "ConfigMap files a.json",
    "ConfigMap urls relay",
    "Secret all",
    "Secret db url",
    "Secret part",
    "Secret tls",
  ]);
});

test("pods come from workloads of every kind, and from the Jobs of a CronJob", async () => {
  const template = "template: { spec: { containers: [{ name: main }] } }";
  const rendered = ["Deployment", "StatefulSet", "DaemonSet", "Job"]
    .map((kind) => `apiVersion: apps/v1\nkind: ${kind}\nmetadata: { name: web }\nspec: { ${template} }`)
    .concat(
      `apiVersion: batch/v1\nkind: CronJob\nmetadata: { name: nightly, namespace: night }\nspec: { jobTemplate: { spec: { ${template} } } }`,
    )
    .concat("# nothing but a comment", "apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: {}")
    .join("\n---\n");
  const templates = podTemplates(await readObjects(rendered), "prod");
  assert.deepEqual(
    templates.map(({ owner, namespace }) => `${owner} ${namespace}`),
    ["Deployment web prod", "StatefulSet web prod", "DaemonSet web prod", "Job web prod", "CronJob nightly night"],
  );
});

test("a pod of a StatefulSet has the volumes of its claims, as its controller gives them", async () => {
  const spec = "{ volumes: [{ name: data, emptyDir: {} }, { name: tmp, emptyDir: {} }], containers: [] }";
  const [template] = podTemplates(
    await readObjects(
      `apiVersion: apps/v1\nkind: StatefulSet\nmetadata: { name: db }\nspec: { template: { spec: ${spec} }, volumeClaimTemplates: [{ metadata: { name: data } }] }`,
    ),
    "prod",
  );
  assert.deepEqual(template?.spec.volumes, [
    { name: "tmp", emptyDir: {} },
    { name: "data", persistentVolumeClaim: { claimName: "data-db-0" } },
  ]);
});
