import assert from "node:assert/strict";
import { test } from "node:test";
import { stringify } from "yaml";
import type { Application } from "../../validate/application.ts";
import { compareRelease } from "./changes.ts";

const namespace = "prod-shop";

const application = {
  components: {
    web: { kind: "Deployment", name: "shop", namespace, containerName: "shop", image: "registry/web:latest" },
  },
} as unknown as Application;

function render(image: string, value: string, host?: string): string {
  const container = { name: "shop", image, env: [{ name: "LEVEL", value }] };
  const template = { spec: { containers: [container] } };
  const metadata = { name: "shop", namespace };
  const objects = [
    { apiVersion: "apps/v1", kind: "Deployment", metadata, spec: { template } },
    { apiVersion: "v1", kind: "Secret", metadata, stringData: { key: value } },
    ...(host === undefined
      ? []
      : [{ apiVersion: "networking.k8s.io/v1", kind: "Ingress", metadata, spec: { rules: [{ host }] } }]),
  ];
  return objects.map((object) => stringify(object)).join("---\n");
}

const before = { revision: 3, chart: "1.0.0", rendered: render("registry/web@sha256:a", "old-value", "a.example.com") };

test("a release is compared by images, keys, chart and hosts, without any value", async () => {
  const rendered = render("registry/web@sha256:b", "new-value");
  const { diff, ...changes } = await compareRelease({ application, rendered, chart: "1.1.0", before });
  assert.deepEqual(changes.images, [
    { component: "web", before: "registry/web@sha256:a", after: "registry/web@sha256:b" },
  ]);
  assert.deepEqual([changes.against, changes.chart], [3, { before: "1.0.0", after: "1.1.0" }]);
  assert.deepEqual(
    changes.objects.map(({ kind, change, keys }) => [kind, change, keys]),
    [
      [
        "Deployment",
        "changed",
        ["spec.template.spec.containers.shop.image", "spec.template.spec.containers.shop.env.LEVEL.value"],
      ],
      ["Secret", "changed", ["stringData.key"]],
      ["Ingress", "removed", []],
    ],
  );
  assert.match(changes.warnings.join(), /a\.example\.com is routed no more/);
  assert.doesNotMatch(JSON.stringify(changes), /(old|new)-value/);
  assert.match(diff, /^\+.*value: new-value$/m);
  assert.doesNotMatch(diff, /key: new-value/, "the diff hides what a Secret holds");
});

test("without a revision before, all of it is added", async () => {
  const changes = await compareRelease({ application, rendered: before.rendered, chart: "1.0.0", before: undefined });
  assert.deepEqual([changes.against, changes.images[0]?.before], [0, ""]);
  assert.deepEqual([...new Set(changes.objects.map(({ change }) => change))], ["added"]);
});
