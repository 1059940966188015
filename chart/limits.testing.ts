import type { Values } from "./helm.testing.ts";

/** A value that the API server refuses, or that could never run, and one beside it that is right. */
export interface Boundary {
  readonly name: string;
  readonly code: string;
  /** Where the problem is reported, below `spec`. */
  readonly at: string;
  readonly bad: Values;
  readonly good: Values;
  /**
   * What `bad` would make of the objects of `good`: kind, keys and value, of which undefined takes the key away. Without it
   * the server takes both.
   */
  readonly object?: readonly [kind: string, key: string, value: unknown];
}

const pod = "spec.template.spec";
const container = `${pod}.containers.0`;
const daemon = { kind: "DaemonSet" };
const loose = { podSecurity: "privileged" };
const claims = { kind: "StatefulSet" };
const rule = { apiGroups: [""], resources: ["pods"], verbs: ["get"] };
const hidden = { apiVersion: "v1", kind: "Secret" };

const cron = (schedule: string) => ({ kind: "CronJob", schedule });

function schedule(name: string, bad: string, good: string): Boundary {
  const object = ["CronJob", "spec.schedule", bad] as const;
  return { name, code: "APP_SCHEDULE_INVALID", at: "schedule", bad: cron(bad), good: cron(good), object };
}

/** A value that the schema refuses at a place of a single application. */
function wrong(at: string, bad: Values, good: Values, object?: Boundary["object"]): Boundary {
  return { name: `${at} has another form`, code: "APP_VALUE_INVALID", at, bad, good, ...(object ? { object } : {}) };
}

/** Rules between keys, which the resolver has. */
export const rules: readonly Boundary[] = [
  {
    name: "the limit of memory is below the default request",
    code: "APP_LIMIT_LOW",
    at: "resources.memoryLimit",
    bad: { resources: { memoryLimit: "255Mi" } },
    good: { resources: { memoryLimit: "0.25Gi" } },
    object: ["Deployment", `${container}.resources.limits.memory`, "255Mi"],
  },
  {
    name: "the limit of CPU is below the request, in other units",
    code: "APP_LIMIT_LOW",
    at: "resources.cpuLimit",
    bad: { resources: { cpu: 2, cpuLimit: "1999m" } },
    good: { resources: { cpu: 2, cpuLimit: "2000m" } },
    object: ["Deployment", `${container}.resources.limits.cpu`, "1999m"],
  },
  {
    name: "the limit of an init container is below its request",
    code: "APP_LIMIT_LOW",
    at: "initContainers.a.resources.memoryLimit",
    bad: { initContainers: { a: { resources: { memory: "1G", memoryLimit: "1M" } } } },
    good: { initContainers: { a: { resources: { memory: "1M", memoryLimit: "1G" } } } },
    object: ["Deployment", `${pod}.initContainers.0.resources.requests.memory`, "2G"],
  },
  {
    name: "a quantity has K for thousand",
    code: "APP_QUANTITY_INVALID",
    at: "resources.memory",
    bad: { resources: { memory: "256000K" } },
    good: { resources: { memory: "256000k" } },
    object: ["Deployment", `${container}.resources.requests.memory`, "256000K"],
  },
  {
    name: "the limit of a folder is no quantity",
    code: "APP_QUANTITY_INVALID",
    at: "volumes.a.emptyDir.sizeLimit",
    bad: { volumes: { a: { mountPath: "/a", emptyDir: { sizeLimit: "1 gig" } } } },
    good: { volumes: { a: { mountPath: "/a", emptyDir: { sizeLimit: "1Gi" } } } },
    object: ["Deployment", `${pod}.volumes.0.emptyDir.sizeLimit`, "1 gig"],
  },
  schedule("a minute is beyond 59", "60 * * * *", "59 * * * *"),
  schedule("an hour is none", "0 noon * * *", "0 12 * * *"),
  schedule("a day of the month is 0", "0 0 0 * *", "0 0 1,31 * *"),
  schedule("a month has another name", "0 0 1 janv *", "0 0 1 JAN-mar *"),
  schedule("Sunday is 7", "0 0 * * 7", "0 0 * * 0,Sun-sat"),
  schedule("a range ends before it begins", "0 5-1 * * *", "0 1-5 * * *"),
  schedule("a range has three ends", "0 1-2-3 * * *", "0 1-2,3 * * *"),
  schedule("a step is 0", "*/0 * * * *", "*/7 3/2 * * *"),
  schedule("there are two steps", "*/5/5 * * * *", "?/5 * * * *"),
  schedule("words are no fields", "a b c d e", "@hourly"),
  schedule("there are six fields", "0 0 3 * * *", "0   3 * * *"),
  schedule("a word is unknown", "@often", "@every 1h30m"),
  schedule("a time zone is named", "TZ=Europe/Paris 0 3 * * *", "0 3 * * *"),
  schedule("a time zone is named in the other way", "CRON_TZ=UTC 0 3 * * *", "@midnight"),
  {
    name: "the pod has less time to end than preStop takes by default",
    code: "APP_PRESTOP_LONG",
    at: "terminationGracePeriod",
    bad: { terminationGracePeriod: "3s" },
    good: { terminationGracePeriod: "5s" },
    object: ["Deployment", `${pod}.terminationGracePeriodSeconds`, 3],
  },
  {
    name: "preStop takes longer than the pod has to end",
    code: "APP_PRESTOP_LONG",
    at: "preStop",
    bad: { preStop: "31s" },
    good: { preStop: "30s" },
    object: ["Deployment", `${container}.lifecycle.preStop.sleep.seconds`, 31],
  },
  {
    name: "a time has more seconds than Kubernetes counts",
    code: "APP_TIME_INVALID",
    at: "health.startup.within",
    bad: { health: { startup: { within: "1000000h" } } },
    good: { health: { startup: { within: "99999h" } } },
    object: ["Deployment", `${container}.startupProbe.failureThreshold`, 3_600_000_000],
  },
  {
    name: "a Deployment may neither add nor take a pod",
    code: "APP_ROLLOUT_STUCK",
    at: "updateStrategy.maxSurge",
    bad: { updateStrategy: { maxSurge: 0 } },
    good: { updateStrategy: { maxSurge: 0, maxUnavailable: 1 } },
    object: ["Deployment", "spec.strategy.rollingUpdate.maxUnavailable", 0],
  },
  {
    name: "a DaemonSet may neither add nor take a pod",
    code: "APP_ROLLOUT_STUCK",
    at: "updateStrategy.maxUnavailable",
    bad: { ...daemon, updateStrategy: { maxUnavailable: "0%" } },
    good: { ...daemon, updateStrategy: { maxSurge: 1 } },
    object: ["DaemonSet", "spec.updateStrategy.rollingUpdate", { maxUnavailable: 0 }],
  },
  {
    name: "a DaemonSet may add and take pods",
    code: "APP_ROLLOUT_STUCK",
    at: "updateStrategy.maxUnavailable",
    bad: { ...daemon, updateStrategy: { maxSurge: 1, maxUnavailable: 1 } },
    good: { ...daemon, updateStrategy: { maxSurge: "50%", maxUnavailable: 0 } },
    object: ["DaemonSet", "spec.updateStrategy.rollingUpdate.maxUnavailable", 1],
  },
  // Only a server with the feature MaxUnavailableStatefulSet reads it, and refuses it.
  {
    name: "a StatefulSet may take no pod",
    code: "APP_ROLLOUT_STUCK",
    at: "updateStrategy.maxUnavailable",
    bad: { ...claims, updateStrategy: { maxUnavailable: 0 } },
    good: { ...claims, updateStrategy: { maxUnavailable: 1 } },
  },
  {
    name: "a folder is writable twice",
    code: "APP_MOUNT_TWICE",
    at: "writable.1",
    bad: { writable: ["/tmp", "/tmp"] },
    good: { writable: ["/tmp", "/tmp/a"] },
    object: ["Deployment", `${container}.volumeMounts.1.mountPath`, "/tmp"],
  },
  {
    name: "a volume and a writable folder have one path",
    code: "APP_MOUNT_TWICE",
    at: "writable.0",
    bad: { writable: ["/a"], volumes: { a: { mountPath: "/a", emptyDir: {} } } },
    good: { writable: ["/b"], volumes: { a: { mountPath: "/a", emptyDir: {} } } },
    object: ["Deployment", `${container}.volumeMounts.1.mountPath`, "/a"],
  },
  {
    name: "a file lies below another",
    code: "APP_MOUNT_TWICE",
    at: "files./c",
    bad: { files: { "/c": "a", "/c/d": "b" } },
    good: { files: { "/c": "a", "/cd": "b" } },
  },
  {
    name: "a Service has the name of an application that begins with a digit",
    code: "APP_NAME_INVALID",
    at: "components.1.service.name",
    bad: { components: { "1": { port: 80, name: "1st" } } },
    good: { components: { "1": { port: 80, name: "1st", service: { name: "first" } } } },
    object: ["Service", "metadata.name", "1st"],
  },
  {
    name: "a port has two numbers on the network of the node",
    code: "APP_HOST_PORT",
    at: "ports.http.hostPort",
    bad: { ...loose, hostAccess: { network: true }, ports: { http: { port: 3100, hostPort: 3101 } } },
    good: { ...loose, hostAccess: { network: true }, ports: { http: { port: 3100, hostPort: 3100 } } },
    object: ["Deployment", `${container}.ports.0.hostPort`, 3101],
  },
  {
    name: "an init container is called as the component's own",
    code: "APP_NAME_TWICE",
    at: "initContainers.my-app",
    bad: { initContainers: { "my-app": {} } },
    good: { initContainers: { "my-app-2": {} } },
    object: ["Deployment", `${pod}.initContainers.0.name`, "my-app"],
  },
  {
    name: "a sidecar listens on the component's own port",
    code: "APP_PORT_TWICE",
    at: "sidecars.side.ports.a",
    bad: { port: 3100, sidecars: { side: { ports: { a: 3100 } } } },
    good: { port: 3100, sidecars: { side: { ports: { a: "3100/UDP" } } } },
  },
  {
    name: "root is asked for and forbidden",
    code: "APP_SECURITY_CONTEXT",
    at: "securityContext.runAsNonRoot",
    bad: { securityContext: { runAsUser: 0, runAsNonRoot: true } },
    good: { securityContext: { runAsUser: 1, runAsNonRoot: true } },
  },
  {
    name: "root is asked for in an init container, and forbidden",
    code: "APP_SECURITY_CONTEXT",
    at: "initContainers.a.securityContext.runAsNonRoot",
    bad: { initContainers: { a: { securityContext: { runAsUser: 0, runAsNonRoot: true } } } },
    good: { initContainers: { a: { securityContext: { runAsUser: 0 } } } },
  },
  {
    name: "a privileged container may not gain rights",
    code: "APP_SECURITY_CONTEXT",
    at: "securityContext.allowPrivilegeEscalation",
    bad: { ...loose, securityContext: { privileged: true, allowPrivilegeEscalation: false } },
    good: { ...loose, securityContext: { privileged: true, allowPrivilegeEscalation: true } },
    object: ["Deployment", `${container}.securityContext.allowPrivilegeEscalation`, false],
  },
  {
    name: "a container with CAP_SYS_ADMIN may not gain rights",
    code: "APP_SECURITY_CONTEXT",
    at: "securityContext.allowPrivilegeEscalation",
    bad: { ...loose, securityContext: { capabilities: { add: ["CAP_SYS_ADMIN"] } } },
    good: { ...loose, securityContext: { capabilities: { add: ["CAP_SYS_ADMIN"] }, allowPrivilegeEscalation: true } },
    object: ["Deployment", `${container}.securityContext.allowPrivilegeEscalation`, false],
  },
  {
    name: "a profile of the node is not named",
    code: "APP_SECURITY_CONTEXT",
    at: "securityContext.seccompProfile",
    bad: { securityContext: { seccompProfile: { type: "Localhost" } } },
    good: { securityContext: { seccompProfile: { type: "Localhost", localhostProfile: "a.json" } } },
    object: ["Deployment", `${pod}.securityContext.seccompProfile.localhostProfile`, undefined],
  },
  {
    name: "a profile is named and not of the node",
    code: "APP_SECURITY_CONTEXT",
    at: "securityContext.seccompProfile",
    bad: { securityContext: { seccompProfile: { localhostProfile: "a.json" } } },
    good: { securityContext: { seccompProfile: { type: "RuntimeDefault" } } },
    object: ["Deployment", `${pod}.securityContext.seccompProfile.localhostProfile`, "a.json"],
  },
  {
    name: "a rule names no resources",
    code: "APP_RBAC_RULE",
    at: "rbac.rules.0",
    bad: { rbac: { rules: [{ apiGroups: [""], verbs: ["get"] }] } },
    good: { rbac: { rules: [rule] } },
    object: ["Role", "rules.0.resources", undefined],
  },
  {
    name: "a rule names no API group",
    code: "APP_RBAC_RULE",
    at: "rbac.clusterRules.0",
    bad: { rbac: { clusterRules: [{ resources: ["pods"], verbs: ["get"] }] } },
    good: { rbac: { clusterRules: [rule, { nonResourceURLs: ["/metrics"], verbs: ["get"] }] } },
    object: ["ClusterRole", "rules.0.apiGroups", undefined],
  },
  {
    name: "a path is allowed in a namespace",
    code: "APP_KEY_UNKNOWN",
    at: "rbac.rules.0.nonResourceURLs",
    bad: { rbac: { rules: [{ nonResourceURLs: ["/metrics"], verbs: ["get"] }] } },
    good: { rbac: { rules: [rule] } },
    object: ["Role", "rules.0", { nonResourceURLs: ["/metrics"], verbs: ["get"] }],
  },
  {
    name: "a rule is for paths and for objects",
    code: "APP_RBAC_RULE",
    at: "rbac.clusterRules.0",
    bad: { rbac: { clusterRules: [{ ...rule, nonResourceURLs: ["/metrics"] }] } },
    good: { rbac: { clusterRules: [rule] } },
    object: ["ClusterRole", "rules.0.nonResourceURLs", ["/metrics"]],
  },
  {
    name: "a toleration of any value names one",
    code: "APP_TOLERATION",
    at: "tolerations.0",
    bad: { tolerations: [{ key: "a", operator: "Exists", value: "b" }] },
    good: { tolerations: [{ key: "a", operator: "Exists" }] },
    object: ["Deployment", `${pod}.tolerations.0.value`, "b"],
  },
  {
    name: "a toleration compares no key",
    code: "APP_TOLERATION",
    at: "tolerations.0",
    bad: { tolerations: [{ operator: "Equal", value: "b" }] },
    good: { tolerations: [{ key: "a", value: "b" }] },
    object: ["Deployment", `${pod}.tolerations.0.key`, undefined],
  },
  {
    name: "a toleration ends that never begins",
    code: "APP_TOLERATION",
    at: "tolerations.0",
    bad: { tolerations: [{ key: "a", effect: "NoSchedule", tolerationSeconds: 5 }] },
    good: { tolerations: [{ key: "a", effect: "NoExecute", tolerationSeconds: 5 }] },
    object: ["Deployment", `${pod}.tolerations.0.effect`, "NoSchedule"],
  },
  ...[
    ["10.0.0.0/33", "10.0.0.0/32"],
    ["300.0.0.0/8", "255.0.0.0/8"],
    ["2001:db8::/129", "2001:db8::/128"],
    ["1::2::3/64", "::ffff/64"],
  ].map(
    ([bad, good]): Boundary => ({
      name: `${bad} is no address range`,
      code: "APP_NETWORK_PEER",
      at: "networkPolicy.to.0",
      bad: { networkPolicy: { to: [bad] } },
      good: { networkPolicy: { to: [good] } },
      object: ["NetworkPolicy", "spec.egress", [{ to: [{ ipBlock: { cidr: bad } }] }]],
    }),
  ),
  {
    name: "a patch takes the image away",
    code: "APP_PATCH_INVALID",
    at: "patch.container.image",
    bad: { patch: { container: { image: null } } },
    good: { patch: { container: { image: "a:1" } } },
    object: ["Deployment", `${container}.image`, undefined],
  },
  {
    name: "a patch takes the ports of a Service away",
    code: "APP_PATCH_INVALID",
    at: "patch.service.spec.ports",
    bad: { patch: { service: { spec: { ports: null } } } },
    good: { patch: { service: { spec: { sessionAffinity: "ClientIP" } } } },
    object: ["Service", "spec.ports", undefined],
  },
  {
    name: "an object of manifests has no name for Kubernetes",
    code: "APP_MANIFEST_INVALID",
    at: "manifests.a",
    bad: { manifests: { a: { ...hidden, metadata: { name: "A_B" } } } },
    good: { manifests: { a: { ...hidden, metadata: { name: "a.b" } } } },
    object: ["Secret", "metadata.name", "A_B"],
  },
  {
    name: "a Secret holds plain text",
    code: "APP_MANIFEST_INVALID",
    at: "manifests.a",
    bad: { manifests: { a: { ...hidden, data: { key: "plain text" } } } },
    good: { manifests: { a: { ...hidden, data: { key: "cGxhaW4=" } } } },
    object: ["Secret", "data.key", "plain text"],
  },
];

/** A sample of the limits of single values, which the schema has; `limits.test.ts` has all of them. */
export const forms: readonly Boundary[] = [
  wrong("ports.a--b", { ports: { "a--b": 80 } }, { ports: { http: 80 } }, [
    "Deployment",
    `${container}.ports.0.name`,
    "a--b",
  ]),
  wrong("ports.123", { ports: { "123": 80 } }, { ports: { http: 80 } }, [
    "Deployment",
    `${container}.ports.0.name`,
    "123",
  ]),
  wrong("labels.a", { labels: { a: "a b" } }, { labels: { a: "a.b" } }, ["Deployment", "metadata.labels.a", "a b"]),
  wrong("nodeSelector.a", { nodeSelector: { a: "a b" } }, { nodeSelector: { a: "" } }, [
    "Deployment",
    `${pod}.nodeSelector.a`,
    "a b",
  ]),
  wrong("priorityClass", { priorityClass: "A B" }, {}, ["Deployment", `${pod}.priorityClassName`, "A B"]),
  wrong("serviceAccount", { serviceAccount: "A B" }, { serviceAccount: "a.b" }, [
    "Deployment",
    `${pod}.serviceAccountName`,
    "A B",
  ]),
  wrong(
    "volumes.a.subPath",
    { volumes: { a: { mountPath: "/a", emptyDir: {}, subPath: "../x" } } },
    { volumes: { a: { mountPath: "/a", emptyDir: {}, subPath: "..x" } } },
    ["Deployment", `${container}.volumeMounts.0.subPath`, "../x"],
  ),
  wrong(
    "volumes.a.hostPath",
    { ...loose, volumes: { a: { mountPath: "/a", hostPath: "/a/../b" } } },
    { ...loose, volumes: { a: { mountPath: "/a", hostPath: "/a/..b" } } },
    ["Deployment", `${pod}.volumes.0.hostPath.path`, "/a/../b"],
  ),
  wrong(
    "updateStrategy.maxUnavailable",
    { updateStrategy: { maxUnavailable: "200%" } },
    { updateStrategy: { maxUnavailable: "100%" } },
    ["Deployment", "spec.strategy.rollingUpdate.maxUnavailable", "200%"],
  ),
  wrong("updateStrategy.maxSurge", { updateStrategy: { maxSurge: "25 %" } }, { updateStrategy: { maxSurge: "200%" } }, [
    "Deployment",
    "spec.strategy.rollingUpdate.maxSurge",
    "25 %",
  ]),
  wrong(
    "pdb.minAvailable",
    { replicas: 2, pdb: { minAvailable: "101%" } },
    { replicas: 2, pdb: { minAvailable: "50%" } },
    ["PodDisruptionBudget", "spec.minAvailable", "101%"],
  ),
  wrong("replicas", { replicas: 2 ** 31 }, { replicas: 1 }, ["Deployment", "spec.replicas", 2 ** 31]),
  wrong(
    "securityContext.runAsUser",
    { securityContext: { runAsUser: 2 ** 31 } },
    { securityContext: { runAsUser: 2 ** 31 - 1 } },
    ["Deployment", `${pod}.securityContext.runAsUser`, 2 ** 31],
  ),
  wrong("env.A.field", { env: { A: { field: "status.nope" } } }, { env: { A: { field: "status.podIPs" } } }, [
    "Deployment",
    `${container}.env.0`,
    { name: "A", valueFrom: { fieldRef: { fieldPath: "status.nope" } } },
  ]),
  wrong("env.A.resource", { env: { A: { resource: "limits.nope" } } }, { env: { A: { resource: "limits.memory" } } }, [
    "Deployment",
    `${container}.env.0`,
    { name: "A", valueFrom: { resourceFieldRef: { resource: "limits.nope" } } },
  ]),
  wrong(
    "config.set.a b",
    { config: { set: { "a b": "x" } }, envFrom: [{ config: "set" }] },
    { config: { set: { "a.b": "x" } }, envFrom: [{ config: "set" }] },
    ["ConfigMap", "data", { "a b": "x" }],
  ),
  wrong("rbac.rules.0.verbs", { rbac: { rules: [{ ...rule, verbs: [] }] } }, { rbac: { rules: [rule] } }, [
    "Role",
    "rules.0.verbs",
    [],
  ]),
  ...["X.Example.com", "10.0.0.1", "x..example.com"].map((host) =>
    wrong(
      "ingress.host",
      { ingress: { host, controller: "ingress" } },
      { ingress: { host: "x.example.com", controller: "ingress" } },
      ["Ingress", "spec.rules.0.host", host],
    ),
  ),
  wrong("image", { image: "My App:1" }, { image: "my-app:1" }),
  wrong("image", { image: "app:" }, { image: "app" }),
  wrong("writable.0", { writable: ["/"] }, { writable: ["/a"] }),
];
