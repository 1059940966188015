import type { Here } from "./generate.ts";
import type { Random } from "./random.ts";

/** What the schema cannot say of one place in it. */
export interface Meaning {
  /** Makes the value itself; undefined leaves the key out. */
  readonly value?: (here: Here) => unknown;
  /** Whether the key may stand here at all. */
  readonly when?: (here: Here) => boolean;
  /** Keys that must be there. */
  readonly always?: (here: Here) => readonly string[];
  /** Keys of which exactly one must be there. */
  readonly oneOf?: readonly string[];
  /** Names of the entries of a map. */
  readonly names?: (here: Here) => readonly string[];
  /** What changes for what lies below. */
  readonly enter?: (here: Here) => Here;
  /** Whether an environment may take it away with null; what others need, or what completes an entry, may not. */
  readonly removable?: (here: Here) => boolean;
}

type Table = Readonly<Record<string, Meaning>>;

/** The meaning of a place: the path of the definition in the schema that holds it, `*` for entries and `[]` for items. */
export function meaningOf(place: string): Meaning {
  const canonical = place
    .replace(/^component\.ingress(\[\]$|(\[\])?\.)/, (_, end: string) => (end === "[]" ? "route" : "route."))
    .replace(/^initContainer\.securityContext/, "component.securityContext")
    .replace(/^component\.health\.(liveness|readiness|startup)$/, "probe");
  return table[place] ?? table[canonical] ?? (removablePlace.test(place) ? onlyRemovable : none);
}

const none: Meaning = {};
const onlyRemovable: Meaning = { removable: () => true };
/** A component's own keys, and single entries of the maps that stand by themselves. */
const removablePlace = /^component\.(\w+|(env|files|volumes)\.\*)$/;

const never: Meaning = { when: () => false };
/** What others refer to, or what makes an entry complete. */
const fixed: Meaning = { removable: () => false };
const one = (...choices: readonly unknown[]): Meaning => ({ value: ({ random }) => random.pick(choices) });
const some = (...choices: readonly unknown[]): Meaning => ({
  value: ({ random }) => {
    const chosen = random.some(choices, 0.5);
    return chosen.length > 0 ? chosen : [choices[0]];
  },
});
const unique = (word: string): Meaning => ({ value: ({ plan }) => `${word}-${plan.next()}` });
const text: Meaning = { value: ({ random }) => random.pick(texts) };
const texts = [
  "plain",
  "",
  "yes",
  "0755",
  "1.10",
  "a: b #c",
  "two\nlines\n",
  "- \"quoted\" 'twice'",
  "naïve 日本 😀",
  "$HOME",
];

const withSecrets = ({ plan }: Here) => plan.secrets.length > 0;
const withConfig = ({ plan }: Here) => Object.keys(plan.config).length > 0;
const secretReference: Meaning = {
  when: withSecrets,
  value: ({ random, plan }) => `${random.pick(plan.secrets)}/${random.pick(["URL", "TOKEN", "tls.crt"])}`,
};
const configReference: Meaning = {
  when: withConfig,
  value: ({ random, plan }) => {
    const name = random.pick(Object.keys(plan.config));
    return `${name}/${random.pick(plan.config[name] ?? [])}`;
  },
};

/** What a component's own layer must say, since other layers and components count on it. */
const neededOfComponent = ["kind", "ports", "schedule", "extends", "initContainers", "sidecars"];

const own = ({ scope, environment }: Here) => scope !== "defaults" && !environment;
const loose = ({ component }: Here) => component?.loose === true;
/** Only one object can have it: no heir may take it over. */
const alone = ({ scope, component }: Here) => scope !== "defaults" && component?.hasHeir !== true;
const notDefaults = ({ scope }: Here) => scope !== "defaults";
const served = ({ component }: Here) => (component?.ports.length ?? 0) > 0;
const ports = ({ component }: Here) => component?.ports ?? [];
const staying = ({ plan }: Here) => plan.components.filter(({ removable }) => !removable);
const routable = (here: Here) => staying(here).filter((component) => component.ports.length > 0);

const podRule = { apiGroups: ["", "apps"], resources: ["pods", "deployments/scale"], verbs: ["get", "list"] };

const table: Table = {
  // The manifest, and what CI adds to it.
  top: { always: () => ["apiVersion", "kind", "metadata", "spec", "environments", "cluster"] },
  "top.metadata": { always: () => ["name"] },
  "top.metadata.name": unique("app"),
  "top.metadata.namespace": unique("ns"),
  "top.metadata.release": unique("release"),
  "top.environment": never,
  "top.global": never,
  "top.environments": { names: ({ plan }) => plan.environments },
  environment: { enter: (here) => ({ ...here, environment: true }) },
  "spec.secretsEnv": one("live", "lab"),
  "top.deploy.images": { value: ({ plan }) => ({ [plan.components[0]?.key ?? ""]: "registry.example.com/ci/app:1" }) },
  "top.deploy.namespace": unique("ns"),
  "top.deploy.release": unique("release"),
  "top.deploy.resolved": never,
  // It names Jobs that must be there.
  "top.deploy.skip": never,
  "top.deploy.pullSecret": one("by-ci"),
  // The action says it of the sets that it delivered itself.
  "top.deploy.secrets": never,

  // Facts about the cluster: what the chosen controller of routes needs, and names of objects and addresses.
  cluster: { always: () => ["ingress"] },
  "cluster.registry": one("registry.example.com", "localhost:5000"),
  "cluster.pullSecret": one("registry-credentials"),
  "cluster.ingress": { always: () => ["controller", "privateClassName", "gateway", "privateGateway"] },
  "cluster.ingress.controller": { value: ({ plan }) => plan.controller },
  "cluster.ingress.gateway": { always: () => ["name"] },
  "cluster.ingress.privateGateway": { always: () => ["name"] },
  "cluster.ingress.dnsTarget.public": one("192.0.2.1", "lb.example.com"),
  "cluster.ingress.dnsTarget.private": one("100.64.0.1"),
  "cluster.infisical.url": one("https://infisical.example.com"),
  "cluster.secrets.delivery": { value: () => "operator" },
  "cluster.platformServices": never,
  "cluster.telemetry.endpoint": one("http://collector:4318"),
  "cluster.storage.root": one("/srv/data"),
  "cluster.storage.ownerImage": one("tools:1"),
  "cluster.jobs.waitImage": one("tools:1"),

  // The application.
  spec: {
    always: ({ plan, environment }) =>
      environment
        ? []
        : ["secrets", "config", "namespaces", "podSecurity", ...(plan.single ? neededOfComponent : ["components"])],
  },
  "spec.components": { when: ({ plan }) => !plan.single, names: ({ plan }) => plan.components.map(({ key }) => key) },
  component: {
    enter: (here) => {
      const component = here.plan.components.find(({ key }) => key === here.entry);
      return { ...here, scope: "component", ...(component === undefined ? {} : { component }) };
    },
    always: ({ environment }) => (environment ? [] : neededOfComponent),
    removable: ({ plan, entry }) => plan.components.find(({ key }) => key === entry)?.removable === true,
  },
  "spec.defaults": { when: ({ plan }) => !plan.single },
  defaults: { enter: (here) => ({ ...here, scope: "defaults" }) },
  "spec.namespaces": { ...fixed, names: ({ plan }) => plan.namespaces },
  "spec.namespaces.*": { ...fixed, always: () => ["podSecurity"] },
  "spec.namespaces.*.podSecurity": { value: ({ plan }) => (plan.loose ? "privileged" : undefined) },
  "spec.podSecurity": { value: ({ plan }) => (plan.loose ? "privileged" : undefined) },
  "spec.secrets": {
    ...fixed,
    always: () => ["path"],
    names: ({ plan, environment, random }) => (environment ? random.some(plan.secrets, 0.3) : plan.secrets),
  },
  "spec.secrets.env": {
    when: ({ plan }) => plan.single,
    value: ({ random }) => random.pick([["S_TOKEN"], { S_URL: "url", S_KEY: "key.pem" }]),
  },
  "spec.secrets.*": { oneOf: ["path", "existingSecret"] },
  "spec.secrets.*.name": unique("secret"),
  "spec.secrets.*.existingSecret": unique("existing"),
  "spec.secrets.*.keys": some("URL", ".hidden", "a-b.c"),
  "spec.config": { ...fixed, names: ({ plan }) => Object.keys(plan.config) },
  "spec.config.*": { names: ({ plan, entry }) => plan.config[entry] ?? [] },
  "spec.config.*.*": one(...texts.filter((written) => written !== "")),
  "spec.config.*.existingConfig": unique("existing"),
  "spec.config.*.metadata.name": unique("config"),
  "spec.config.*.metadata.required": { value: ({ plan, entry }) => plan.config[entry] },
  "spec.same": never,
  "spec.configFiles": { when: ({ plan }) => plan.single },
  "spec.configFiles.*": text,
  "spec.dashboards.*": { value: () => JSON.stringify({ title: "Requests" }) },
  "spec.alerts": { names: () => ["web.yaml"] },
  "spec.alerts.*": { value: () => "groups: []" },
  "spec.platformServices": {
    ...one(["otel-collector"], ["gateway-intelligence", "otel-collector"]),
    when: ({ plan }) => plan.single,
  },
  "spec.manifests.*": {
    value: ({ random, plan }) =>
      random.pick([
        { apiVersion: "v1", kind: "ConfigMap", data: { a: "b" } },
        {
          apiVersion: "v1",
          kind: "Service",
          metadata: { name: `other-${plan.next()}` },
          spec: { ports: [{ port: 80 }] },
        },
      ]),
  },
  "spec.hints": { names: () => ["ECONNREFUSED", "no such (file|host)"] },
  check: { oneOf: ["http", "run", "logs"] },
  "check.expect": { oneOf: ["text", "config", "secret"] },
  "check.http": one("/", "https://example.com/up"),
  "check.component": { value: (here) => here.random.pick(staying(here)).key },
  "check.expect.config": configReference,
  "check.expect.secret": secretReference,
  "check.timeout": one("1s", 1),

  // What a component is.
  "component.kind": { when: own, value: ({ component }) => component?.kind },
  "component.name": { when: alone, ...unique("name") },
  "component.containerName": { value: ({ plan }) => `container-${plan.next()}` },
  "component.namespace": {
    when: ({ plan }) => plan.namespaces.length > 0,
    value: ({ random, plan }) => random.pick(plan.namespaces),
  },
  "component.extends": { when: own, value: ({ component }) => component?.parent },
  "component.enabled": { value: ({ component }) => component?.removable !== true },
  "component.after": {
    when: notDefaults,
    value: (here) => {
      const before = here.plan.components.findIndex(({ key }) => key === here.component?.key);
      const earlier = here.plan.components.slice(0, before).filter(({ removable }) => !removable);
      const known = earlier.filter((other) => other.ports.length > 0 && here.component?.parent === undefined);
      return known.length > 0 ? [here.random.pick(known).key] : undefined;
    },
  },
  "component.image": one("a__b/c-d:X_1.2", "registry.example.com:5000/team/app", { repository: "nginx", tag: 7 }),
  "component.port": {
    ...fixed,
    when: (here) => notDefaults(here) && served(here),
    value: ({ plan }) => 8000 + plan.next(),
  },
  "component.ports": { ...fixed, when: (here) => notDefaults(here) && served(here), names: ports },
  "component.ports.*": {
    ...fixed,
    value: (here) => {
      const port = 1000 + here.plan.next();
      const { random } = here;
      const protocol = here.entry === "http" ? "TCP" : random.pick(["TCP", "UDP"]);
      const hostPort = loose(here) && alone(here) && random.chance(0.5) ? { hostPort: port } : {};
      const service = random.chance(0.5) ? { service: 20_000 + here.plan.next() } : {};
      return random.pick([port, `${port}/${protocol}`, { port, protocol, ...service, ...hostPort }]);
    },
  },
  "component.service.name": { when: alone, ...unique("service") },
  "component.service.annotations": { names: () => ["example.com/a"] },
  "component.labels": { names: () => ["team", "example.com/tier"] },
  "component.annotations": { names: () => ["example.com/a"] },

  // How many, how they run, and how they are replaced.
  "component.replicas": { when: ({ component }) => component?.keeps === false, always: () => ["max"] },
  "component.replicas.min": one(1, 2),
  "component.replicas.max": one(3, 9),
  "component.replicas.name": { when: alone, ...unique("scaler") },
  // An autoscaler measures against them.
  "component.resources": { removable: ({ component }) => component?.keeps === true },
  "component.resources.cpu": one("50m", 0.2, "1", 1),
  "component.resources.cpuLimit": one("1000m", 1, "2.5"),
  "component.resources.memory": one("64Mi", "0.25Gi", 134217728),
  "component.resources.memoryLimit": one("256Mi", 268435456, "1e9"),
  "component.updateStrategy": {
    when: notDefaults,
    value: ({ plan, component, random }) => {
      // Its pods may take ports of their node, which two cannot have.
      if (component?.kind === "Deployment" && plan.loose) {
        return random.pick([{ type: "Recreate" }, { maxSurge: 0, maxUnavailable: 1 }, { maxUnavailable: "1%" }]);
      }
      if (component?.kind === "Deployment") {
        return random.pick([
          { type: "Recreate" },
          { type: "RollingUpdate", maxSurge: "50%", maxUnavailable: 1 },
          { maxSurge: "200%", maxUnavailable: 0 },
          { maxSurge: 0, maxUnavailable: "100%" },
        ]);
      }
      if (component?.kind === "DaemonSet" && !plan.loose) {
        return random.pick([
          { maxSurge: 0, maxUnavailable: "1%" },
          { maxSurge: 1, maxUnavailable: 0 },
        ]);
      }
      return random.pick([{ type: "OnDelete" }, { maxUnavailable: 1 }]);
    },
  },
  "component.terminationGracePeriod": one("30s", 45, "1m30s", "99999h"),
  "component.preStop": one("30s", 3, 0, ["sh", "-c", "leave && sleep 5"]),
  "component.pdb.minAvailable": never,
  "component.pdb.maxUnavailable": one(1, "1%", "100%"),
  "component.schedule": {
    ...fixed,
    when: (here) => here.scope === "defaults" || here.component?.kind === "CronJob",
    value: ({ random }) => (random.chance(0.2) ? random.pick(["@daily", "@every 1h30m"]) : schedule(random)),
  },
  "component.when": {
    value: ({ random, plan, component }) => {
      // What comes before the deploy can wait for nothing and has no claims; the first waits for none.
      const first = component === plan.components[0] && component?.keeps === false;
      return random.pick(["on-change", "every-deploy", "post-deploy", ...(first ? ["pre-deploy"] : [])]);
    },
  },
  "component.deadline": one("10m", 90),

  // Health.
  "component.health": {
    oneOf: ["path", "exec", "tcp", "grpc"],
    when: (here) => notDefaults(here) && served(here),
  },
  "component.health.tcp": { value: () => true },
  "component.health.grpc": { value: () => true },
  "component.health.port": { value: ({ component }) => component?.ports[0] },
  "component.health.httpHeaders": { when: ({ plan }) => plan.single },
  // A listening port says nothing of what is behind it, so with `tcp` there is none.
  "component.health.liveness": { value: () => false },
  probe: { value: ({ random }) => random.pick([{ within: "1s" }, { within: "1h30m" }, {}]) },
  "component.metrics": { when: (here) => notDefaults(here) && served(here) },
  "component.metrics.port": { value: ({ random, component }) => random.pick(component?.ports ?? []) },

  // Variables and files.
  "component.env": { names: ({ random }) => random.some(["A", "B_2", "C.c", "OTEL_EXPORTER_OTLP_ENDPOINT"], 0.5) },
  "component.env.*": { removable: () => true, oneOf: ["secret", "config", "field", "resource"] },
  "component.env.*.secret": secretReference,
  "component.env.*.config": configReference,
  "component.env.*.field": one("metadata.labels['example.com/a']", "spec.nodeName", "status.podIPs"),
  "component.env.*.resource": one("limits.memory", "requests.cpu", "limits.ephemeral-storage"),
  "component.envFrom": { when: (here) => withSecrets(here) || withConfig(here) },
  "component.envFrom[]": { oneOf: ["secret", "config"] },
  "component.envFrom[].secret": { when: withSecrets, value: ({ random, plan }) => random.pick(plan.secrets) },
  "component.envFrom[].config": {
    when: withConfig,
    value: ({ random, plan }) => random.pick(Object.keys(plan.config)),
  },
  "component.files": {
    names: ({ random }) => random.some(["/etc/app/a.conf", "/etc/app/a.conf.d", "/etc/app/b c.sh"], 0.6),
  },
  "component.files.*": { removable: () => true, oneOf: ["content", "secret", "config"] },
  "component.files.*.content": text,
  // A text that lies beside the manifest is put in by the action.
  "component.files.*.file": never,
  "component.files.*.secret": secretReference,
  "component.files.*.config": configReference,

  // Volumes.
  "component.volumes": { when: notDefaults, names: ({ random }) => random.some(["cache", "files-2"], 0.5) },
  "component.volumes.*": { always: () => ["mountPath"], oneOf: ["size", "existingClaim", "hostPath", "emptyDir"] },
  "component.volumes.*.mountPath": { value: ({ entry }) => `/mnt/${entry}` },
  "component.volumes.*.size": { when: ({ component }) => component?.keeps === true, ...one("1Gi", 1073741824) },
  "component.volumes.*.perReplica": { value: ({ component }) => component?.kind === "StatefulSet" },
  "component.volumes.*.existingClaim": { when: ({ component }) => component?.keeps === true, ...unique("claim") },
  "component.volumes.*.hostPath": { when: loose, ...one("/srv/shared") },
  "component.volumes.*.emptyDir.sizeLimit": one("64Mi", 1048576, 0),
  "component.volumes.*.subPath": one("part/of", "..part", "a..b/c"),
  "component.writable": some("/tmp", "/tmp/a", "/var/cache/"),
  "component.storage": {
    when: (here) => notDefaults(here) && here.component?.keeps === true && alone(here),
    always: () => ["size", "mountPath"],
  },
  "component.storage.size": one("1Gi", "500M"),
  "component.storage.mountPath": one("/data"),
  "component.storage.hostPath": unique("/srv/own"),

  // Containers beside the component's own.
  "component.initContainers": {
    when: ({ component }) => (component?.initContainers.length ?? 0) > 0,
    names: ({ component }) => component?.initContainers ?? [],
  },
  "component.sidecars": {
    when: ({ component }) => (component?.sidecars.length ?? 0) > 0,
    names: ({ component }) => component?.sidecars ?? [],
  },
  "initContainer.image": one("tools:1", "registry.example.com/tools:2"),
  sidecar: {
    // Its ports are its own; as the only one, `side` is the one that speaks HTTP.
    enter: (here) => (here.component ? { ...here, component: { ...here.component, ports: ["side"] } } : here),
    always: () => ["ports"],
  },
  "sidecar.image": one("tools:1", "registry.example.com/tools:2"),
  "initContainer.after": { value: (here) => containerBefore(here) },
  "sidecar.after": { value: (here) => containerBefore(here) },

  // What containers may do. The level `privileged` is declared where anything goes; below it, what only tightens.
  "component.runAsRoot": { when: ({ plan }) => plan.loose },
  "component.securityContext": { when: loose },
  "component.securityContext.privileged": never,
  // 0 would need `runAsNonRoot` to be false in every layer.
  "component.securityContext.runAsUser": one(1, 2 ** 31 - 1),
  "component.securityContext.allowPrivilegeEscalation": { value: () => true },
  "component.securityContext.capabilities.add": some("NET_ADMIN", "CHOWN"),
  "component.securityContext.capabilities.drop": some("ALL", "KILL"),
  "component.securityContext.seccompProfile": one(
    { type: "Unconfined" },
    { type: "Localhost", localhostProfile: "a.json" },
  ),
  "component.hostAccess": { when: ({ component }) => component?.loose === true && component.ports.length === 0 },
  "component.serviceAccount": { when: alone },
  "component.serviceAccount.name": unique("account"),
  "component.serviceAccount.annotations": { names: () => ["example.com/role"] },
  "component.rbac.rules[]": one(podRule),
  "component.rbac.clusterRules[]": one(podRule, { nonResourceURLs: ["/metrics"], verbs: ["get"] }),
  rule: one(podRule),

  // Where they run.
  "component.nodeSelector": { names: () => ["kubernetes.io/os", "disk"] },
  "component.tolerations[]": one(
    { operator: "Exists" },
    { key: "example.com/a", operator: "Exists", effect: "NoExecute", tolerationSeconds: 0 },
    { key: "a", value: "", effect: "NoSchedule" },
  ),
  "component.affinity": one({
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: "disk", operator: "Exists" }] }],
      },
    },
  }),

  // Routes and network.
  "component.ingress": {
    when: (here) =>
      here.scope === "component" || here.plan.single ? served(here) && alone(here) : routable(here).length > 0,
    always: ({ plan }) => ["host", "component", ...(plan.controller === "ingress" ? ["stripPrefix"] : [])],
  },
  route: { always: ({ plan }) => ["component", ...(plan.controller === "ingress" ? ["stripPrefix"] : [])] },
  "route.host": { value: ({ plan, random }) => random.pick([`h${plan.next()}`, `${plan.next()}h.x-1.example.com`]) },
  "route.path": one("/", "/api"),
  "route.stripPrefix": { value: ({ plan, random }) => plan.controller !== "ingress" && random.chance(0.5) },
  "route.redirectTo": never,
  "route.preservePath": never,
  "route.className": { when: ({ plan }) => plan.controller === "ingress" },
  "route.tls": {
    when: ({ plan }) => plan.controller !== "gateway",
    value: ({ random }) => random.pick([true, { issuer: "own" }, { secretName: "made-elsewhere" }]),
  },
  "route.middlewares[]": {
    value: ({ random }) => random.pick(["rate-limit", { name: "auth", namespace: "platform" }]),
  },
  "route.component": { value: (here) => here.component?.key ?? here.random.pick(routable(here)).key },
  "route.port": { value: () => "http" },
  "route.controller": { value: ({ plan }) => plan.controller },
  "route.middlewares": { when: ({ plan }) => plan.controller === "traefik" },
  "route.annotations": { names: () => ["example.com/a"] },
  "component.networkPolicy.from": some("ingress", "namespace:platform-monitoring", "10.0.0.0/8", "::/0"),
  "component.networkPolicy.to": some("internet", "namespace:data", "255.255.255.255/32", "2001:db8::/128"),

  // What is open: objects of Kubernetes, laid over what the chart renders.
  "component.patch.workload": one({ metadata: { annotations: { patched: "yes" } } }),
  "component.patch.podSpec": one({ hostname: "a" }, { dnsConfig: { options: [{ name: "ndots", value: "1" }] } }),
  "component.patch.container": one({ tty: true }, { workingDir: "/srv" }),
  "component.patch.service": one({ spec: { sessionAffinity: "ClientIP" } }),
  "component.patch.ingress": one({ metadata: { annotations: { patched: "yes" } } }),
};

function containerBefore({ component, entry, random, scope }: Here): string[] | undefined {
  const all = [...(component?.initContainers ?? []), ...(component?.sidecars ?? [])];
  const before = all.slice(0, all.indexOf(entry));
  return scope !== "defaults" && before.length > 0 ? [random.pick(before)] : undefined;
}

/** Five fields of a CronJob, each at its limits: numbers, names, ranges, lists and steps. */
function schedule(random: Random): string {
  const fields = [
    ["0", "59", "0-59", "*/59"],
    ["0", "23", "22-23", "0/5"],
    ["1", "31", "1,15,31"],
    ["1", "12", "jan-DEC", "*/3"],
    ["0", "6", "sun-sat", "MON,fri", "?"],
  ];
  return fields.map((choices) => random.pick(["*", ...choices])).join(" ");
}
