import assert from "node:assert/strict";
import { describe } from "node:test";
import { helms, helmTest, resolved, template, type Values } from "./helm.testing.ts";

interface Fault {
  readonly name: string;
  readonly spec?: Values;
  readonly prod?: Values;
  readonly more?: Values;
  readonly line: string;
}

const long = "a".repeat(40);

/** One manifest for each error of the chart, and the line that it must print. */
const faults: readonly Fault[] = [
  {
    name: "a name is missing",
    more: { metadata: {} },
    line: "APP_NAME_MISSING: metadata.name: the application needs a name",
  },
  {
    name: "an environment is not declared",
    more: { environments: { staging: {}, prod: {} }, environment: "prd" },
    line: 'APP_ENV_UNDECLARED: environment "prd" is not declared; declared: prod, staging',
  },
  {
    name: "no environment is declared at all",
    more: { environments: null },
    line: 'APP_ENV_UNDECLARED: environment "prod" is not declared; declared: none',
  },
  {
    name: "no environment is chosen",
    more: { environment: "" },
    line: "APP_ENV_MISSING: no environment is chosen; pass --set environment=…; declared: prod",
  },
  {
    name: "a release's name is too long",
    more: { metadata: { name: long, release: `b${long}-${long}`.slice(0, 53) }, deploy: { release: "c".repeat(54) } },
    line: `APP_NAME_TOO_LONG: deploy.release: the release ${"c".repeat(54)} has 54 characters, Helm takes 53; set metadata.release`,
  },
  {
    name: "a namespace's name is too long",
    more: { deploy: { namespace: "n".repeat(64) } },
    line: `APP_NAME_TOO_LONG: deploy.namespace: the namespace ${"n".repeat(64)} has 64 characters, Kubernetes takes 63; set metadata.namespace`,
  },
  {
    name: "a required key of the configuration is missing",
    spec: { config: { rpc: { metadata: { required: ["ETH", "BTC"] }, ETH: "https://eth", BTC: "https://btc" } } },
    prod: { config: { rpc: { BTC: null } } },
    line: "APP_CONFIG_INCOMPLETE: environments.prod.config.rpc.BTC: config.rpc must say BTC: metadata.required names it",
  },
  {
    name: "a variable differs where it must be the same",
    spec: {
      components: { api: { env: { RELAY: "https://relay" } }, worker: { env: { RELAY: { config: "urls/relay" } } } },
      config: { urls: { relay: "https://relay/router" } },
      same: { RELAY: ["api", "worker"] },
    },
    line: "APP_NOT_SAME: spec.same.RELAY.1: api has https://relay and worker has https://relay/router",
  },
  {
    name: "a variable that must be the same is missing",
    spec: {
      components: { api: { envFrom: [{ config: "urls", prefix: "A_" }] }, worker: {} },
      config: { urls: { relay: "https://relay" } },
      same: { A_relay: ["api", "worker"] },
    },
    line: "APP_NOT_SAME: spec.same.A_relay.1: worker does not set A_relay",
  },
  {
    name: "a variable must be the same in a component that nobody declares",
    spec: { components: { api: { env: { RELAY: "a" } } }, same: { RELAY: ["api", "wroker"] } },
    line: 'APP_NOT_SAME: spec.same.RELAY.1: there is no component "wroker"; components: api',
  },
  {
    name: "a variable is plain and secret",
    spec: { env: { TOKEN: "x" }, secrets: { path: "/a", env: ["TOKEN"] } },
    line: "APP_ENV_TWICE: spec.env.TOKEN: secrets.env sets TOKEN too; remove one of them (null removes)",
  },
  {
    name: "variables refer to each other",
    spec: { env: { A: "$(B)", B: "$(A)" } },
    line: "APP_ENV_CYCLE: spec.env.A: A, B refer to each other",
  },
  {
    name: "a number loses digits",
    prod: { env: { ID: 12345678901234567000 } },
    line: "APP_NUMBER_PRECISION: environments.prod.env.ID: this number is too large to keep its digits; write it in quotes",
  },
  {
    name: "a quantity is none, in the environment",
    spec: { resources: { memory: "256Mi" } },
    prod: { resources: { memory: "256MB" } },
    line: 'APP_QUANTITY_INVALID: environments.prod.resources.memory: "256MB" is not a Kubernetes quantity; write for example 100m, 256Mi or 1.5Gi',
  },
  {
    name: "a quantity is none, in spec",
    spec: { resources: { cpu: "half" } },
    prod: { resources: { memory: "1Gi" } },
    line: 'APP_QUANTITY_INVALID: spec.resources.cpu: "half" is not a Kubernetes quantity; write for example 100m, 256Mi or 1.5Gi',
  },
  {
    name: "storage lacks its mount path",
    spec: { storage: { size: "1Gi" } },
    line: "APP_STORAGE_INCOMPLETE: spec.storage: storage needs mountPath",
  },
  {
    name: "two pods share storage",
    spec: { storage: { size: "1Gi", mountPath: "/data" } },
    prod: { replicas: 2 },
    line: "APP_STORAGE_SHARED: environments.prod.replicas: two pods must not write to one storage; set replicas: 1 or remove storage",
  },
  {
    name: "a route has no host",
    spec: { ingress: { path: "/api" } },
    line: "APP_INGRESS_NO_HOST: spec.ingress: a route needs a host",
  },
  {
    name: "a route leads to no port",
    spec: { port: null, ingress: { host: "a.example.com" } },
    line: "APP_INGRESS_NO_PORT: spec.ingress: a route needs a port to lead to; ports: none",
  },
  {
    name: "a route is there twice",
    prod: {
      ingress: [
        { host: "a.example.com", public: true },
        { host: "a.example.com", path: "/", public: false },
      ],
    },
    line: "APP_INGRESS_TWICE: environments.prod.ingress.1: a.example.com/ is routed at environments.prod.ingress.0 too; change one of them",
  },
  {
    name: "two routes are the same but for a slash",
    spec: {
      components: { api: { port: 80, ingress: { host: "a.example.com", path: "/api" } }, web: { port: 81 } },
      ingress: [{ host: "a.example.com", path: "/api/", component: "web", public: true }],
    },
    line: "APP_INGRESS_TWICE: spec.ingress.0: a.example.com/api/ is routed at spec.components.api.ingress too; change one of them",
  },
  {
    name: "a route says nothing",
    spec: { ingress: {} },
    line: "APP_INGRESS_NO_HOST: spec.ingress: a route needs a host",
  },
  {
    name: "a Job may take no time",
    spec: { kind: "Job", deadline: 0 },
    line: "APP_TIME_INVALID: spec.deadline: a deadline of 0 would end the Job before it begins; null is none",
  },
  {
    name: "an autoscaler by CPU has no request to measure against",
    spec: { replicas: { max: 3 }, resources: { cpu: null } },
    line: "APP_SCALER_BLIND: spec.resources.cpu: the autoscaler measures cpu against the request, and there is none; set resources.cpu",
  },
  {
    name: "an autoscaler by memory has no request to measure against",
    spec: { replicas: { max: 3, memory: 70 } },
    prod: { resources: { memory: null } },
    line: "APP_SCALER_BLIND: environments.prod.resources.memory: the autoscaler measures memory against the request, and there is none; set resources.memory",
  },
  {
    name: "CI names a component that is not there",
    more: { deploy: { images: { api: "a:1" } } },
    line: "APP_IMAGE_UNOWNED: deploy.images.api: no component has this name; a single application is main",
  },
  {
    name: "CI leaves out a Job that is not there",
    spec: { components: { api: {} } },
    more: { deploy: { skip: ["seed"] } },
    line: 'APP_SKIP: deploy.skip.0: there is no component "seed"; components: api',
  },
  {
    name: "CI leaves out what is no Job",
    spec: { components: { api: {}, seed: { kind: "Job" } } },
    more: { deploy: { skip: ["seed", "api"] } },
    line: "APP_SKIP: deploy.skip.1: api is a Deployment; only Jobs can be left out of one deploy",
  },
  {
    name: "CI leaves out all that there is",
    spec: { kind: "Job" },
    more: { deploy: { skip: ["main"] } },
    line: "APP_SKIP: deploy.skip.0: a single application is one component, and nothing would be left",
  },
  {
    name: "spec is an application and has components",
    spec: { components: { api: {} }, port: 80 },
    line: "APP_SPEC_MIXED: spec.port: spec is one application or has components, never both; move this into defaults or into a component",
  },
  {
    name: "an environment's components are all commented out",
    spec: { components: { api: {} } },
    prod: { components: null },
    line: "APP_NOTHING_RUNS: environments.prod.components: no component is left, and a deploy would remove what runs; keep one, or take the environment out",
  },
  {
    name: "every component is removed",
    spec: { components: { api: {}, worker: { enabled: false } } },
    prod: { components: { api: null } },
    line: "APP_NOTHING_RUNS: environments.prod.components: no component is left, and a deploy would remove what runs; keep one, or take the environment out",
  },
  {
    name: "there are no components at all",
    spec: { components: {} },
    line: "APP_NOTHING_RUNS: spec.components: no component is left, and a deploy would remove what runs; keep one, or take the environment out",
  },
  {
    name: "a component extends one that is not there",
    spec: { components: { api: {}, worker: { extends: "web" } } },
    line: 'APP_EXTENDS: spec.components.worker.extends: there is no component "web" to extend; components: api, worker',
  },
  {
    name: "an environment removes what another component extends",
    spec: { components: { api: {}, worker: { extends: "api" } } },
    prod: { components: { api: null } },
    line: "APP_EXTENDS: spec.components.worker.extends: the environment removes api, which this extends; write enabled: false there, and its keys are still taken",
  },
  {
    name: "a component extends one that extends another",
    spec: { components: { a: { extends: "b" }, b: { extends: "c", name: "b" }, c: {} } },
    line: 'APP_EXTENDS: spec.components.a.extends: "b" extends another component itself; extend that one, or put what they share into defaults',
  },
  {
    name: "an heir has the name of its parent",
    spec: { components: { api: { name: "api" }, worker: { extends: "api" } } },
    line: "APP_NAME_TWICE: spec.components.api.name: api and worker are both called api in namespace prod-my-app; give one of them another name",
  },
  {
    name: "a name is too long for a Job",
    spec: { components: { ["seed".repeat(12)]: { kind: "Job" } } },
    line: `APP_NAME_TOO_LONG: spec.components.${"seed".repeat(12)}.name: my-app-${"seed".repeat(12)} has 55 characters, a Job takes 52; set name`,
  },
  {
    name: "a namespace is not declared",
    spec: { components: { api: { namespace: "data" } }, namespaces: { infra: {} } },
    line: 'APP_NAMESPACE_UNDECLARED: spec.components.api.namespace: namespace "data" is not declared; declared in spec.namespaces: infra',
  },
  {
    name: "two ports of a Service are the same",
    spec: { components: { api: { ports: { a: 80, b: { port: 81, service: 80 } } } } },
    line: "APP_PORT_TWICE: spec.components.api.ports.b: the Service listens on 80/TCP for a too",
  },
  {
    name: "two ports of a single application are the same",
    spec: { ports: { a: 80, b: 80 }, health: null },
    line: "APP_PORT_TWICE: spec.ports.b: the Service listens on 80/TCP for a too",
  },
  {
    name: "a port has no number",
    spec: { ports: { http: { service: 80 } }, health: null },
    line: "APP_PORT_INCOMPLETE: spec.ports.http: a port needs its number: port",
  },
  {
    name: "two components take one port of the node",
    spec: {
      podSecurity: "privileged",
      components: { a: { ports: { x: { port: 1, hostPort: 9 } } }, b: { extends: "a" } },
    },
    line: "APP_PORT_TWICE: spec.components.a.ports.x: a and b both take port 9/TCP of the node; give one of them another hostPort",
  },
  {
    name: "a probe asks a port that is not there",
    spec: { components: { api: { port: 80, health: { path: "/", port: "admin" } } } },
    line: 'APP_HEALTH_PORT: spec.components.api.health.port: the component has no port "admin"; ports: http',
  },
  {
    name: "nobody says which port speaks HTTP",
    spec: { components: { api: { ports: { a: 80, b: 81 }, health: "/" } } },
    line: "APP_HEALTH_PORT: spec.components.api.health: health needs to know which port speaks HTTP: name one http, or set health.port; ports: a, b",
  },
  {
    name: "a CronJob has no schedule",
    spec: { components: { clean: { kind: "CronJob" } } },
    line: 'APP_JOB_NO_SCHEDULE: spec.components.clean.schedule: a CronJob needs its schedule, for example "0 3 * * *"',
  },
  {
    name: "a route leads to a component that is not there",
    spec: { components: { api: { port: 80 } }, ingress: { host: "a.example.com", component: "web" } },
    line: 'APP_INGRESS_NO_COMPONENT: spec.ingress.component: there is no component "web" to lead to; components: api',
  },
  {
    name: "a reference names a set that is not declared",
    spec: { components: { api: { env: { A: { secret: "pg/dsn" } } } }, secrets: { db: { path: "/db" } } },
    line: 'APP_REFERENCE_UNKNOWN: spec.components.api.env.A: spec.secrets declares no "pg"; declared: db',
  },
  {
    name: "a reference names a key that the configuration lacks",
    spec: { env: { A: { config: "urls/rely" } }, config: { urls: { relay: "a" } } },
    line: 'APP_REFERENCE_UNKNOWN: spec.env.A: config.urls has no key "rely"; keys: relay',
  },
  {
    name: "a whole set is not declared",
    prod: { envFrom: [{ config: "urls" }] },
    line: 'APP_REFERENCE_UNKNOWN: environments.prod.envFrom.0.config: spec.config declares no "urls"; declared: none',
  },
  {
    name: "a variable comes from nowhere",
    spec: { env: { A: { optional: true } } },
    line: "APP_REFERENCE_EMPTY: spec.env.A: say where the value comes from: secret, config, field or resource",
  },
  {
    name: "a file has nothing in it",
    spec: { files: { "/etc/a": { mode: "0600" } } },
    line: "APP_REFERENCE_EMPTY: spec.files./etc/a: say what is in the file: content, file, secret or config",
  },
  {
    name: "a file was not put in",
    spec: { files: { "/etc/a": { file: "a.toml" } } },
    line: "APP_FILE_NOT_INLINED: spec.files./etc/a: the text of a.toml is not here; the deploy action puts it in, with plain Helm pass it by --set-file",
  },
  {
    name: "configuration was not put in",
    spec: { config: { app: { "config.yaml": { file: "config.yaml" } } } },
    line: "APP_FILE_NOT_INLINED: spec.config.app.config.yaml: the text of config.yaml is not here; the deploy action puts it in, with plain Helm pass it by --set-file",
  },
  {
    name: "a set of secrets has no source",
    spec: { secrets: { db: { keys: ["A"] } } },
    line: "APP_SECRET_INCOMPLETE: spec.secrets.db: a set of secrets needs path, its folder in Infisical, or existingSecret",
  },
  {
    name: "secrets belong to no component",
    spec: { components: { api: {} }, secrets: { path: "/a", env: ["A"] } },
    line: "APP_SECRET_UNOWNED: spec.secrets.env: with components, say which of them gets a secret: env: {NAME: {secret: app/NAME}}",
  },
  {
    name: "several pods write to one claim",
    spec: { replicas: { max: 3 }, volumes: { data: { mountPath: "/data", existingClaim: "a" } } },
    line: "APP_VOLUME_SHARED: spec.volumes.data: several pods must not write to one claim; set perReplica: true in a StatefulSet, readOnly: true, or replicas: 1",
  },
  {
    name: "a claim per pod stands in a Deployment",
    spec: { volumes: { data: { mountPath: "/data", size: "1Gi", perReplica: true } } },
    line: "APP_VOLUME_PER_REPLICA: spec.volumes.data.perReplica: only a StatefulSet has a claim per pod, this is a Deployment",
  },
  {
    name: "a volume has no source",
    spec: { volumes: { data: { mountPath: "/data" } } },
    line: "APP_VOLUME_INCOMPLETE: spec.volumes.data: a volume needs mountPath and one of size, existingClaim, hostPath or emptyDir",
  },
  {
    name: "storage and a volume are the same",
    spec: {
      storage: { size: "1Gi", mountPath: "/a" },
      volumes: { data: { mountPath: "/b", emptyDir: {} } },
    },
    line: "APP_VOLUME_TWICE: spec.volumes.data: storage is the volume data too; remove one of them",
  },
  {
    name: "an init container waits for one that is not there",
    spec: { initContainers: { a: { after: ["b"] } } },
    line: "APP_AFTER: spec.initContainers.a.after: a can never start: b is no other init container or sidecar, or they wait for each other",
  },
  {
    name: "a privileged component is not declared",
    spec: { components: { api: { hostAccess: { pid: true } } } },
    line: "APP_POD_SECURITY: spec.components.api.hostAccess.pid: the level privileged is needed for hostAccess.pid of api; none is declared; set podSecurity: privileged",
  },
  {
    name: "a component comes after one that is not there",
    spec: { components: { api: { after: ["web"] } } },
    line: 'APP_AFTER: spec.components.api.after.0: there is no component "web"; components: api',
  },
  {
    name: "a Job waits for what has no port",
    spec: { components: { seed: { kind: "Job", after: ["web"] }, web: {} } },
    line: "APP_AFTER: spec.components.seed.after.0: a Job waits for a port that answers, and web has none",
  },
  {
    name: "a Job before the deploy waits for a part of it",
    spec: { components: { seed: { kind: "Job", when: "pre-deploy", after: ["web"] }, web: { port: 80 } } },
    line: "APP_AFTER: spec.components.seed.after.0: a Job before the deploy cannot wait for web, which comes with it",
  },
  {
    name: "a check is on a component that nobody declares",
    spec: { components: { api: {} }, verify: { home: { http: "/", component: "web" } } },
    line: 'APP_VERIFY_NO_COMPONENT: spec.verify.home.component: there is no component "web"; components: api',
  },
  {
    name: "a check looks at nothing",
    spec: { verify: { home: { timeout: 5 } } },
    line: "APP_VERIFY_EMPTY: spec.verify.home: the check looks at nothing; set one of http, run, logs",
  },
  {
    name: "a check looks at two things",
    spec: { verify: { home: { http: "/", run: "true" } } },
    line: "APP_FORM_TWICE: spec.verify.home: http, run exclude each other; keep one",
  },
  {
    name: "a check expects two texts",
    spec: {
      verify: { home: { http: "/", expect: { text: "a", secret: "postgres/key" } } },
      secrets: { postgres: { path: "/a" } },
    },
    line: "APP_FORM_TWICE: spec.verify.home.expect: text, secret exclude each other; keep one",
  },
  {
    name: "metrics have no port",
    spec: { metrics: { port: "admin" } },
    line: 'APP_METRICS_PORT: spec.metrics.port: the component has no port "admin" to read metrics from; ports: http',
  },
  {
    name: "metrics have several ports, and none is meant",
    spec: { ports: { a: 80, b: { port: 53, protocol: "UDP" } }, health: null, metrics: {} },
    line: "APP_METRICS_PORT: spec.metrics.port: metrics need to know their port: set metrics.port; ports: a, b",
  },
  {
    name: "a network policy names nothing",
    spec: { networkPolicy: { from: ["web"] } },
    line: 'APP_NETWORK_PEER: spec.networkPolicy.from.0: "web" is none of ingress, internet, namespace:name, an address range and a component; components: main',
  },
  ...["data:postgres", "10.0.0.0", "a/b"].map((peer) => ({
    name: `a network policy names ${peer}, which is no address range`,
    spec: { networkPolicy: { to: [peer] } },
    line: `APP_NETWORK_PEER: spec.networkPolicy.to.0: "${peer}" is none of ingress, internet, namespace:name, an address range and a component; components: main`,
  })),
  {
    name: "variables come from no set",
    spec: { envFrom: [{ prefix: "A_" }] },
    line: "APP_REFERENCE_EMPTY: spec.envFrom.0: say which set the variables come from: secret or config",
  },
  {
    name: "a file of configuration is none",
    spec: { config: { urls: { relay: {} } } },
    line: "APP_REFERENCE_EMPTY: spec.config.urls.relay: write the text itself, or the file that holds it",
  },
  {
    name: "an object of manifests is none",
    spec: { manifests: { a: { kind: "ConfigMap" } } },
    line: "APP_MANIFEST_INCOMPLETE: spec.manifests.a: an object needs apiVersion and kind, both text, and a map as its metadata",
  },
  {
    name: "an object of manifests has no text for its apiVersion",
    spec: { manifests: { a: { apiVersion: ["v1"], kind: "ConfigMap" } } },
    line: "APP_MANIFEST_INCOMPLETE: spec.manifests.a: an object needs apiVersion and kind, both text, and a map as its metadata",
  },
  {
    name: "an object of manifests has a list as its metadata",
    spec: { manifests: { a: { apiVersion: "v1", kind: "ConfigMap", metadata: [] } } },
    line: "APP_MANIFEST_INCOMPLETE: spec.manifests.a: an object needs apiVersion and kind, both text, and a map as its metadata",
  },
  {
    name: "an annotation of an object of manifests is no text",
    spec: { manifests: { a: { apiVersion: "v1", kind: "ConfigMap", metadata: { annotations: { x: ["y"] } } } } },
    line: "APP_MANIFEST_INCOMPLETE: spec.manifests.a: the annotation x must be text",
  },
  {
    name: "the annotations of a patch are no map",
    spec: { patch: { workload: { metadata: { annotations: "x" } } } },
    line: "APP_PATCH_INVALID: spec.patch.workload.metadata.annotations: annotations can only be a map",
  },
  {
    name: "the name of an object of manifests is no text",
    spec: { manifests: { a: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: { x: "y" } } } } },
    line: "APP_MANIFEST_INCOMPLETE: spec.manifests.a: the name must be text",
  },
  {
    name: "the annotations of an object of manifests are no map",
    spec: { manifests: { a: { apiVersion: "v1", kind: "ConfigMap", metadata: { annotations: "x" } } } },
    line: "APP_MANIFEST_INCOMPLETE: spec.manifests.a: annotations are a map of texts",
  },
  {
    name: "an annotation of a patch is no text",
    spec: { patch: { workload: { metadata: { annotations: { x: { y: "z" } } } } } },
    line: "APP_PATCH_INVALID: spec.patch.workload.metadata.annotations.x: an annotation can only be text",
  },
  {
    name: "the text of an object of manifests is no mapping",
    spec: { manifests: { a: "only words" } },
    line: "APP_MANIFEST_INCOMPLETE: spec.manifests.a: this is no object in YAML: it is text or a list where keys and values are needed",
  },
  {
    name: "the text of an object of manifests is no YAML",
    spec: { manifests: { a: "kind: [" } },
    line: "APP_MANIFEST_INCOMPLETE: spec.manifests.a: this is no object in YAML: line 1: did not find expected node content",
  },
  {
    name: "the text of an object asks for what the application does not have",
    spec: { manifests: { a: "kind: ConfigMap\napiVersion: v1\ndata: { at: '{{ .App.enviroment }}' }" } },
    line: 'APP_MANIFEST_INCOMPLETE: spec.manifests.a: .App has no "enviroment"; keys: environment, labels, name, namespace, release',
  },
  {
    name: "a controller would make a private host public",
    spec: { ingress: { host: "a.example.com", public: false, controller: "ingress" } },
    line: "APP_INGRESS_UNSUPPORTED: spec.ingress.public: the controller ingress cannot do public: false without cluster.ingress.privateClassName",
  },
  {
    name: "there is no Gateway",
    spec: { ingress: { host: "a.example.com", controller: "gateway" } },
    line: "APP_INGRESS_UNSUPPORTED: spec.ingress.host: the controller gateway cannot do a route without cluster.ingress.gateway",
  },
  {
    name: "an autoscaler has no most",
    spec: { replicas: { min: 2, cpu: 70 } },
    line: "APP_REPLICAS: spec.replicas: an autoscaler needs max, and not below min",
  },
  {
    name: "all pods must stay where they are",
    spec: { replicas: { min: 1, max: 3 }, pdb: { minAvailable: 1 } },
    line: "APP_PDB_BLOCKS: spec.pdb: with 1 pods none may leave, so a drain of their node would wait for ever; set maxUnavailable: 1",
  },
  {
    name: "a percentage of few pods is all of them",
    spec: { replicas: 2, pdb: { minAvailable: "60%" } },
    line: "APP_PDB_BLOCKS: spec.pdb: with 2 pods none may leave, so a drain of their node would wait for ever; set maxUnavailable: 1",
  },
  {
    name: "a budget has both forms",
    spec: { replicas: 3, pdb: { minAvailable: 1, maxUnavailable: 1 } },
    line: "APP_FORM_TWICE: spec.pdb: minAvailable, maxUnavailable exclude each other; keep one",
  },
  {
    name: "no pod may be missing",
    spec: { replicas: 2, pdb: { maxUnavailable: "0%" } },
    line: "APP_PDB_BLOCKS: spec.pdb: with 2 pods none may leave, so a drain of their node would wait for ever; set maxUnavailable: 1",
  },
  {
    name: "a new pod wants the port of the node that the old one holds",
    spec: {
      kind: "DaemonSet",
      podSecurity: "privileged",
      hostAccess: { network: true },
      updateStrategy: { maxSurge: 1, maxUnavailable: 0 },
    },
    line: "APP_SURGE_PORT: spec.updateStrategy.maxSurge: a new pod cannot start while the old one holds port 3000 of the node; leave maxSurge out",
  },
  {
    name: "a new pod of a Deployment wants the port of the node that the old one holds",
    spec: {
      podSecurity: "privileged",
      ports: { http: { port: 3000, hostPort: 31 } },
      updateStrategy: { maxSurge: 1 },
    },
    line: "APP_SURGE_PORT: spec.updateStrategy.maxSurge: a new pod cannot start while the old one holds port 31 of the node; leave maxSurge out",
  },
  {
    name: "a new pod wants the one port that it takes of the node",
    spec: {
      kind: "DaemonSet",
      podSecurity: "privileged",
      ports: { http: 3000, other: { port: 3001, hostPort: 31 } },
      updateStrategy: { maxSurge: "50%" },
    },
    line: "APP_SURGE_PORT: spec.updateStrategy.maxSurge: a new pod cannot start while the old one holds port 31 of the node; leave maxSurge out",
  },
  {
    name: "the declared Pod Security level is too low",
    spec: { podSecurity: "restricted", runAsRoot: true },
    line: "APP_POD_SECURITY: spec.podSecurity: the level baseline is needed for runAsRoot; restricted is declared",
  },
];

function values({ spec = {}, prod = {}, more = {} }: Omit<Fault, "line" | "name">): Values {
  return { metadata: { name: "my-app" }, spec, environments: { prod }, environment: "prod", ...more };
}

/** Gives the lines of the chart's own errors. */
function errorLines(stderr: string): string[] {
  return stderr.split("\n").filter((line) => line.startsWith("APP_"));
}

describe("the chart fails when", () => {
  for (const fault of faults) {
    helmTest(fault.name, () => {
      for (const binary of Object.values(helms)) {
        const { ok, text, stderr } = template(values(fault), [], binary);
        assert.deepEqual([ok, text], [false, ""]);
        assert.deepEqual(errorLines(stderr), [fault.line]);
      }
    });
  }

  helmTest("a time is none; a number is seconds", () => {
    const within = (time: unknown) =>
      resolved(values({ spec: { health: { startup: { within: time } } } }), ["--skip-schema-validation"]);
    assert.deepEqual(within("5 minutes").errors, [
      {
        code: "APP_TIME_INVALID",
        path: "spec.health.startup.within",
        message: '"5 minutes" is not a time; write for example 90s, 5m or 1h30m',
      },
    ]);
    assert.equal(within(90).application.components.main.health.startup.within, 90);
    assert.equal(within("1h1m1s").application.components.main.health.startup.within, 3661);
  });

  helmTest("a route beside components says nothing", () => {
    const { stderr } = template(values({ spec: { components: { api: { port: 80 } }, ingress: {} } }));
    assert.deepEqual(errorLines(stderr), [
      'APP_INGRESS_NO_COMPONENT: spec.ingress: there is no component "" to lead to; components: api',
      "APP_INGRESS_NO_HOST: spec.ingress: a route needs a host",
    ]);
  });

  helmTest("several things are wrong, with all of them", () => {
    const spec = { resources: { cpu: "x", memory: "y" }, storage: { hostPath: "/data" }, ingress: { path: "/a" } };
    const { stderr } = template(values({ spec, prod: { replicas: 3 }, more: { metadata: null, environment: "dev" } }));
    assert.deepEqual(
      errorLines(stderr).map((line) => line.split(":")[0]),
      [
        "APP_NAME_MISSING",
        "APP_ENV_UNDECLARED",
        "APP_QUANTITY_INVALID",
        "APP_QUANTITY_INVALID",
        "APP_STORAGE_INCOMPLETE",
        "APP_STORAGE_INCOMPLETE",
        "APP_INGRESS_NO_HOST",
      ],
    );
  });

  helmTest("Helm finds a key that is not in the schema", () => {
    for (const binary of Object.values(helms)) {
      const { ok, stderr } = template(values({ spec: { prot: 1 } }), [], binary);
      assert.equal(ok, false);
      assert.match(stderr, /'\/spec': additional properties 'prot' not allowed/);
    }
  });
});
