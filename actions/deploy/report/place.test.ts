import assert from "node:assert/strict";
import { test } from "node:test";
import { stringify } from "yaml";
import type { Application } from "../../validate/application.ts";
import type { Manifest } from "../../validate/manifest.ts";
import { placeOf, type Written } from "./place.ts";
import type { Subject } from "./subject.ts";

const namespace = "prod-shop";
const workload = { kind: "Deployment", name: "shop-web", namespace };
const fault: Subject = { cause: "it failed", workload, container: "web" };

const manifest = `spec:
  secrets:
    env: [TOKEN]
    db: { existingSecret: database }
  defaults:
    resources:
      memory: 64Mi
  components:
    base:
      health:
        path: /up
    web:
      extends: base
      image: web:1
      port: 3000
      env:
        URL: { secret: db/url }
      initContainers:
        migrate:
          command: [migrate]
    jobs:
      kind: Job
      build: { context: . }
  verify:
    home: { http: / }
  manifests:
    rules: { apiVersion: v1, kind: ConfigMap, metadata: { name: rules } }
environments:
  prod:
    components:
      web:
        command: [serve]
  pr-*:
    components:
      web:
        command: [preview]
`;

const component = (kind: string, name: string) => ({
  ...{ kind, name, namespace, containerName: name.replace("shop-", "") },
  selector: { app: name },
});

const application = {
  components: { web: component("Deployment", "shop-web"), jobs: component("Job", "shop-jobs-0123456789") },
  secrets: { app: { secretName: "shop-secrets" }, db: { secretName: "database" } },
  config: {},
  manifests: { rules: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "rules" } } },
} as unknown as Application;

const variable = (name: string, secret: string, key: string) => {
  return { name, valueFrom: { secretKeyRef: { name: secret, key } } };
};
const rendered = [
  {
    ...{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "shop-web", labels: { app: "shop-web" } } },
    spec: {
      template: {
        spec: {
          containers: [
            { name: "web", env: [variable("URL", "database", "url"), variable("TOKEN", "shop-secrets", "TOKEN")] },
          ],
        },
      },
    },
  },
  { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "data", labels: { app: "shop-web" } } },
]
  .map((object) => stringify(object))
  .join("---\n");

/** The line of the manifest that a subject is placed at, without its indentation. */
async function lineOf(subject: Subject, environment = "prod"): Promise<string | undefined> {
  const { readYaml } = await import("../../validate/document.ts");
  const document = readYaml(manifest);
  const read = { file: "m.yaml", content: document.content, document: async () => document } as unknown as Manifest;
  const written: Written = { manifest: read, application, rendered, environment };
  const place = await placeOf(subject, written);
  return place?.line === undefined ? undefined : manifest.split("\n")[place.line - 1]?.trim();
}

const cases: readonly (readonly [what: string, subject: Partial<Subject>, line: string])[] = [
  ["an image", { about: "image" }, "image: web:1"],
  ["a command of the environment", { about: "command" }, "command: [serve]"],
  ["a health path of what it extends", { about: "health", cause: "answered with status 500" }, "path: /up"],
  ["a port on which nothing listens", { about: "health", cause: "nothing listens on port 3000" }, "port: 3000"],
  ["memory of the defaults", { about: "resources", cause: "needs more memory than 64Mi" }, "memory: 64Mi"],
  ["an init container", { about: "initContainers", container: "migrate" }, "migrate:"],
  ["the command of an init container", { about: "command", container: "migrate" }, "command: [migrate]"],
  ["a check", { about: "verify", entry: "home" }, "home: { http: / }"],
  ["a check that nobody wrote", { about: "verify", entry: "pods stay ready" }, "web:"],
  ["a Secret", { about: "env", cause: 'secret "database" not found' }, "URL: { secret: db/url }"],
  [
    "a key of a Secret",
    { about: "env", cause: "couldn't find key url in Secret prod-shop/database" },
    "URL: { secret: db/url }",
  ],
  ["a Secret that is delivered", { about: "env", cause: 'secret "shop-secrets" not found' }, "env: [TOKEN]"],
  [
    "the image of a Job with a hash in its name",
    {
      about: "image",
      workload: { kind: "Job", name: "shop-jobs-abcdef0123", namespace },
      container: "jobs-0123456789",
    },
    "build: { context: . }",
  ],
  ["a key that is written nowhere", { about: "tolerations" }, "web:"],
  [
    "an object of a component",
    { about: "volumes", workload: { kind: "PersistentVolumeClaim", name: "data", namespace } },
    "web:",
  ],
  ["an object that the manifest brings", { workload: { kind: "ConfigMap", name: "rules", namespace } }, "rules: "],
];

for (const [what, subject, line] of cases) {
  test(`${what} is found in the manifest`, async () => {
    const found = await lineOf({ ...fault, ...subject });
    assert.ok(found?.startsWith(line), found);
  });
}

test("an environment that fits a pattern is found under the pattern", async () => {
  assert.equal(await lineOf({ ...fault, about: "command" }, "pr-7"), "command: [preview]");
});

test("what belongs to nothing in the manifest has no place", async () => {
  const foreign = { kind: "Service", name: "other", namespace };
  assert.equal(await lineOf({ cause: "it is refused", workload: foreign }), undefined);
});
