import { readFileSync } from "node:fs";
import { join } from "node:path";
import { chartFolder, type Values } from "./helm.testing.ts";

// Every key of the schema with its examples, and what must stand beside it to be valid and to matter. The tests of the
// chart put each example at its key, so an example that is shown to people is one that works.

/** A key of the schema that holds a value. */
export interface Key {
  /** From the top of the values, dotted; entries of a map have the names of `entryNames`, the first of a list is `0`. */
  readonly path: string;
  /** Values as the schema shows them to people, the first of which changes what the chart gives. */
  readonly examples: readonly unknown[];
  /** What the chart takes where the key is not set, or undefined for none or one that depends on others. */
  readonly fallback: unknown;
  /** Only an action reads it; the chart carries it in the resolved document. */
  readonly forAction: boolean;
  /** Its schema, references followed. */
  readonly schema: Values;
}

/** Maps whose entries have keys of their own, with the name of the entry that is used. */
const entryNames: Readonly<Record<string, string>> = {
  "spec.ports": "http",
  "spec.namespaces": "other",
  "spec.verify": "home",
  "spec.env": "LOG_LEVEL",
  "spec.files": "/etc/app",
  "spec.volumes": "data",
  "spec.secrets": "postgres",
  "spec.config": "minio",
  "spec.config.minio": "host",
  "spec.initContainers": "first",
  "spec.sidecars": "proxy",
  "cluster.platformServices": "gateway-intelligence",
};

/** Keys whose own keys are those of a component, listed there. */
const whole = new Set(["spec.components", "spec.defaults"]);

/** Keys of a sidecar's health that are those of a component's. */
const listedThere = /^spec\.sidecars\.proxy\.health\.(?!path$)/;

const loose = { podSecurity: "privileged" };
const references = {
  secrets: { postgres: { path: "/old/postgres" } },
  config: { minio: { host: "http://old:9000" } },
  env: { USER: { secret: "postgres/username" }, HOST: { config: "minio/host" } },
};
const secrets = { secrets: { path: "/old", env: ["OLD"] } };
const claim = { mountPath: "/old", size: "1Gi" };
const route = { host: "old.example.com" };
const hidden = { ...route, public: false };
const twoPorts = { http: 80, metrics: 81, admin: 82 };
const parts = { api: { port: 80 }, web: { port: 81, replicas: 3 } };
const relay = { env: { RELAY_URL: "http://relay" } };
const beside = {
  ...loose,
  ...references,
  initContainers: { first: {} },
  sidecars: { proxy: {}, tunnel: {} },
};
const profiled = { securityContext: { seccompProfile: { type: "Localhost", localhostProfile: "old.json" } } };
const twoSets = {
  secrets: { postgres: { existingSecret: "postgres" }, redis: { existingSecret: "redis" } },
  config: { minio: { host: "http://old:9000" }, limits: { most: "10" } },
};
const gateway = { name: "old", namespace: "old" };

/** What must stand beside a key, and beside all below it; the longest entry that fits counts, and the keys of `spec` alone are named. */
const company: Readonly<
  Record<string, { readonly spec?: Values; readonly cluster?: Values; readonly [key: string]: unknown }>
> = {
  "spec.ports.http.port": { spec: { ports: { http: { port: 81 } } } },
  "spec.ports.http.service": { spec: { ports: { http: { port: 81 } } } },
  "spec.ports.http.protocol": { spec: { ports: { http: { port: 81 } } } },
  "spec.ports.http.hostPort": { spec: { ...loose, ports: { http: { port: 81 } } } },
  "spec.podManagementPolicy": { spec: { kind: "StatefulSet" } },
  "spec.pdb": { spec: { replicas: 2 } },
  "spec.spread": { spec: { replicas: 2 } },
  "spec.when": { spec: { kind: "Job" } },
  "spec.retries": { spec: { kind: "Job" } },
  "spec.deadline": { spec: { kind: "Job" } },
  "spec.kind": { spec: { schedule: "0 * * * *" } },
  "spec.schedule": { spec: { kind: "CronJob", schedule: "0 * * * *" } },
  "spec.defaults": { spec: { components: parts } },
  "spec.components.api": { spec: { namespaces: { backend: {} }, components: parts } },
  "spec.components.api.after": { spec: { components: { api: { kind: "Job" }, web: { port: 81 } } } },
  "spec.replicas.name": { spec: { replicas: { max: 4 } } },
  "spec.replicas.min": { spec: { replicas: { max: 4 } } },
  "spec.replicas.max": { spec: { replicas: { max: 4 } } },
  "spec.replicas.cpu": { spec: { replicas: { max: 4 } } },
  "spec.replicas.memory": { spec: { replicas: { max: 4 } } },
  "spec.replicas.behavior": { spec: { replicas: { max: 4 } } },
  "spec.replicas.behavior.scaleUp.policies.0": {
    spec: {
      replicas: { max: 4, behavior: { scaleUp: { policies: [{ type: "Pods", value: 1, periodSeconds: 60 }] } } },
    },
  },
  "spec.health.httpHeaders.0": {
    spec: { port: 80, health: { path: "/old", httpHeaders: [{ name: "X-Old", value: "old" }] } },
  },
  "spec.tolerations.0": { spec: { tolerations: [{ key: "old" }] } },
  "spec.tolerations.0.tolerationSeconds": { spec: { tolerations: [{ key: "old", effect: "NoExecute" }] } },
  "spec.rbac.rules.0": { spec: { rbac: { rules: [{ apiGroups: [""], resources: ["old"], verbs: ["get"] }] } } },
  "spec.rbac.clusterRules.0": {
    spec: { rbac: { clusterRules: [{ apiGroups: [""], resources: ["old"], verbs: ["get"] }] } },
  },
  "spec.rbac.clusterRules.0.nonResourceURLs": {
    spec: { rbac: { clusterRules: [{ nonResourceURLs: ["/old"], verbs: ["get"] }] } },
  },
  "spec.ingress.middlewares.0": { spec: { ingress: { ...route, middlewares: [{ name: "old" }] } } },
  "spec.health": { spec: { ports: twoPorts } },
  "spec.env": { spec: references },
  "spec.envFrom.0.secret": { spec: { ...twoSets, envFrom: [{ secret: "postgres" }] } },
  "spec.envFrom.0.config": { spec: { ...twoSets, envFrom: [{ config: "minio" }] } },
  "spec.envFrom.0.prefix": { spec: { ...twoSets, envFrom: [{ secret: "postgres" }] } },
  "spec.env.LOG_LEVEL.optional": { spec: { ...references, env: { LOG_LEVEL: { secret: "postgres/level" } } } },
  "spec.envFrom": { spec: references },
  "spec.files": { spec: references },
  "spec.files./etc/app.mode": { spec: { files: { "/etc/app": { content: "text" } } } },
  "spec.files./etc/app.restart": { spec: { files: { "/etc/app": { content: "text" } } } },
  "spec.volumes.data": { spec: { kind: "StatefulSet", volumes: { data: claim } } },
  "spec.volumes.data.existingClaim": { spec: { volumes: { data: { mountPath: "/old", existingClaim: "old" } } } },
  "spec.volumes.data.hostPath": { spec: { ...loose, volumes: { data: { mountPath: "/old", hostPath: "/old" } } } },
  "spec.volumes.data.hostPathType": { spec: { ...loose, volumes: { data: { mountPath: "/old", hostPath: "/old" } } } },
  "spec.volumes.data.emptyDir": { spec: { volumes: { data: { mountPath: "/old", emptyDir: {} } } } },
  "spec.initContainers": { spec: beside },
  "spec.sidecars": { spec: beside },
  "spec.sidecars.proxy.health": { spec: { sidecars: { proxy: { ports: { http: 81 } } } } },
  "spec.serviceAccount.annotations": { spec: { serviceAccount: { name: "old" } } },
  "spec.securityContext": { spec: loose },
  "spec.securityContext.seccompProfile.localhostProfile": { spec: profiled },
  "spec.initContainers.first.securityContext.seccompProfile.localhostProfile": {
    spec: { ...beside, initContainers: { first: profiled } },
  },
  "spec.sidecars.proxy.securityContext.seccompProfile.localhostProfile": {
    spec: { ...beside, sidecars: { proxy: profiled } },
  },
  "spec.hostAccess": { spec: loose },
  "spec.secrets.postgres": { spec: references },
  "spec.secrets.postgres.existingSecret": {
    spec: { ...references, secrets: { postgres: { existingSecret: "old" } } },
  },
  "spec.config.minio": { spec: references },
  "spec.secrets.path": { spec: secrets },
  "spec.secrets.env": { spec: secrets },
  "spec.storage": { spec: { storage: { size: "1Gi", mountPath: "/old" } } },
  "spec.ingress": { spec: { ingress: route } },
  "spec.ingress.stripPrefix": { spec: { ingress: { ...route, path: "/api" } } },
  "spec.ingress.preservePath": { spec: { ingress: { ...route, redirectTo: "https://new.example.com/a" } } },
  "spec.ingress.component": { spec: { components: parts, ingress: { ...route, component: "api" } } },
  "spec.ingress.port": { spec: { ports: twoPorts, ingress: route } },
  "spec.ingress.className": { spec: { ingress: { ...route, controller: "ingress" } } },
  "spec.metrics": { spec: { ports: twoPorts, metrics: {} } },
  "spec.patch.ingress": { spec: { ingress: route } },
  "spec.same": { spec: { components: { api: relay, web: relay } } },
  "spec.verify.home.http": { spec: { verify: { home: { http: "/old" } } } },
  "spec.verify.home.run": { spec: { verify: { home: { run: "old" } } } },
  "spec.verify.home.logs": { spec: { verify: { home: { logs: "old" } } } },
  "spec.verify": { spec: { ...references, verify: { home: { http: "/" } } } },
  "spec.secretsEnv": { spec: secrets },
  "deploy.skip": { spec: { components: { api: { port: 80 }, seed: { kind: "Job" } } } },
  "deploy.secrets": { spec: secrets, cluster: { secrets: { delivery: "sync" } }, deploy: { preview: true } },
  "deploy.preview": { spec: secrets, cluster: { secrets: { delivery: "sync" } } },
  "infrastructure.publicIp": { spec: { ingress: route } },
  "infrastructure.tailscaleHostname": { spec: { ingress: hidden } },
  "cluster.secrets": { spec: secrets, deploy: { preview: true } },
  "cluster.platformServices": { spec: { platformServices: ["gateway-intelligence"], networkPolicy: { to: [] } } },
  registry: { registry: { username: "deploy", password: "another-unreal-password" } },
  "cluster.ingress": { spec: { ingress: route } },
  "cluster.ingress.dnsTarget.cloudflareProxied": {
    spec: { ingress: route },
    cluster: { ingress: { dnsTarget: { public: "192.0.2.9" } } },
  },
  "cluster.ingress.hosts": {
    spec: { ingress: { public: true } },
    cluster: { ingress: { hosts: { prod: "before.example.com" } } },
  },
  "cluster.ingress.dnsTarget.private": { spec: { ingress: hidden } },
  "cluster.ingress.privateMiddleware": { spec: { ingress: hidden } },
  "cluster.ingress.className": { spec: { ingress: { ...route, controller: "ingress" } } },
  "cluster.ingress.privateClassName": {
    spec: { ingress: { ...hidden, controller: "ingress" } },
    cluster: { ingress: { privateClassName: "old" } },
  },
  "cluster.ingress.gateway": {
    spec: { ingress: { ...route, controller: "gateway" } },
    cluster: { ingress: { gateway } },
  },
  "cluster.ingress.privateGateway": {
    spec: { ingress: { ...hidden, controller: "gateway" } },
    cluster: { ingress: { privateGateway: gateway } },
  },
  "cluster.infisical": { spec: secrets },
  "cluster.infisical.authRef": {
    spec: secrets,
    cluster: { infisical: { api: "v1beta1" } },
  },
  "cluster.metrics": { spec: { metrics: {} } },
  "cluster.networkPolicy.ingress": { spec: { networkPolicy: { from: ["ingress"] } } },
  "cluster.networkPolicy.egress": { spec: { networkPolicy: { to: [] } } },
  "cluster.jobs": { spec: { components: { api: { port: 80 }, seed: { kind: "Job", after: ["api"] } } } },
  "cluster.storage": { spec: { storage: { size: "1Gi", mountPath: "/old" } } },
};

/** The chart's schema. */
export const schema = JSON.parse(readFileSync(join(chartFolder, "values.schema.json"), "utf8"));

/** Values in which an example of the key can be put: a small manifest, and what must stand beside the key. */
export function surroundings(path: string): Values {
  const names = Object.keys(company).filter((name) => path === name || path.startsWith(`${name}.`));
  const longest = names.sort((one, other) => other.length - one.length)[0];
  const small = { metadata: { name: "old" }, spec: {}, environments: { prod: {} }, environment: "prod" };
  return { ...small, ...(longest === undefined ? {} : company[longest]) };
}

/** The names of `company` that no key needs. */
export function idleCompany(keys: readonly Key[]): string[] {
  return Object.keys(company).filter((name) => !keys.some(({ path }) => path === name || path.startsWith(`${name}.`)));
}

/** Values with another value at the place of a key. */
export function withValue(values: Values, path: string, value: unknown): Values {
  return put(values, path.split("."), value);
}

function put(values: Values, [key = "", ...rest]: readonly string[], value: unknown): Values {
  if (rest.length === 0) return { ...values, [key]: value };
  const list = values[key];
  if (Array.isArray(list) && rest[0] === "0") {
    return { ...values, [key]: [put(list[0], rest.slice(1), value), ...list.slice(1)] };
  }
  const below = values[key];
  const map = typeof below === "object" && below !== null && !Array.isArray(below) ? (below as Values) : {};
  return { ...values, [key]: put(map, rest, value) };
}

/** The keys of the whole schema; an environment's copies of the keys of `spec` are left to the schema's own test. */
export function allKeys(): Key[] {
  const { spec, environment, component } = schema.definitions;
  const listed = new Set<Values>();
  const keysOfMap = (properties: Record<string, Values>, path: string) => [
    ...keysOf({ properties }, path, false, listed),
  ];
  const pick = (map: Record<string, Values>, keep: (key: string, value: Values) => boolean) =>
    Object.fromEntries(Object.entries(map).filter(([key, value]) => keep(key, value)));
  const top = Object.keys(schema.properties).filter((key) => !["spec", "environments", "global"].includes(key));
  return [
    ...top.flatMap((key) => [...keysOf(schema.properties[key], key, false, listed)]),
    ...keysOfMap(spec.properties, "spec").filter(({ path }) => !listedThere.test(path)),
    ...keysOfMap(
      pick(component.properties, (key) => !(key in spec.properties)),
      "spec.components.api",
    ),
    ...keysOfMap(
      pick(environment.properties, (_key, value) => !("$ref" in value)),
      "environments.prod",
    ),
  ];
}

/**
 * Every key below a node that holds a value; one that may be a map or something else counts, and so do the keys of that map,
 * a map with an example, and the keys of a list's items, at the first list that has such items.
 */
function* keysOf(node: Values, path: string, forAction: boolean, listed: Set<Values>): Generator<Key> {
  const own = target(node);
  const action = forAction || node["x-consumer"] === "action" || own["x-consumer"] === "action";
  const examples = (own["examples"] ?? []) as unknown[];
  const properties = own["properties"] as Record<string, Values> | undefined;
  const named = path in entryNames;
  const types = [own["type"]].flat().filter((type) => type !== undefined && type !== "object" && type !== "null");
  if (whole.has(path) || (properties === undefined && !named) || types.length > 0 || examples.length > 0)
    yield { path, examples, fallback: own["default"], forAction: action, schema: own };
  if (whole.has(path)) return;
  for (const [name, value] of Object.entries(properties ?? {})) yield* keysOf(value, `${path}.${name}`, action, listed);
  if (named) {
    const entry = target((own["additionalProperties"] || {}) as Values);
    yield* keysOf(entry, `${path}.${entryNames[path]}`, action, listed);
  }
  const items = target((own["items"] ?? {}) as Values);
  if (!("properties" in items) || listed.has(items)) return;
  listed.add(items);
  yield* keysOf({ properties: items["properties"] }, `${path}.0`, action, listed);
}

/** Gives the schema that a node stands for. */
function target(node: Values): Values {
  const reference = node["$ref"];
  if (typeof reference !== "string") return node;
  let found = schema;
  for (const key of reference.split("/").slice(1)) found = found[key];
  return target(found);
}
