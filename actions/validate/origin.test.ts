import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Origins, originFinder } from "./origin.ts";
import type { KubernetesObject } from "./rendered.ts";

const application: Origins = {
  components: {
    web: { containerName: "web", selector: { app: "shop-web" } },
    api: { containerName: "api", selector: { app: "shop-api" } },
  },
  ingress: [
    { name: "shop-web", namespace: "prod-shop", component: "web", tlsName: "shop-web-tls" },
    { name: "shop-web-2", namespace: "prod-shop", component: "web", tlsName: "shop-web-tls" },
  ],
  config: { relay: { configName: "shop-relay" } },
  secrets: { app: { secretName: "shop-secrets" }, queue: { secretName: "shop-queue" } },
  manifests: {},
};

const content = {
  spec: {
    config: { relay: { "conf.yaml": 1 } },
    secrets: { env: { A: "A" }, queue: { path: "/queue" } },
    defaults: {
      tolerations: [{ key: "a" }],
      nodeSelector: { zone: 1 },
      env: { LEVEL: "info", ONLY: "defaults" },
      resources: { cpu: 1 },
    },
    components: {
      base: { securityContext: { runAsUser: -1 }, updateStrategy: { type: "OnDelete" }, pdb: { maxUnavailable: "x" } },
      web: {
        extends: "base",
        rbac: { rules: [{ verbs: [] }], clusterRules: [{ verbs: [1] }] },
        ingress: [{ host: "a" }, { host: "b" }],
        replicas: { max: 2, behavior: { scaleUp: { policies: [] } } },
        serviceAccount: { annotations: { a: 1 } },
        service: { annotations: { b: 1 } },
        env: { LEVEL: "debug" },
        initContainers: { migrate: { image: "m", env: { DSN: 1 } } },
        sidecars: { proxy: { image: "p", securityContext: { privileged: 1 } } },
        volumes: { data: { mountPath: 1 } },
        spread: { across: "zone" },
      },
      api: { image: "a" },
    },
  },
  environments: { prod: { components: { web: { env: { LEVEL: "warn" } } } }, staging: {} },
};

/** An object of the component `web`. */
function made(kind: string, name: string, rest: object): KubernetesObject {
  return { kind, metadata: { name, namespace: "prod-shop", labels: { app: "shop-web" } }, ...rest };
}

const pod = {
  containers: [{ name: "web", env: [{ name: "PORT" }, { name: "LEVEL" }, { name: "ONLY" }] }],
  initContainers: [
    { name: "migrate", env: [{ name: "DSN" }] },
    { name: "proxy", securityContext: { privileged: 1 } },
  ],
  volumes: [{ name: "tmp" }, { name: "data", emptyDir: {} }],
};
const deployment = made("Deployment", "shop-web", { spec: { template: { spec: pod } } });
const own = "spec.template.spec.containers.0";
const route = { spec: { routes: [{}] } };

const cases: Readonly<Record<string, readonly [object: KubernetesObject, key: string, from: string]>> = {
  "a toleration": [deployment, "spec.template.spec.tolerations.0.key", "spec.defaults.tolerations.0.key"],
  "a nodeSelector": [deployment, "spec.template.spec.nodeSelector.zone", "spec.defaults.nodeSelector.zone"],
  "a variable, of the layer that wins": [
    deployment,
    `${own}.env.1.value`,
    "environments.prod.components.web.env.LEVEL",
  ],
  "a variable of the defaults": [deployment, `${own}.env.2.value`, "spec.defaults.env.ONLY"],
  "a variable that the chart gives": [deployment, `${own}.env.0.value`, "environments.prod.components.web.env"],
  "resources of the defaults": [deployment, `${own}.resources.limits.cpu`, "spec.defaults.resources"],
  "a securityContext of a parent": [
    deployment,
    "spec.template.spec.securityContext.runAsUser",
    "spec.components.base.securityContext.runAsUser",
  ],
  "the same of the container": [
    deployment,
    `${own}.securityContext.runAsUser`,
    "spec.components.base.securityContext.runAsUser",
  ],
  "a variable of an init container": [
    deployment,
    "spec.template.spec.initContainers.0.env.0.value",
    "spec.components.web.initContainers.migrate.env.DSN",
  ],
  "a sidecar": [
    deployment,
    "spec.template.spec.initContainers.1.securityContext.privileged",
    "spec.components.web.sidecars.proxy.securityContext.privileged",
  ],
  "a volume": [deployment, "spec.template.spec.volumes.1.emptyDir.size", "spec.components.web.volumes.data"],
  spread: [
    deployment,
    "spec.template.spec.topologySpreadConstraints.0.whenUnsatisfiable",
    "spec.components.web.spread",
  ],
  "the way of an update": [deployment, "spec.strategy.type", "spec.components.base.updateStrategy.type"],
  "a rule of a Role": [made("Role", "shop-web", {}), "rules.0.verbs", "spec.components.web.rbac.rules.0.verbs"],
  "a rule of a ClusterRole": [
    made("ClusterRole", "prod-shop-shop-web", {}),
    "rules.0.verbs.0",
    "spec.components.web.rbac.clusterRules.0.verbs.0",
  ],
  "an annotation of an account": [
    made("ServiceAccount", "shop-web", {}),
    "metadata.annotations.a",
    "spec.components.web.serviceAccount.annotations.a",
  ],
  "an annotation of a Service": [
    made("Service", "shop-web", {}),
    "metadata.annotations.b",
    "spec.components.web.service.annotations.b",
  ],
  "an autoscaler": [
    made("HorizontalPodAutoscaler", "shop-web", {}),
    "spec.behavior.scaleUp.policies",
    "spec.components.web.replicas.behavior.scaleUp.policies",
  ],
  "a disruption budget": [
    made("PodDisruptionBudget", "shop-web", {}),
    "spec.maxUnavailable",
    "spec.components.base.pdb.maxUnavailable",
  ],
  "a route, by its name": [
    made("IngressRoute", "shop-web-2", route),
    "spec.routes.0.match",
    "spec.components.web.ingress.1",
  ],
  "its certificate": [made("Certificate", "shop-web-tls", {}), "spec.dnsNames", "spec.components.web.ingress.0"],
  configuration: [
    { kind: "ConfigMap", metadata: { name: "shop-relay", labels: { app: "shop" } } },
    "data.conf.yaml",
    "spec.config.relay",
  ],
  secrets: [
    { kind: "InfisicalSecret", metadata: { name: "shop-infisical", labels: { app: "shop" } } },
    "spec.a",
    "spec.secrets",
  ],
  "secrets of a set": [
    { kind: "InfisicalSecret", metadata: { name: "shop-queue-infisical", labels: { app: "shop" } } },
    "spec.a",
    "spec.secrets.queue",
  ],
  "what no key of a component makes": [deployment, "spec.revisionHistoryLimit", "environments.prod.components.web"],
  "a component that the environment does not name": [
    { kind: "Deployment", metadata: { name: "shop-api", labels: { app: "shop-api" } } },
    "spec.revisionHistoryLimit",
    "spec.components.api",
  ],
  "what belongs to nothing": [{ kind: "Namespace", metadata: { name: "prod-shop" } }, "spec.a", "environments.prod"],
};

describe("where a key of an object comes from:", () => {
  for (const [name, [object, key, from]] of Object.entries(cases)) {
    test(name, () => {
      assert.equal(originFinder(application, content, "prod")(object, key.split(".")).join("."), from);
    });
  }
});
