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
const ports = { spec: { ports: { http: { port: 3000 } } } };
const stateful = { spec: { kind: "StatefulSet" } };
const several = { spec: { replicas: 2 } };
const scaled = { spec: { replicas: { max: 4 } } };
const job = { spec: { kind: "Job" } };
const components = {
  spec: { namespaces: { elsewhere: {} }, components: { api: { port: 80 }, web: { port: 81, replicas: 3 } } },
};
const routed = { spec: { ...components.spec, ingress: { component: "api", host: "a.example.com" } } };
const references = {
  spec: {
    secrets: { db: { path: "/db" } },
    config: { urls: { relay: "http://relay" } },
    env: { A: { secret: "db/a" }, B: { config: "urls/relay" } },
  },
};
const file = { spec: { files: { "/etc/a": { content: "text" } } } };
const claim = { spec: { kind: "StatefulSet", volumes: { data: { mountPath: "/data", size: "1Gi" } } } };
const elsewhere = { spec: { volumes: { data: { mountPath: "/data", existingClaim: "a" } } } };
const loose = { spec: { podSecurity: "privileged" } };
const node = { spec: { ...loose.spec, volumes: { data: { mountPath: "/data", hostPath: "/data" } } } };
const scratch = { spec: { volumes: { data: { mountPath: "/data", emptyDir: {} } } } };
const beside = {
  spec: {
    ...loose.spec,
    ...references.spec,
    initContainers: { first: {}, second: {} },
    sidecars: { proxy: {}, third: {} },
  },
};
const withPort = { spec: { sidecars: { proxy: { image: "a:1", ports: { http: 81 } } } } };
const rule = { apiGroups: [""], resources: ["pods"], verbs: ["get"] };
const containerSecurity = Object.fromEntries(
  Object.entries({
    runAsUser: 7,
    runAsGroup: 7,
    runAsNonRoot: false,
    privileged: true,
    allowPrivilegeEscalation: true,
    readOnlyRootFilesystem: true,
    "capabilities.add": ["CHOWN"],
    "capabilities.drop": ["CHOWN"],
    "seccompProfile.type": "Unconfined",
    "seccompProfile.localhostProfile": "a.json",
  }).map(([key, value]) => [`securityContext.${key}`, value]),
);
const classed = { spec: { ingress: { host: "a.example.com", controller: "ingress" } } };
const hiddenHost = { host: "a.example.com", public: false };
const innerClass = {
  spec: { ingress: { ...hiddenHost, controller: "ingress" } },
  cluster: { ingress: { privateClassName: "a" } },
};
const gated = {
  spec: { ingress: { host: "a.example.com", controller: "gateway" } },
  cluster: { ingress: { gateway: { name: "a" } } },
};
const innerGate = {
  spec: { ingress: { ...hiddenHost, controller: "gateway" } },
  cluster: { ingress: { privateGateway: { name: "a" } } },
};
const newer = { ...secrets, cluster: { infisical: { api: "v1beta1" } } };
const measured = { spec: { ports: { http: 80, other: 81 }, metrics: { path: "/m" } } };
const waiting = { spec: { components: { api: { port: 80 }, seed: { kind: "Job", after: ["api"] } } } };
const check = { spec: { ...references.spec, verify: { home: { http: "/" } } } };
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
  "spec.kind": { value: "DaemonSet" },
  "spec.ports.http": { value: 8080 },
  "spec.ports.http.port": { value: 8080, given: ports },
  "spec.ports.http.service": { value: 81, given: ports },
  "spec.ports.http.protocol": { value: "UDP", given: ports },
  "spec.ports.http.hostPort": { value: 8080, given: { spec: { ...ports.spec, podSecurity: "privileged" } } },
  "spec.service.name": { value: "front" },
  "spec.service.headless": { value: true },
  "spec.service.type": { value: "NodePort" },
  "spec.service.annotations": { value: { a: "b" } },
  "spec.labels": { value: { app: "other" } },
  "spec.annotations": { value: { a: "b" } },
  "spec.updateStrategy.type": { value: "Recreate" },
  "spec.updateStrategy.maxSurge": { value: 0 },
  "spec.updateStrategy.maxUnavailable": { value: "50%" },
  "spec.podManagementPolicy": { value: "Parallel", given: stateful },
  "spec.terminationGracePeriod": { value: "2m" },
  "spec.preStop": { value: ["leave"] },
  "spec.pdb.maxUnavailable": { value: "50%", given: several },
  "spec.pdb.minAvailable": { value: 1, given: several },
  "spec.spread.across": { value: "zone", given: several },
  "spec.spread.mode": { value: "required", given: several },
  "spec.when": { value: "pre-deploy", given: job },
  "spec.schedule": { value: "1 * * * *", given: { spec: { kind: "CronJob", schedule: "0 * * * *" } } },
  "spec.retries": { value: 0, given: job },
  "spec.deadline": { value: "10m", given: job },
  "spec.components": { value: { api: {} } },
  "spec.defaults": { value: { replicas: 3 }, given: components },
  "spec.namespaces.other.podSecurity": { value: "baseline" },
  "spec.components.api.name": { value: "other", given: components },
  "spec.components.api.namespace": { value: "elsewhere", given: components },
  "spec.components.api.extends": { value: "web", given: components },
  "spec.components.api.enabled": { value: false, given: components },
  "spec.components.api.after": {
    value: ["web"],
    given: { spec: { components: { api: { kind: "Job" }, web: { port: 81 } } } },
  },
  "spec.command": { value: ["run"] },
  "spec.args": { value: ["--fast"] },
  "spec.replicas": { value: 2 },
  "spec.containerName": { value: "other" },
  "spec.replicas.name": { value: "other", given: scaled },
  "spec.replicas.min": { value: 2, given: scaled },
  "spec.replicas.max": { value: 9, given: scaled },
  "spec.replicas.cpu": { value: 50, given: scaled },
  "spec.replicas.memory": { value: 50, given: scaled },
  ...Object.fromEntries(
    ["scaleUp", "scaleDown"].flatMap((way) =>
      Object.entries({
        stabilizationWindowSeconds: 9,
        selectPolicy: "Min",
        policies: [{ type: "Pods", value: 1, periodSeconds: 60 }],
      }).map(([key, value]) => [`spec.replicas.behavior.${way}.${key}`, { value, given: scaled }]),
    ),
  ),
  "spec.resources.cpu": { value: "1" },
  "spec.resources.memory": { value: "1Gi" },
  "spec.resources.memoryLimit": { value: "1Gi" },
  "spec.resources.cpuLimit": { value: "1" },
  "spec.health": { value: "/up" },
  "spec.health.path": { value: "/up" },
  "spec.health.exec": { value: ["ready"] },
  "spec.health.tcp": { value: true },
  "spec.health.grpc": { value: true },
  "spec.health.port": { value: "metrics", given: { spec: { ports: { http: 80, metrics: 81 } } } },
  "spec.health.liveness": { value: false },
  "spec.health.startup.within": { value: "5m" },
  "spec.health.initialDelaySeconds": { value: 10 },
  "spec.health.periodSeconds": { value: 30 },
  "spec.health.timeoutSeconds": { value: 9 },
  "spec.health.startupFailureThreshold": { value: 60 },
  "spec.health.crashRestarts": { value: 9 },
  "spec.env.LEVEL": { value: "debug" },
  "spec.env.LEVEL.secret": { value: "db/level", given: references },
  "spec.env.LEVEL.config": { value: "urls/relay", given: references },
  "spec.env.LEVEL.optional": {
    value: true,
    given: { spec: { ...references.spec, env: { LEVEL: { secret: "db/level" } } } },
  },
  "spec.env.LEVEL.field": { value: "status.podIP" },
  "spec.env.LEVEL.resource": { value: "limits.memory" },
  "spec.envFrom": { value: [{ secret: "db" }], given: references },
  "spec.files./etc/a": { value: "text" },
  "spec.files./etc/a.content": { value: "text" },
  "spec.files./etc/a.secret": { value: "db/level", given: references },
  "spec.files./etc/a.config": { value: "urls/relay", given: references },
  "spec.files./etc/a.mode": { value: "0755", given: file },
  "spec.files./etc/a.restart": { value: false, given: file },
  ...Object.fromEntries(
    Object.entries({
      mountPath: "/other",
      size: "2Gi",
      storageClass: "fast",
      accessMode: "ReadWriteOncePod",
      perReplica: true,
      subPath: "part",
      readOnly: true,
    }).map(([key, value]) => [`spec.volumes.data.${key}`, { value, given: claim }]),
  ),
  "spec.volumes.data.existingClaim": { value: "other", given: elsewhere },
  "spec.volumes.data.hostPath": { value: "/srv", given: node },
  "spec.volumes.data.hostPathType": { value: "Directory", given: node },
  "spec.volumes.data.emptyDir.medium": { value: "Memory", given: scratch },
  "spec.volumes.data.emptyDir.sizeLimit": { value: "1Mi", given: scratch },
  "spec.writable": { value: ["/tmp"] },
  "spec.imagePullPolicy": { value: "Never" },
  ...Object.fromEntries(
    ["initContainers.first", "sidecars.proxy"].flatMap((name) =>
      Object.entries({
        image: "tools:1",
        inherit: "env",
        command: ["run"],
        args: ["--fast"],
        envFrom: [{ secret: "db" }],
        after: ["third"],
        env: { LEVEL: "debug" },
        "resources.cpu": "1",
        "resources.memory": "1Gi",
        "resources.memoryLimit": "1Gi",
        "resources.cpuLimit": "1",
        ...containerSecurity,
      }).map(([key, value]) => [`spec.${name}.${key}`, { value, given: beside }]),
    ),
  ),
  "spec.sidecars.proxy.ports": { value: { sql: 5432 }, given: beside },
  "spec.sidecars.proxy.health": { value: "/up", given: withPort },
  "spec.sidecars.proxy.health.path": { value: "/up", given: withPort },
  ...Object.fromEntries(
    Object.entries({ ...containerSecurity, fsGroup: 7, supplementalGroups: [7] }).map(([key, value]) => [
      `spec.securityContext.${key.replace("securityContext.", "")}`,
      { value, given: loose },
    ]),
  ),
  "spec.hostAccess.network": { value: true, given: loose },
  "spec.hostAccess.pid": { value: true, given: loose },
  "spec.hostAccess.ipc": { value: true, given: loose },
  "spec.serviceAccount": { value: "there" },
  "spec.serviceAccount.name": { value: "other" },
  "spec.serviceAccount.annotations": { value: { role: "a" } },
  "spec.rbac.rules": { value: [rule] },
  "spec.rbac.clusterRules": { value: [rule] },
  "spec.nodeSelector": { value: { disk: "fast" } },
  "spec.tolerations": { value: [{ operator: "Exists" }] },
  "spec.affinity": { value: { podAntiAffinity: {} } },
  "spec.priorityClass": { value: "high" },
  "spec.secrets.db.path": { value: "/other", given: references },
  "spec.secrets.db.existingSecret": { value: "there", given: references },
  "spec.secrets.db.name": { value: "other", given: references },
  "spec.secrets.db.keys": { value: ["OTHER"], given: references },
  "spec.secrets.db.reload": { value: "operator", given: references },
  "spec.config.urls.relay": { value: "other", given: references },
  "spec.config.urls.existingConfig": { value: "there", given: references },
  "spec.config.urls.metadata.name": { value: "other", given: references },
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
  "spec.ingress.component": { value: "web", given: routed },
  "spec.ingress.port": { value: "other", given: { spec: { ports: { http: 80, other: 81 }, ...host.spec } } },
  "spec.ingress.controller": { value: "ingress", given: host },
  "spec.ingress.className": { value: "nginx", given: classed },
  "spec.ingress.annotations": { value: { a: "b" }, given: host },
  "spec.ingress.tls.issuer": { value: "other", given: host },
  "spec.ingress.tls.secretName": { value: "other", given: host },
  "spec.metrics.path": { value: "/m" },
  "spec.metrics.port": { value: "other", given: measured },
  "spec.networkPolicy.from": { value: ["ingress"] },
  "spec.networkPolicy.to": { value: ["internet"] },
  "spec.patch.workload": { value: { spec: { minReadySeconds: 5 } } },
  "spec.patch.podSpec": { value: { hostname: "a" } },
  "spec.patch.container": { value: { tty: true } },
  "spec.patch.service": { value: { spec: { sessionAffinity: "ClientIP" } } },
  "spec.patch.ingress": { value: { spec: { entryPoints: ["web"] } }, given: host },
  "spec.manifests": { value: { a: { apiVersion: "v1", kind: "ConfigMap" } } },
  "spec.build.context": { value: "app" },
  "spec.build.file": { value: "Containerfile" },
  "spec.build.target": { value: "run" },
  "spec.build.args": { value: { LEVEL: 1 } },
  "spec.build.secrets": { value: ["NPM_TOKEN"] },
  "spec.build.platforms": { value: ["linux/arm64"] },
  "spec.podSecurity": { value: "privileged" },
  "spec.rollback": { value: "never" },
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
  "cluster.ingress.controller": { value: "ingress", given: host },
  "cluster.ingress.className": { value: "nginx", given: classed },
  "cluster.ingress.privateClassName": { value: "inner", given: innerClass },
  "cluster.ingress.gateway.name": { value: "other", given: gated },
  "cluster.ingress.gateway.namespace": { value: "other", given: gated },
  "cluster.ingress.gateway.sectionName": { value: "other", given: gated },
  "cluster.ingress.privateGateway.name": { value: "other", given: innerGate },
  "cluster.ingress.privateGateway.namespace": { value: "other", given: innerGate },
  "cluster.ingress.privateGateway.sectionName": { value: "other", given: innerGate },
  "cluster.infisical.api": { value: "v1beta1", given: secrets },
  "cluster.infisical.authRef.name": { value: "other", given: newer },
  "cluster.infisical.authRef.namespace": { value: "other", given: newer },
  "cluster.metrics.kind": { value: "serviceMonitor", given: measured },
  "cluster.networkPolicy.ingress": { value: "other", given: { spec: { networkPolicy: { from: ["ingress"] } } } },
  "cluster.networkPolicy.egress": { value: ["other"], given: { spec: { networkPolicy: { to: [] } } } },
  "cluster.jobs.waitImage": { value: "tools:1", given: waiting },
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
      "expect.config": "urls/relay",
      "expect.secret": "db/token",
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
  // A file that nobody put in is an error, tested as one.
  "spec.config.urls.relay.file",
  "spec.files./etc/a.file",
  "cluster.secrets.delivery",
]);

/** What only ever reaches the resolved document, because it names no object: the release, and what deploys what. */
const onlyResolved = new Set(["metadata.release", "environments.prod.metadata.release", "deploy.release"]);

/** Maps whose entries have keys of their own, with the name of the entry that cases use. */
const entryNames: Readonly<Record<string, string>> = {
  "spec.ports": "http",
  "spec.namespaces": "other",
  "spec.verify": "home",
  "spec.env": "LEVEL",
  "spec.files": "/etc/a",
  "spec.volumes": "data",
  "spec.secrets": "db",
  "spec.config": "urls",
  "spec.config.urls": "relay",
  "spec.initContainers": "first",
  "spec.sidecars": "proxy",
};

/** Keys whose own keys are those of `spec`, tested there. */
const whole = new Set(["spec.components", "spec.defaults"]);

/** Keys of a sidecar's health that are those of a component's. */
const testedThere = /^spec\.sidecars\.proxy\.health\.(?!path$)/;

const schema = JSON.parse(readFileSync(join(chartFolder, "values.schema.json"), "utf8"));

interface Leaf {
  readonly path: string;
  readonly forAction: boolean;
}

/** Gives the schema that a node stands for. */
function target(node: Values): Values {
  const reference = node["$ref"];
  if (typeof reference !== "string") return node;
  let found = schema;
  for (const key of reference.split("/").slice(1)) found = found[key];
  return target(found);
}

/** Every key of the schema that holds a value; a key that may be a map or something else counts twice. */
function* leaves(node: Values, path: string, forAction: boolean): Generator<Leaf> {
  const own = target(node);
  const action = forAction || node["x-consumer"] === "action" || own["x-consumer"] === "action";
  const properties = own["properties"] as Record<string, Values> | undefined;
  const entries = target((own["additionalProperties"] || {}) as Values);
  const named = path in entryNames && !whole.has(path);
  const types = [own["type"]].flat().filter((type) => type !== undefined && type !== "object" && type !== "null");
  if ((properties === undefined && !named) || types.length > 0) yield { path, forAction: action };
  for (const [key, value] of Object.entries(properties ?? {})) {
    if (whole.has(`${path}.${key}`)) yield { path: `${path}.${key}`, forAction: action };
    else yield* leaves(value, `${path}.${key}`, action);
  }
  if (named) yield* leaves(entries, `${path}.${entryNames[path]}`, action);
}

/** The keys of the whole schema; an environment's copies of the keys of `spec` are left to the schema's own test. */
function allLeaves(): Leaf[] {
  const { spec, environment, component } = schema.definitions;
  const pick = (map: Record<string, Values>, keep: (key: string, value: Values) => boolean) => ({
    properties: Object.fromEntries(Object.entries(map).filter(([key, value]) => keep(key, value))),
  });
  return [
    ...["metadata", "deploy", "registry", "cluster", "apiVersion", "kind", "environment", "global"].flatMap((key) => [
      ...leaves(schema.properties[key], key, false),
    ]),
    ...[...leaves({ properties: spec.properties }, "spec", false)].filter(({ path }) => !testedThere.test(path)),
    ...leaves(
      pick(component.properties, (key) => !(key in spec.properties)),
      "spec.components.api",
      false,
    ),
    ...leaves(
      pick(environment.properties, (_key, value) => !("$ref" in value)),
      "environments.prod",
      false,
    ),
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

/** What comes of values: the resolved application, or the objects. */
function see(values: Values, inDocument: boolean): unknown {
  return inDocument ? resolved(values).application : [...objects(values)];
}

/** What comes of values that many cases start from, made once. */
function seenBefore(values: Values, inDocument: boolean): unknown {
  const key = JSON.stringify([values, inDocument]);
  if (!known.has(key)) known.set(key, see(values, inDocument));
  return known.get(key);
}

const known = new Map<string, unknown>();

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
      const inDocument = forAction || onlyResolved.has(path);
      assert.notDeepEqual(see(after, inDocument), seenBefore(before, inDocument));
    });
  }
});
