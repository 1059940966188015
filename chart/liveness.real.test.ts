import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe } from "node:test";
import { chartFolder, helmTest, objects, resolved, type Values } from "./helm.testing.ts";

// Every key of the schema changes something: what is rendered, or, for a key that only an action reads, the resolved
// document. A key that nothing reads would be accepted and ignored.

interface Case {
  readonly value: unknown;
  /** What must stand beside the key for it to matter. */
  readonly given?: Values;
}

const storage = { spec: { storage: { size: "1Gi", mountPath: "/data" } } };
const host = { spec: { ingress: { host: "a.example.com" } } };
const underPath = { spec: { ingress: { host: "a.example.com", path: "/api" } } };
const hidden = { spec: { ingress: { host: "a.example.com", public: false } } };
const secrets = { spec: { secrets: { path: "/app", env: ["TOKEN"] } } };
const check = { spec: { verify: { home: { http: "/" } } } };
const login = { registry: { username: "deploy", password: "not-a-real-password" } };

const cases: Readonly<Record<string, Case>> = {
  "metadata.name": { value: "other" },
  "metadata.namespace": { value: "other" },
  "metadata.release": { value: "other" },
  "spec.port": { value: 8080 },
  "spec.image": { value: "nginx:1" },
  "spec.image.repository": { value: "nginx" },
  "spec.image.tag": { value: "1" },
  "spec.image.digest": { value: `sha256:${"a".repeat(64)}` },
  "spec.command": { value: ["run"] },
  "spec.args": { value: ["--fast"] },
  "spec.replicas": { value: 2 },
  "spec.resources.cpu": { value: "1" },
  "spec.resources.memory": { value: "1Gi" },
  "spec.resources.memoryLimit": { value: "1Gi" },
  "spec.resources.cpuLimit": { value: "1" },
  "spec.health": { value: "/up" },
  "spec.health.path": { value: "/up" },
  "spec.health.liveness": { value: false },
  "spec.health.startup.within": { value: "5m" },
  "spec.health.initialDelaySeconds": { value: 10 },
  "spec.health.periodSeconds": { value: 30 },
  "spec.health.timeoutSeconds": { value: 9 },
  "spec.health.startupFailureThreshold": { value: 60 },
  "spec.health.crashRestarts": { value: 9 },
  "spec.env": { value: { LEVEL: "debug" } },
  "spec.secrets.path": { value: "/other", given: secrets },
  "spec.secrets.env": { value: ["OTHER"], given: secrets },
  "spec.storage.size": { value: "2Gi", given: storage },
  "spec.storage.mountPath": { value: "/other", given: storage },
  "spec.storage.hostPath": { value: "/srv/data", given: storage },
  "spec.runAsRoot": { value: true },
  "spec.ingress": { value: [{ host: "b.example.com", public: true }] },
  "spec.ingress.host": { value: "b.example.com" },
  "spec.ingress.path": { value: "/api", given: host },
  "spec.ingress.public": { value: false, given: host },
  "spec.ingress.private": { value: true, given: host },
  "spec.ingress.stripPrefix": { value: false, given: underPath },
  "spec.ingress.middlewares": { value: [{ name: "rate-limit", namespace: "platform" }], given: host },
  "spec.build.context": { value: "app" },
  "spec.build.file": { value: "Containerfile" },
  "spec.build.target": { value: "run" },
  "spec.build.args": { value: { LEVEL: 1 } },
  "spec.build.secrets": { value: ["NPM_TOKEN"] },
  "spec.build.platforms": { value: ["linux/arm64"] },
  "spec.podSecurity": { value: "privileged" },
  "spec.rollback": { value: "never" },
  "spec.verify": { value: { home: { http: "/" } } },
  "spec.hints": { value: { ECONNREFUSED: "Start the database." } },
  "environments.prod.metadata.namespace": { value: "other" },
  "environments.prod.metadata.release": { value: "other" },
  "environments.prod.deploy.branch": { value: "main" },
  "environments.prod.deploy.tag": { value: "release-*" },
  "environments.prod.branch": { value: "main" },
  "environments.prod.tag": { value: "v1.2.3" },
  "environments.prod.secretsEnv": { value: "live", given: secrets },
  "deploy.images": { value: { main: "nginx:1" } },
  "deploy.pullSecret": { value: "made-by-ci" },
  "deploy.namespace": { value: "other" },
  "deploy.release": { value: "other" },
  "registry.server": { value: "registry.example.com", given: login },
  "registry.username": { value: "other", given: login },
  "registry.password": { value: "another-unreal-password", given: login },
  "cluster.registry": { value: "registry.example.com" },
  "cluster.pullSecret": { value: "other" },
  "cluster.ingress.issuer": { value: "other", given: host },
  "cluster.ingress.dnsTarget.public": { value: "192.0.2.1", given: host },
  "cluster.ingress.dnsTarget.private": { value: "100.64.0.1", given: hidden },
  "cluster.ingress.privateMiddleware.name": { value: "other", given: hidden },
  "cluster.ingress.privateMiddleware.namespace": { value: "other", given: hidden },
  "cluster.infisical.url": { value: "https://infisical.example.com", given: secrets },
  "cluster.infisical.project": { value: "other", given: secrets },
  "cluster.infisical.path": { value: "/other" },
  "cluster.infisical.environment": { value: "staging" },
  "cluster.infisical.environments": { value: { prod: "live" }, given: secrets },
  "cluster.infisical.bootstrapPath": { value: "/other" },
  "cluster.infisical.credentialsRef.name": { value: "other", given: secrets },
  "cluster.infisical.credentialsRef.namespace": { value: "other", given: secrets },
  "cluster.namespaces.render": { value: true },
  "cluster.tailnet.tags": { value: ["tag:other"] },
  "cluster.tailnet.controlUrl": { value: "https://control.example.com" },
  "cluster.tailnet.registry": { value: true },
  "cluster.telemetry.endpoint": { value: "http://collector:4318" },
  "cluster.storage.root": { value: "/srv", given: storage },
  "cluster.storage.ownerImage": { value: "tools:1", given: storage },
  "cluster.build.args": { value: { BASE_IMAGE: "base:1" } },
  "cluster.build.cache": { value: "registry.example.com/cache" },
  ...Object.fromEntries(
    Object.entries({
      http: "/up",
      run: "exit 0",
      logs: "ready",
      component: "main",
      pods: "all",
      "expect.status": 204,
      "expect.text": "ok",
      "expect.pattern": "^ok",
      timeout: "30s",
      optional: true,
    }).map(([key, value]) => [`spec.verify.home.${key}`, { value, given: check }]),
  ),
};

/** Keys that cannot be changed to anything else, or that are the test's own means. */
const fixed = new Set([
  "apiVersion",
  "kind",
  "environment",
  "global",
  "deploy.resolved",
  "cluster.ingress.controller",
  "cluster.secrets.delivery",
]);

/** What only ever reaches the resolved document, because it names no object: the release, and what deploys what. */
const onlyResolved = new Set(["metadata.release", "environments.prod.metadata.release", "deploy.release"]);

const schema = JSON.parse(readFileSync(join(chartFolder, "values.schema.json"), "utf8"));

interface Leaf {
  readonly path: string;
  readonly forAction: boolean;
}

/** Every key of the schema that holds a value; a key that may be a map or something else counts twice. */
function* leaves(node: Values, path: string, forAction: boolean): Generator<Leaf> {
  const reference = node["$ref"];
  const target: Values = typeof reference === "string" ? schema.definitions[reference.split("/")[2] ?? ""] : node;
  const action = forAction || node["x-consumer"] === "action" || target["x-consumer"] === "action";
  const properties = target["properties"] as Record<string, Values> | undefined;
  const types = [target["type"]].flat();
  if (properties === undefined || types.includes("string") || types.includes("array"))
    yield { path, forAction: action };
  for (const [key, value] of Object.entries(properties ?? {})) yield* leaves(value, `${path}.${key}`, action);
}

/** The keys of the whole schema; an environment's copies of the keys of `spec` are left to the schema's own test. */
function allLeaves(): Leaf[] {
  const { spec, environment, check: checks } = schema.definitions;
  const own = Object.entries(environment.properties as Record<string, Values>).filter(
    ([, value]) => !("$ref" in value),
  );
  return [
    ...Object.entries(schema.properties as Record<string, Values>)
      .filter(([key]) => key !== "spec" && key !== "environments")
      .flatMap(([key, value]) => [...leaves(value, key, false)]),
    ...Object.entries(spec.properties as Record<string, Values>).flatMap(([key, value]) => [
      ...leaves(value, `spec.${key}`, false),
    ]),
    ...own.flatMap(([key, value]) => [...leaves(value, `environments.prod.${key}`, false)]),
    ...leaves({ properties: checks.properties }, "spec.verify.home", true),
  ];
}

/** Values with another value at a dotted path. */
function withValue(values: Values, path: readonly string[], value: unknown): Values {
  const [key = "", ...rest] = path;
  if (rest.length === 0) return { ...values, [key]: value };
  const below = values[key];
  const map = typeof below === "object" && below !== null && !Array.isArray(below) ? (below as Values) : {};
  return { ...values, [key]: withValue(map, rest, value) };
}

const plain: Values = { metadata: { name: "my-app" }, spec: {}, environments: { prod: {} }, environment: "prod" };

describe("every key of the schema is alive", () => {
  const all = allLeaves();

  helmTest("each has a case, and each case a key", () => {
    const paths = all.map(({ path }) => path).filter((path) => !fixed.has(path));
    assert.deepEqual(Object.keys(cases).sort(), paths.sort());
  });

  for (const { path, forAction } of all) {
    const live = cases[path];
    if (live === undefined) continue;
    helmTest(path, () => {
      const before = { ...plain, ...live.given };
      const after = withValue(before, path.split("."), live.value);
      const see = (values: Values) =>
        forAction || onlyResolved.has(path) ? resolved(values).application : [...objects(values)];
      assert.notDeepEqual(see(after), see(before));
    });
  }
});
