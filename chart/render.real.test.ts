import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe } from "node:test";
import { parse } from "yaml";
import {
  chartFolder,
  container,
  helms,
  helmTest,
  type Outcome,
  objects,
  template,
  type Values,
} from "./helm.testing.ts";
import { argumentsOf, cases } from "./seed/facts.testing.ts";

const helloFile = join(chartFolder, "../examples/hello/.deploy/manifest.yaml");
const hello: Values = parse(readFileSync(helloFile, "utf8"));
const image = "registry.jterrazz.com/my-app:1.2.3";

/** A manifest of one environment, `prod`, around a `spec`. */
function manifest(spec: Values, prod: Values = {}): Values {
  return { metadata: { name: "my-app" }, spec, environments: { prod }, environment: "prod" };
}

/** Gives the container's variables by name; fails on a name that appears twice. */
function variables(values: Values): Record<string, unknown> {
  const list: { name: string; value?: string; valueFrom?: unknown }[] = container(objects(values)).env ?? [];
  const found = Object.fromEntries(list.map(({ name, value, valueFrom }) => [name, value ?? valueFrom]));
  assert.equal(Object.keys(found).length, list.length, "a variable appears twice");
  return found;
}

describe("chart renders", () => {
  for (const [golden, file, args] of [
    ["hello-staging", helloFile, ["--set", "environment=staging", "--set", `spec.image=${image}`]],
    ["hello-prod", helloFile, ["--set", "environment=prod", "--set", `spec.image=${image}`]],
    ["small", join(chartFolder, "ci/small.yaml"), []],
    ["full-staging", join(chartFolder, "ci/full.yaml"), []],
    ["full-prod", join(chartFolder, "ci/full.yaml"), ["--set", "environment=prod"]],
    ["components", join(chartFolder, "ci/components.yaml"), []],
    ["forms", join(chartFolder, "ci/forms.yaml"), []],
    ...cases.map((one) => [
      `seed-${one.manifest}-${one.environment}`,
      join(chartFolder, "seed", `${one.manifest}.yaml`),
      argumentsOf(one),
    ]),
  ] as [string, string, string[]][]) {
    helmTest(`${golden} as recorded in golden/, with Helm 3 and 4 and once more alike`, () => {
      const [three, four, again] = (["3", "4", "4"] as const).map((major) =>
        template({}, ["--values", file, ...args], helms[major]),
      ) as [Outcome, Outcome, Outcome];
      assert.ok(four.ok, four.stderr);
      assert.equal(three.text, four.text);
      assert.equal(again.text, four.text);
      const path = join(chartFolder, "golden", `${golden}.yaml`);
      if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(path, four.text);
      assert.equal(four.text, readFileSync(path, "utf8"));
    });

    helmTest(`${golden} lints clean`, () => {
      for (const binary of [helms["3"], helms["4"]]) {
        const lint = spawnSync(binary, ["lint", "--strict", "--values", file, ...args, chartFolder], {
          encoding: "utf8",
          timeout: 30_000,
        });
        assert.equal(lint.status, 0, lint.stdout + lint.stderr);
      }
    });
  }

  helmTest("the seed's object names, selector and ports", () => {
    const found = objects(hello, ["--set", "environment=prod", "--set", `spec.image=${image}`]);
    assert.deepEqual([...found.keys()].sort(), [
      "Certificate/my-app-tls",
      "Deployment/my-app",
      "IngressRoute/my-app",
      "PodDisruptionBudget/my-app",
      "Service/my-app",
    ]);
    const selector = { app: "my-app", environment: "prod" };
    assert.deepEqual(found.get("Deployment/my-app").spec.selector, { matchLabels: selector });
    assert.deepEqual(found.get("Service/my-app").spec.selector, selector);
    assert.deepEqual(found.get("Service/my-app").spec.ports, [{ name: "http", port: 80, targetPort: 3000 }]);
    for (const object of found.values()) assert.equal(object.metadata.namespace, "prod-my-app");
  });

  helmTest("numbers in env with their digits", () => {
    const env = { MAX: 1048576, DAY: 20250811, RATE: 0.1, BIG: 1e9, ZERO: 0, YES: true, TEXT: "01", EMPTY: "" };
    const found = variables(manifest({ env }));
    const { PORT: _port, OTEL_EXPORTER_OTLP_ENDPOINT: _endpoint, ...own } = found;
    assert.deepEqual(own, {
      MAX: "1048576",
      DAY: "20250811",
      RATE: "0.1",
      BIG: "1000000000",
      ZERO: "0",
      YES: "true",
      TEXT: "01",
      EMPTY: "",
    });
  });

  helmTest("a number from --set with its digits", () => {
    const found = container(objects(manifest({}), ["--set", "spec.env.MAX=10485760", "--set", "spec.port=8080"]));
    assert.deepEqual(
      found.env.find((variable: { name: string }) => variable.name === "MAX"),
      { name: "MAX", value: "10485760" },
    );
    assert.equal(found.ports[0].containerPort, 8080);
  });

  helmTest("PORT and the telemetry endpoint once, the application's own instead, and none for null", () => {
    const endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    assert.deepEqual(variables(manifest({ port: 8080 })), {
      PORT: "8080",
      [endpoint]: "http://signoz-otel-collector.platform-observability:4318",
    });
    assert.deepEqual(variables(manifest({ env: { PORT: 1, [endpoint]: "http://own" } })), {
      PORT: "1",
      [endpoint]: "http://own",
    });
    assert.deepEqual(variables(manifest({}, { env: { PORT: null, [endpoint]: null } })), {});
  });

  helmTest("a variable after those it refers to, and after secrets", () => {
    const env = { A: "$(B)/$(TOKEN)", B: "$(C)", C: "c" };
    const list: { name: string }[] = container(objects(manifest({ env, secrets: { env: ["TOKEN"] } }))).env;
    const names = list.map(({ name }) => name);
    assert.deepEqual(names, ["TOKEN", "C", "OTEL_EXPORTER_OTLP_ENDPOINT", "PORT", "B", "A"]);
  });

  for (const [memory, request, limit] of [
    ["1.5Gi", "1.5Gi", "3Gi"],
    ["512M", "512M", "1024M"],
    [1e9, "1000000000", "2000000000"],
    ["1e9", "1e9", "2e9"],
    [1073741824, "1073741824", "2147483648"],
    ["128974848000m", "128974848000m", "257949696000m"],
    [".5Gi", ".5Gi", "1Gi"],
  ] as const) {
    helmTest(`memory ${memory} with a limit of ${limit}`, () => {
      const { resources } = container(objects(manifest({ resources: { memory } })));
      assert.deepEqual(resources, { requests: { cpu: "100m", memory: request }, limits: { memory: limit } });
    });
  }

  helmTest("a CPU given as a number, and limits of one's own", () => {
    const { resources } = container(
      objects(manifest({ resources: { cpu: 0.1, cpuLimit: 2, memory: "1Gi", memoryLimit: "1.25Gi" } })),
    );
    assert.deepEqual(resources, { requests: { cpu: "0.1", memory: "1Gi" }, limits: { cpu: "2", memory: "1.25Gi" } });
  });

  helmTest("null as a deletion, of values and of defaults", () => {
    const spec = {
      env: { KEEP: "1", DROP: "1" },
      secrets: { path: "/my-app", env: ["TOKEN"] },
      ingress: { host: "a.example.com", path: "/api" },
      storage: { size: "1Gi", mountPath: "/data" },
      health: { path: "/up", startup: { within: "5m" } },
    };
    const prod = {
      env: { DROP: null },
      secrets: { env: { TOKEN: null } },
      ingress: { path: null },
      storage: null,
      health: { startup: null },
    };
    const found = objects(manifest(spec, prod));
    assert.equal(variables(manifest(spec, prod))["KEEP"], "1");
    assert.ok(!("DROP" in variables(manifest(spec, prod))));
    assert.ok(!("TOKEN" in variables(manifest(spec, prod))));
    assert.deepEqual(
      [...found.keys()].filter((name) => /Middleware|Persistent/.test(name)),
      [],
    );
    assert.equal(container(found).startupProbe.failureThreshold, 120);
    const bare = container(objects(manifest(spec, { health: null, resources: null, ingress: null })));
    assert.deepEqual([bare.startupProbe, bare.readinessProbe, bare.livenessProbe], [undefined, undefined, undefined]);
    assert.deepEqual(bare.resources, { requests: {}, limits: {} });
  });

  helmTest("a worker without a port: no Service, no probes, no PORT", () => {
    const found = objects(manifest({ port: null }));
    assert.deepEqual([...found.keys()], ["Deployment/my-app"]);
    const { ports, env, readinessProbe } = container(found);
    assert.deepEqual([ports, env.length, readinessProbe], [undefined, 1, undefined]);
  });

  helmTest("environment over spec: maps merge, scalars and lists replace, zero and empty count", () => {
    const spec = { replicas: 3, command: ["a"], args: ["b", "c"], resources: { cpu: "1", memory: "1Gi" } };
    const found = objects(manifest(spec, { replicas: 0, args: ["d"], resources: { cpu: "2" } }));
    assert.equal(found.get("Deployment/my-app").spec.replicas, 0);
    const { command, args, resources } = container(found);
    assert.deepEqual([command, args, resources.requests], [["a"], ["d"], { cpu: "2", memory: "1Gi" }]);
  });

  helmTest("a memory limit of null is none, in every container and layer", () => {
    const none = { memoryLimit: null };
    const sidecars = { proxy: { image: "proxy:1", resources: none } };
    const found = objects(manifest({ resources: { memoryLimit: "1Gi" }, sidecars }, { resources: none }));
    const { containers, initContainers } = found.get("Deployment/my-app").spec.template.spec;
    const limits = [...containers, ...initContainers].map(({ resources }) => resources);
    const requests = { cpu: "100m", memory: "256Mi" };
    assert.deepEqual(limits, [
      { requests, limits: {} },
      { requests, limits: {} },
    ]);
  });

  helmTest("the port of its own name in place of 3000, and 3000 where none is said", () => {
    const found = objects(manifest({ ports: { web: 8080 } }));
    const { ports, readinessProbe } = container(found);
    assert.deepEqual(ports, [{ name: "web", containerPort: 8080 }]);
    assert.equal(readinessProbe.httpGet.port, "web");
    assert.deepEqual(
      found.get("Service/my-app").spec.ports.map(({ port }: { port: number }) => port),
      [8080],
    );
    assert.deepEqual(container(objects(manifest({ ports: {} }))).ports, [{ name: "http", containerPort: 3000 }]);
    assert.equal(container(objects(manifest({}, { ports: null }))).ports, undefined);
    const more = container(objects(manifest({ port: 80 }, { ports: { metrics: 81 } })));
    assert.deepEqual(
      more.ports.map(({ name }: { name: string }) => name),
      ["http", "metrics"],
    );
  });

  helmTest("an environment with an empty body, and one under a pattern", () => {
    const values = { metadata: { name: "my-app" }, spec: {}, environments: { prod: null, "pr-*": { replicas: 2 } } };
    assert.ok(objects(values, ["--set", "environment=prod"]).has("Deployment/my-app"));
    const preview = objects(values, ["--set", "environment=pr-12"]).get("Deployment/my-app");
    assert.equal(preview.spec.replicas, 2);
    assert.equal(preview.metadata.namespace, "pr-12-my-app");
  });

  for (const [name, spec, prod, args, reference, policy] of [
    ["the default", {}, {}, [], "registry.jterrazz.com/my-app:latest", "Always"],
    ["a bare name", { image: "nginx" }, {}, [], "nginx", "Always"],
    ["a branch", { image: "nginx:main" }, {}, [], "nginx:main", "Always"],
    ["a registry with a port", { image: "localhost:5000/a" }, {}, [], "localhost:5000/a", "Always"],
    ["parts", { image: { repository: "a/b", tag: 20250811 } }, {}, [], "a/b:20250811", "IfNotPresent"],
    ["only a tag", { image: { tag: "v1" } }, {}, [], "registry.jterrazz.com/my-app:v1", "IfNotPresent"],
    ["an environment's tag", { image: "a/b:1" }, { image: { tag: "2" } }, [], "a/b:2", "IfNotPresent"],
    ["an environment's string", { image: "a/b:1" }, { image: "c" }, [], "c", "Always"],
    ["CI's over all", { image: "a:1" }, { image: "a:2" }, ["deploy.images.main=a:3"], "a:3", "IfNotPresent"],
  ] as const) {
    helmTest(`image: ${name}`, () => {
      const sets = args.flatMap((set) => ["--set-string", set]);
      const found = container(objects(manifest(spec, prod), sets));
      assert.deepEqual([found.image, found.imagePullPolicy], [reference, policy]);
    });
  }

  helmTest("an image by digest, which clears a tag", () => {
    const digest = `sha256:${"a".repeat(64)}`;
    const found = container(objects(manifest({ image: "a/b:1" }, { image: { digest } })));
    assert.deepEqual([found.image, found.imagePullPolicy], [`a/b@${digest}`, "IfNotPresent"]);
  });

  helmTest("probes from one path, the first of them each second", () => {
    const health = { path: "/up", startup: { within: "1m30s" }, periodSeconds: 20, timeoutSeconds: 7 };
    const { startupProbe, readinessProbe, livenessProbe } = container(objects(manifest({ health })));
    const httpGet = { path: "/up", port: "http" };
    assert.deepEqual(startupProbe, { httpGet, periodSeconds: 1, failureThreshold: 90, timeoutSeconds: 7 });
    assert.deepEqual(readinessProbe, { httpGet, periodSeconds: 5, failureThreshold: 3, timeoutSeconds: 7 });
    assert.equal(livenessProbe.periodSeconds, 20);
    const short = container(objects(manifest({ health: "/up" }, { health: { liveness: false } })));
    assert.deepEqual([short.startupProbe.httpGet.path, short.livenessProbe], ["/up", undefined]);
  });

  helmTest("the seed's slow starts: initialDelaySeconds and startupFailureThreshold widen the budget", () => {
    const delayed = container(objects(manifest({ health: { initialDelaySeconds: 300 } })));
    assert.deepEqual([delayed.startupProbe.failureThreshold, delayed.livenessProbe.initialDelaySeconds], [420, 300]);
    const counted = container(objects(manifest({ health: { startupFailureThreshold: 60 } })));
    assert.equal(counted.startupProbe.failureThreshold, 600);
  });

  helmTest("pods at the restricted level, as UID 1000, and without it for runAsRoot", () => {
    const pod = objects(manifest({})).get("Deployment/my-app").spec.template.spec;
    assert.deepEqual(pod.securityContext, {
      runAsNonRoot: true,
      runAsUser: 1000,
      runAsGroup: 1000,
      fsGroup: 1000,
      seccompProfile: { type: "RuntimeDefault" },
    });
    assert.deepEqual(pod.containers[0].securityContext, {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
    });
    assert.deepEqual([pod.automountServiceAccountToken, pod.enableServiceLinks], [false, false]);
    const root = objects(manifest({ runAsRoot: true })).get("Deployment/my-app").spec.template.spec;
    assert.equal(root.securityContext.runAsUser, undefined);
    assert.equal(root.containers[0].securityContext, undefined);
  });

  helmTest("a rollout without a gap, and pods that finish their requests", () => {
    const { spec } = objects(manifest({})).get("Deployment/my-app");
    assert.deepEqual(spec.strategy, {
      type: "RollingUpdate",
      rollingUpdate: { maxSurge: "25%", maxUnavailable: 0 },
    });
    assert.equal(spec.revisionHistoryLimit, 3);
    assert.equal(spec.template.spec.terminationGracePeriodSeconds, 30);
    assert.deepEqual(spec.template.spec.containers[0].lifecycle, { preStop: { sleep: { seconds: 5 } } });
  });

  helmTest("a disruption budget and spread from two replicas on", () => {
    const one = objects(manifest({ replicas: 1 }));
    assert.ok(!one.has("PodDisruptionBudget/my-app"));
    assert.equal(one.get("Deployment/my-app").spec.template.spec.topologySpreadConstraints, undefined);
    const two = objects(manifest({ replicas: 2 }));
    assert.deepEqual(two.get("PodDisruptionBudget/my-app").spec, {
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: "AlwaysAllow",
      selector: { matchLabels: { app: "my-app", environment: "prod" } },
    });
    const [spread] = two.get("Deployment/my-app").spec.template.spec.topologySpreadConstraints;
    assert.deepEqual([spread.topologyKey, spread.whenUnsatisfiable], ["kubernetes.io/hostname", "ScheduleAnyway"]);
  });

  helmTest("storage: the seed's volume and claim, Recreate, and one root container", () => {
    const found = objects(manifest({ storage: { size: "2Gi", mountPath: "/data" } }));
    const volume = found.get("PersistentVolume/my-app-prod-data");
    assert.deepEqual(volume.spec, {
      capacity: { storage: "2Gi" },
      accessModes: ["ReadWriteOnce"],
      persistentVolumeReclaimPolicy: "Retain",
      storageClassName: "manual",
      hostPath: { path: "/var/lib/k8s-data/my-app-prod", type: "DirectoryOrCreate" },
    });
    const claim = found.get("PersistentVolumeClaim/my-app-data");
    assert.equal(claim.spec.volumeName, "my-app-prod-data");
    for (const kept of [volume, claim]) {
      assert.equal(kept.metadata.annotations["helm.sh/resource-policy"], "keep");
    }
    const { spec } = found.get("Deployment/my-app");
    assert.deepEqual(spec.strategy, { type: "Recreate" });
    const [owner] = spec.template.spec.initContainers;
    assert.deepEqual(owner.command, ["chown", "-R", "1000:1000", "/data"]);
    assert.equal(owner.securityContext.runAsUser, 0);
    assert.equal(spec.template.spec.containers[0].securityContext.allowPrivilegeEscalation, false);
    assert.deepEqual(spec.template.spec.volumes, [
      { name: "data", persistentVolumeClaim: { claimName: "my-app-data" } },
    ]);
  });

  helmTest("a public route with TLS: one certificate, no middleware", () => {
    const found = objects(manifest({ ingress: { host: "a.example.com" } }));
    const route = found.get("IngressRoute/my-app").spec;
    assert.deepEqual(route, {
      entryPoints: ["websecure"],
      routes: [{ kind: "Rule", match: "Host(`a.example.com`)", services: [{ name: "my-app", port: 80 }] }],
      tls: { secretName: "my-app-tls" },
    });
    assert.deepEqual(found.get("Certificate/my-app-tls").spec, {
      secretName: "my-app-tls",
      dnsNames: ["a.example.com"],
      issuerRef: { kind: "ClusterIssuer", name: "letsencrypt-production" },
    });
  });

  for (const [spelling, prod] of [
    ["public: false", { ingress: { public: false } }],
    ["private: true", { ingress: { private: true } }],
  ] as const) {
    helmTest(`a private route under a path, spelled ${spelling}`, () => {
      const ingress = { host: "a.example.com", path: "/api", public: true };
      const found = objects(manifest({ ingress }, prod));
      const [rule] = found.get("IngressRoute/my-app").spec.routes;
      assert.equal(rule.match, "Host(`a.example.com`) && PathPrefix(`/api`)");
      assert.deepEqual(rule.middlewares, [
        { name: "private-access", namespace: "platform-networking" },
        { name: "my-app-strip-prefix" },
      ]);
      assert.deepEqual(found.get("Middleware/my-app-strip-prefix").spec, { stripPrefix: { prefixes: ["/api"] } });
    });
  }

  helmTest("DNS targets for public and private hosts", () => {
    const cluster = { ingress: { dnsTarget: { public: "192.0.2.1", private: "100.64.0.1" } } };
    for (const [isPublic, target] of [
      [true, "192.0.2.1"],
      [false, "100.64.0.1"],
    ] as const) {
      const values = { ...manifest({ ingress: { host: "a.example.com", public: isPublic } }), cluster };
      assert.deepEqual(objects(values).get("IngressRoute/my-app").metadata.annotations, {
        "external-dns.alpha.kubernetes.io/hostname": "a.example.com",
        "external-dns.alpha.kubernetes.io/target": target,
        ...(isPublic && { "external-dns.alpha.kubernetes.io/cloudflare-proxied": "true" }),
      });
    }
  });

  helmTest("parts of the cluster's facts taken away by null", () => {
    const values = manifest({ ingress: { host: "a.example.com" } });
    const cluster = { telemetry: null, build: null, namespaces: null, pullSecret: null, ingress: { dnsTarget: null } };
    const { spec } = objects({ ...values, cluster }).get("Deployment/my-app").spec.template;
    assert.deepEqual(spec.containers[0].env, [{ name: "PORT", value: "3000" }]);
    assert.equal(spec.imagePullSecrets, undefined);
  });

  helmTest("a list of routes: one certificate per host, the list replaced whole", () => {
    const spec = { ingress: { host: "old.example.com", path: "/old" } };
    const ingress = [
      { host: "a.example.com", public: true },
      { host: "a.example.com", path: "/api", public: true, stripPrefix: false },
      { host: "b.example.com", public: false },
    ];
    const found = objects(manifest(spec, { ingress }));
    const names = [...found.keys()].filter((name) => /^(Cert|Ingress|Middle)/.test(name)).sort();
    assert.deepEqual(names, [
      "Certificate/my-app-a-example-com-tls",
      "Certificate/my-app-b-example-com-tls",
      "IngressRoute/my-app-0",
      "IngressRoute/my-app-1",
      "IngressRoute/my-app-2",
    ]);
    assert.equal(found.get("IngressRoute/my-app-1").spec.tls.secretName, "my-app-a-example-com-tls");
  });

  helmTest("secrets from Infisical: the operator's object, and variables from its Secret", () => {
    const secrets = { path: "/my-app", env: ["TOKEN"] };
    const staging = { secrets: { env: { DATABASE_URL: "PG_URL" } } };
    const values = { metadata: { name: "my-app" }, spec: { secrets }, environments: { staging } };
    const found = objects(values, ["--set", "environment=staging"]);
    assert.deepEqual(found.get("InfisicalSecret/my-app-infisical").spec, {
      hostAPI: "https://eu.infisical.com/api",
      resyncInterval: 60,
      authentication: {
        universalAuth: {
          credentialsRef: { secretName: "infisical-credentials", secretNamespace: "platform-secrets" },
          secretsScope: { projectSlug: "jterrazz", envSlug: "dev", secretsPath: "/my-app" },
        },
      },
      managedKubeSecretReferences: [{ secretName: "my-app-secrets", secretNamespace: "staging-my-app" }],
    });
    const { env } = container(found);
    assert.deepEqual(env.slice(0, 2), [
      { name: "DATABASE_URL", valueFrom: { secretKeyRef: { name: "my-app-secrets", key: "PG_URL" } } },
      { name: "TOKEN", valueFrom: { secretKeyRef: { name: "my-app-secrets", key: "TOKEN" } } },
    ]);
  });

  helmTest("the pull secret: by reference, and from values with any password for plain Helm", () => {
    const pod = (values: Values) => objects(values).get("Deployment/my-app").spec.template.spec;
    assert.deepEqual(pod(manifest({})).imagePullSecrets, [{ name: "registry-credentials" }]);
    const made = { ...manifest({}), deploy: { pullSecret: "made-by-ci" } };
    assert.deepEqual(pod(made).imagePullSecrets, [{ name: "made-by-ci" }]);
    const password = `${crypto.randomUUID()}"\\'<&`;
    const registry = { server: "registry.example.com", username: "deploy", password };
    const secret = objects({ ...manifest({}), registry }).get("Secret/registry-credentials");
    const auth = Buffer.from(`deploy:${password}`).toString("base64");
    assert.deepEqual(JSON.parse(Buffer.from(secret.data[".dockerconfigjson"], "base64").toString()), {
      auths: { "registry.example.com": { username: "deploy", password, auth } },
    });
    assert.ok(!objects({ ...made, registry }).has("Secret/made-by-ci"), "a secret made by CI is not rendered again");
    const none = objects({ ...manifest({}), registry, cluster: { pullSecret: null } });
    assert.deepEqual(
      [...none.keys()].filter((name) => name.startsWith("Secret/")),
      [],
    );
    const early = objects({ ...manifest({ kind: "Job", when: "pre-deploy", port: null }), registry });
    const copy = early.get("Secret/registry-credentials-pre");
    assert.equal(copy.metadata.annotations["helm.sh/hook"], "pre-install,pre-upgrade");
    assert.deepEqual(copy.data, secret.data);
    assert.deepEqual(early.get("Job/my-app").spec.template.spec.imagePullSecrets, [
      { name: "registry-credentials-pre" },
    ]);
  });

  helmTest("a namespace only where the cluster asks for it, and kept", () => {
    const values = { ...manifest({ runAsRoot: true }), cluster: { namespaces: { render: true } } };
    const { metadata } = objects(values).get("Namespace/prod-my-app");
    assert.equal(metadata.annotations["helm.sh/resource-policy"], "keep");
    assert.equal(metadata.labels["pod-security.kubernetes.io/enforce"], "baseline");
  });

  helmTest("names that YAML would read as something else", () => {
    const values = {
      metadata: { name: "1e3" },
      spec: { service: { name: "e3" } },
      environments: { on: {} },
      environment: "on",
    };
    const found = objects(values);
    assert.deepEqual(found.get("Deployment/1e3").spec.selector.matchLabels, { app: "1e3", environment: "on" });
  });
});
