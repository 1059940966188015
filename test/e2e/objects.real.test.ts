// Our offline check of rendered objects against the opinion of the real API server: a dry run with strict field validation.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { bundledChart } from "../../actions/core/helm.ts";
import { objectChecker } from "../../actions/validate/objects.ts";
import { type KubernetesObject, objectsOf } from "../../actions/validate/rendered.ts";
import { changedAt, openServerVerdict } from "./server-verdict.ts";
import { openWorld } from "./world.ts";

const world = await openWorld();
const verdict = await openServerVerdict(world, "objects");
after(async () => {
  await verdict[Symbol.asyncDispose]();
  world[Symbol.dispose]();
});
const { namespace, refusal } = verdict;

const checkObjects = objectChecker("1.35");

function offline(object: KubernetesObject): string {
  const text = JSON.stringify(object);
  // What only several objects show is no matter of the server's.
  return checkObjects(text)
    .mistakes.filter(({ code }) => code === "APP_OBJECT_INVALID")
    .map(({ message }) => message)
    .join("\n");
}

describe("both accept every object of", () => {
  for (const file of globSync("**/*.yaml", { cwd: join(bundledChart(), "golden") }).sort()) {
    it(`golden/${file}`, async () => {
      const objects = objectsOf(readFileSync(join(bundledChart(), "golden", file), "utf8"));
      assert.deepEqual(
        objects.map(offline).filter((said) => said !== ""),
        [],
      );
      assert.equal(await refusal(objects), "");
    });
  }
});

const metadata = { name: "web", namespace };
const labels = { app: "web" };
const pod = {
  containers: [
    {
      name: "web",
      image: "a/b:1",
      ports: [{ name: "http", containerPort: 80 }],
      env: [{ name: "A", value: "b" }],
      resources: { requests: { cpu: "100m", memory: "1Mi" }, limits: { memory: "2Mi" } },
      readinessProbe: { httpGet: { path: "/", port: "http" } },
      volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
    },
  ],
  volumes: [{ name: "tmp", emptyDir: {} }],
};
const template = { metadata: { labels }, spec: pod };

/** Objects that both accept. */
const sound = {
  ConfigMap: { apiVersion: "v1", kind: "ConfigMap", metadata, data: { a: "b" } },
  Service: {
    apiVersion: "v1",
    kind: "Service",
    metadata,
    spec: { selector: labels, ports: [{ name: "http", port: 80 }] },
  },
  PersistentVolumeClaim: {
    ...{ apiVersion: "v1", kind: "PersistentVolumeClaim", metadata },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  },
  Deployment: {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata,
    spec: { selector: { matchLabels: labels }, template },
  },
  StatefulSet: {
    ...{ apiVersion: "apps/v1", kind: "StatefulSet", metadata },
    spec: { serviceName: "web", selector: { matchLabels: labels }, template },
  },
  CronJob: {
    ...{ apiVersion: "batch/v1", kind: "CronJob", metadata },
    spec: { schedule: "0 0 * * *", jobTemplate: { spec: { template: { spec: { ...pod, restartPolicy: "Never" } } } } },
  },
  HorizontalPodAutoscaler: {
    ...{ apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler", metadata },
    spec: { maxReplicas: 2, scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" } },
  },
  Ingress: {
    ...{ apiVersion: "networking.k8s.io/v1", kind: "Ingress", metadata },
    spec: {
      rules: [
        {
          host: "a.example.com",
          http: {
            paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "web", port: { number: 80 } } } }],
          },
        },
      ],
    },
  },
  NetworkPolicy: {
    ...{ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata },
    spec: { podSelector: {}, policyTypes: ["Ingress"] },
  },
  PodDisruptionBudget: {
    ...{ apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata },
    spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
  },
  Role: {
    ...{ apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", metadata },
    rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }],
  },
  Certificate: {
    ...{ apiVersion: "cert-manager.io/v1", kind: "Certificate", metadata },
    spec: { secretName: "a", dnsNames: ["a.example.com"], issuerRef: { kind: "ClusterIssuer", name: "a" } },
  },
  IngressRoute: {
    ...{ apiVersion: "traefik.io/v1alpha1", kind: "IngressRoute", metadata },
    spec: { routes: [{ kind: "Rule", match: "Host(`a`)", services: [{ name: "web", port: 80 }] }] },
  },
  Middleware: {
    apiVersion: "traefik.io/v1alpha1",
    kind: "Middleware",
    metadata,
    spec: { stripPrefix: { prefixes: ["/a"] } },
  },
  HTTPRoute: {
    ...{ apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute", metadata },
    spec: {
      parentRefs: [{ name: "gate" }],
      hostnames: ["a.example.com"],
      rules: [{ matches: [{ path: { type: "PathPrefix", value: "/" } }], backendRefs: [{ name: "web", port: 80 }] }],
    },
  },
  ServiceMonitor: {
    ...{ apiVersion: "monitoring.coreos.com/v1", kind: "ServiceMonitor", metadata },
    spec: { selector: { matchLabels: labels }, endpoints: [{ port: "http", path: "/metrics" }] },
  },
  InfisicalSecret: {
    ...{ apiVersion: "secrets.infisical.com/v1alpha1", kind: "InfisicalSecret", metadata },
    spec: {
      authentication: {
        universalAuth: {
          credentialsRef: { secretName: "a", secretNamespace: "b" },
          secretsScope: { projectSlug: "a", envSlug: "b", secretsPath: "/" },
        },
      },
      managedKubeSecretReferences: [{ secretName: "a", secretNamespace: "b" }],
    },
  },
  InfisicalStaticSecret: {
    ...{ apiVersion: "secrets.infisical.com/v1beta1", kind: "InfisicalStaticSecret", metadata },
    spec: {
      infisicalAuthRef: { name: "a", namespace: "b" },
      syncOptions: { refreshInterval: "60s" },
      sources: [{ projectSlug: "a", environmentSlug: "b", secretPath: "/" }],
      targets: [{ name: "a", namespace: "b", kind: "Secret", creationPolicy: "Owner" }],
    },
  },
} as const satisfies Readonly<Record<string, KubernetesObject>>;

type Break = readonly [kind: keyof typeof sound, key: string, value?: unknown];

const container = "spec.template.spec.containers.0";

/** What breaks one of them for both: a key with another value, or without one when none is given. */
const broken: Readonly<Record<string, readonly Break[]>> = {
  "an unknown key": [
    ["ConfigMap", "metadata.label", {}],
    ["Service", "spec.port", 80],
    ["Deployment", "spec.minReadySecond", 3],
    ["Deployment", `${container}.readynessProbe`, {}],
    ["Deployment", "spec.template.spec.affinity", { nodeAffinity: { requiredDuringScheduling: {} } }],
    ["CronJob", "spec.suspended", true],
    ["Role", "rules.0.verb", "get"],
    ["Certificate", "spec.dnsName", "a"],
    ["IngressRoute", "spec.routes.0.hosts", []],
    ["Middleware", "spec.stripPrefix.prefix", "/a"],
    ["HTTPRoute", "spec.rules.0.backends", []],
    ["ServiceMonitor", "spec.endpoints.0.ports", "http"],
    ["InfisicalSecret", "spec.hostApi", "a"],
    ["InfisicalStaticSecret", "spec.sources.0.envSlug", "a"],
  ],
  "a value of another type": [
    ["ConfigMap", "data.a", 8080],
    ["Service", "spec.ports.0.port", "80"],
    ["Deployment", "spec.replicas", "2"],
    ["Deployment", "spec.replicas", 1.5],
    ["Deployment", `${container}.env.0.value`, 1],
    ["Deployment", `${container}.command`, "run"],
    ["Deployment", `${container}.tty`, "yes"],
    ["StatefulSet", "spec.selector", "web"],
    ["Ingress", "spec.rules", {}],
    ["Certificate", "spec.dnsNames", "a"],
    ["Middleware", "spec.stripPrefix.prefixes", "/a"],
    ["HTTPRoute", "spec.rules.0.backendRefs.0.port", "80"],
    ["InfisicalSecret", "spec.resyncInterval", "60"],
  ],
  "a key that is missing": [
    ["Service", "spec.ports.0.port"],
    ["Deployment", "spec.selector"],
    ["Deployment", `${container}.name`],
    ["Deployment", `${container}.volumeMounts.0.mountPath`],
    ["CronJob", "spec.schedule"],
    ["HorizontalPodAutoscaler", "spec.maxReplicas"],
    ["Ingress", "spec.rules.0.http.paths.0.pathType"],
    ["Role", "rules.0.verbs"],
    ["Certificate", "spec.issuerRef"],
    ["IngressRoute", "spec.routes.0.match"],
    ["HTTPRoute", "spec.rules.0.backendRefs.0.name"],
    ["ServiceMonitor", "spec.selector"],
    ["InfisicalSecret", "spec.authentication.universalAuth.secretsScope.envSlug"],
    ["InfisicalStaticSecret", "spec.syncOptions"],
  ],
  "a value that is not among those allowed": [
    ["Service", "spec.type", "Public"],
    ["Service", "spec.ports.0.protocol", "HTTP"],
    ["PersistentVolumeClaim", "spec.accessModes.0", "ReadWrite"],
    ["Deployment", "spec.strategy", { type: "Rolling" }],
    ["Deployment", `${container}.imagePullPolicy`, "Sometimes"],
    ["StatefulSet", "spec.podManagementPolicy", "Serial"],
    ["CronJob", "spec.concurrencyPolicy", "Never"],
    ["NetworkPolicy", "spec.policyTypes.0", "In"],
    ["IngressRoute", "spec.routes.0.kind", "Rules"],
    ["HTTPRoute", "spec.rules.0.matches.0.path.type", "Prefix"],
    ["HTTPRoute", "spec.hostnames.0", "A_b"],
    ["InfisicalStaticSecret", "spec.targets.0.creationPolicy", "Never"],
  ],
  "a kind of another version": [
    ["PodDisruptionBudget", "apiVersion", "policy/v1beta1"],
    ["Deployment", "apiVersion", "apps/v1beta1"],
  ],
};

/**
 * What only the server refuses in an object: rules that it has in code and its published schema does not hold. A manifest's
 * own keys cannot say them, since the chart's schema and resolver refuse them first (limits.real.test.ts); what `manifests` and
 * patches bring gets this far, and `deploy` finds it in its own dry run, before anything is changed.
 */
const onlyServer: Readonly<Record<string, readonly Break[]>> = {
  "the form of names, labels, quantities, schedules and paths": [
    ["Service", "metadata.name", "Web_1"],
    ["Deployment", "spec.template.metadata.labels.tier", "a b"],
    ["Deployment", `${container}.resources.limits.memory`, "1 gig"],
    ["CronJob", "spec.schedule", "daily"],
    ["Ingress", "spec.rules.0.host", "a b"],
    ["Deployment", `${container}.env.0.name`, ""],
  ],
  "limits of numbers": [
    ["Service", "spec.ports.0.port", 70_000],
    ["Deployment", "spec.replicas", -1],
  ],
  "what several keys say together": [
    ["Deployment", "spec.selector.matchLabels.app", "api"],
    ["Deployment", `${container}.volumeMounts.0.name`, "data"],
    ["Deployment", `${container}.resources.requests.memory`, "3Mi"],
    ["Deployment", "spec.strategy", { type: "Recreate", rollingUpdate: { maxSurge: 1 } }],
    ["CronJob", "spec.jobTemplate.spec.template.spec.restartPolicy", "Always"],
    ["PodDisruptionBudget", "spec.minAvailable", 1],
  ],
  "one of a list that may be there once": [
    ["Deployment", "spec.template.spec.containers.1", { name: "web", image: "a" }],
    ["Service", "spec.ports.1", { name: "http", port: 81 }],
  ],
  "rules in the language of custom resources": [["HTTPRoute", "spec.rules.0.matches.0.path.value", "no-slash"]],
};

/** A sound object with one break. */
function withBreak([kind, path, value]: Break): KubernetesObject {
  return changedAt(sound[kind] ?? {}, path, value);
}

describe("both accept", () => {
  for (const [kind, object] of Object.entries(sound)) {
    it(`a sound ${kind}`, async () => {
      assert.equal(offline(object), "");
      assert.equal(await refusal([object]), "");
    });
  }
});

for (const [sort, breaks] of Object.entries(broken)) {
  describe(`both refuse ${sort}:`, () => {
    for (const one of breaks) {
      it(titleOf(one), async () => {
        const object = withBreak(one);
        const [ours, theirs] = [offline(object), await refusal([object])];
        assert.notEqual(ours, "", `only the server refuses it: ${theirs}`);
        assert.notEqual(theirs, "", `only the check refuses it: ${ours}`);
      });
    }
  });
}

for (const [sort, breaks] of Object.entries(onlyServer)) {
  describe(`of objects that no key of a manifest makes, only the server knows ${sort}:`, () => {
    for (const one of breaks) {
      it(titleOf(one), async () => {
        const object = withBreak(one);
        assert.equal(offline(object), "");
        assert.notEqual(await refusal([object]), "");
      });
    }
  });
}

function titleOf([kind, key, value]: Break): string {
  return `${kind} ${key}${value === undefined ? "" : `: ${JSON.stringify(value)}`}`;
}
