import assert from "node:assert/strict";
import { describe } from "node:test";
import { helmTest, type Rendered, resolved, type Values } from "./helm.testing.ts";

interface Mistake {
  readonly name: string;
  readonly spec?: Values;
  readonly prod?: Values;
  readonly more?: Values;
  /** `CODE path` of each error. */
  readonly at: readonly string[];
}

const api = (component: Values, rest: Values = {}): Values => ({ components: { api: component }, ...rest });

/** Mistakes with the place where each was written, which is not where it does harm. */
const mistakes: readonly Mistake[] = [
  {
    name: "in the defaults, once for all heirs",
    spec: { defaults: { resources: { cpu: "half" } }, components: { a: {}, b: {} } },
    at: ["APP_QUANTITY_INVALID spec.defaults.resources.cpu"],
  },
  {
    name: "in an environment's defaults",
    spec: api({}, { defaults: { resources: { cpu: "1" } } }),
    prod: { defaults: { resources: { cpu: "half" } } },
    at: ["APP_QUANTITY_INVALID environments.prod.defaults.resources.cpu"],
  },
  {
    name: "in a parent, once for parent and heir",
    spec: { components: { a: { env: { DSN: { secret: "db/dsn" } } }, b: { extends: "a" } } },
    at: ["APP_REFERENCE_UNKNOWN spec.components.a.env.DSN"],
  },
  {
    name: "in an environment's part of a parent that is not rendered",
    spec: { components: { a: { enabled: false }, b: { extends: "a" } } },
    prod: { components: { a: { resources: { memory: "1GB" } } } },
    at: ["APP_QUANTITY_INVALID environments.prod.components.a.resources.memory"],
  },
  {
    name: "in the component over its parent and the defaults",
    spec: {
      defaults: { resources: { cpu: "1" } },
      components: { a: { resources: { cpu: "2" } }, b: { extends: "a", resources: { cpu: "half" } } },
    },
    at: ["APP_QUANTITY_INVALID spec.components.b.resources.cpu"],
  },
  {
    name: "in the environment over all",
    spec: api({ resources: { cpu: "1" } }),
    prod: api({ resources: { cpu: "half" } }),
    at: ["APP_QUANTITY_INVALID environments.prod.components.api.resources.cpu"],
  },
  {
    name: "in the defaults of a single application",
    spec: { defaults: { terminationGracePeriod: "1h1" } },
    at: ["APP_TIME_INVALID spec.defaults.terminationGracePeriod"],
  },
  {
    name: "of a Job",
    spec: { kind: "Job", deadline: "5 minutes" },
    at: ["APP_TIME_INVALID spec.deadline"],
  },
  {
    name: "under a pattern",
    more: { environments: { "pr-*": { resources: { cpu: "half" } } }, environment: "pr-7" },
    at: ["APP_QUANTITY_INVALID environments.pr-*.resources.cpu"],
  },
  {
    name: "in a shorthand: port",
    spec: { components: { api: {} } },
    prod: { port: 80 },
    at: ["APP_SPEC_MIXED environments.prod.port"],
  },
  {
    name: "in a shorthand: health",
    spec: api({ ports: { a: 80, b: 81 }, health: "/up" }),
    at: ["APP_HEALTH_PORT spec.components.api.health"],
  },
  {
    name: "in one probe",
    spec: api({ port: 80, health: { path: "/up", readiness: { port: "admin" }, startup: { period: "1x" } } }),
    at: [
      "APP_TIME_INVALID spec.components.api.health.startup.period",
      "APP_HEALTH_PORT spec.components.api.health.readiness.port",
    ],
  },
  {
    name: "in a list of routes",
    spec: { ingress: [{ host: "a.example.com", public: true }] },
    prod: {
      ingress: [
        { host: "a.example.com", public: true },
        { host: "b.example.com", public: true, redirectTo: "https://b.example.com/c" },
        { host: "c.example.com", public: true, port: "admin" },
      ],
    },
    at: [
      "APP_INGRESS_REDIRECT environments.prod.ingress.1.redirectTo",
      "APP_INGRESS_NO_PORT environments.prod.ingress.2.port",
    ],
  },
  {
    name: "in a route that a controller cannot make",
    spec: {
      ingress: { host: "a.example.com", path: "/a", controller: "ingress", middlewares: ["a"], className: "b" },
    },
    at: ["APP_INGRESS_UNSUPPORTED spec.ingress.middlewares", "APP_INGRESS_UNSUPPORTED spec.ingress.path"],
  },
  {
    name: "in a redirect that has a path, on a controller without redirects",
    spec: {
      ingress: { host: "a.example.com", path: "/a", redirectTo: "https://b.example.com?c", controller: "ingress" },
    },
    at: [
      "APP_INGRESS_REDIRECT spec.ingress.redirectTo",
      "APP_INGRESS_REDIRECT spec.ingress.path",
      "APP_INGRESS_UNSUPPORTED spec.ingress.redirectTo",
    ],
  },
  {
    name: "in the older spelling of a private host",
    spec: { ingress: { host: "a.example.com", private: true, controller: "ingress" } },
    at: ["APP_INGRESS_UNSUPPORTED spec.ingress.private"],
  },
  {
    name: "in the Gateway's certificate",
    spec: { ingress: { host: "a.example.com", controller: "gateway", tls: { issuer: "a" } } },
    more: { cluster: { ingress: { gateway: { name: "outer" } } } },
    at: ["APP_INGRESS_UNSUPPORTED spec.ingress.tls"],
  },
  {
    name: "in what needs more than the declared Pod Security level",
    spec: api({ sidecars: { proxy: { image: "a:1", securityContext: { privileged: true } } } }),
    at: ["APP_POD_SECURITY spec.components.api.sidecars.proxy.securityContext"],
  },
  {
    name: "in the declared level itself",
    spec: {
      namespaces: { data: { podSecurity: "baseline" } },
      components: { api: { namespace: "data", hostAccess: { network: true } } },
    },
    at: ["APP_POD_SECURITY spec.namespaces.data.podSecurity"],
  },
  {
    name: "in the names of an environment",
    prod: { metadata: { release: "r".repeat(53), namespace: "n".repeat(63) } },
    more: { deploy: { namespace: "n".repeat(64) } },
    at: ["APP_NAME_TOO_LONG deploy.namespace"],
  },
  {
    name: "in a name that grew too long with its environment",
    more: { metadata: { name: "a".repeat(50) } },
    at: ["APP_NAME_TOO_LONG metadata.name"],
  },
  {
    name: "in a number of the cluster's",
    more: { cluster: { build: { args: { ID: 12345678901234567000 } } } },
    at: ["APP_NUMBER_PRECISION cluster.build.args.ID"],
  },
  {
    name: "in two forms of one value",
    spec: api({
      env: { A: { secret: "a/b", field: "status.podIP" } },
      files: { "/a": { content: "x", config: "a/b" } },
      volumes: { data: { mountPath: "/data", size: "1Gi", emptyDir: {} } },
      health: { path: "/up", tcp: true, readiness: { period: "1s", periodSeconds: 2 } },
    }),
    at: [
      "APP_FORM_TWICE spec.components.api.health",
      "APP_FORM_TWICE spec.components.api.health.readiness",
      "APP_FORM_TWICE spec.components.api.volumes.data",
      "APP_HEALTH_PORT spec.components.api.health",
      "APP_FORM_TWICE spec.components.api.files./a",
      "APP_REFERENCE_UNKNOWN spec.components.api.env.A",
      "APP_FORM_TWICE spec.components.api.env.A",
    ],
  },
  {
    name: "in a list: whom to wait for, whom to let in, which set",
    spec: {
      components: {
        a: { after: ["b", "c"], networkPolicy: { from: ["ingress", "c"] }, envFrom: [{ secret: "c" }] },
        b: {},
      },
    },
    at: [
      "APP_REFERENCE_UNKNOWN spec.components.a.envFrom.0.secret",
      "APP_AFTER spec.components.a.after.1",
      "APP_NETWORK_PEER spec.components.a.networkPolicy.from.1",
    ],
  },
  {
    name: "in a name that a parent brings in",
    spec: { components: { a: { service: { name: "front" }, port: 80 }, b: { extends: "a" } } },
    at: ["APP_NAME_TWICE spec.components.a.service.name"],
  },
  {
    name: "in a patch's list",
    spec: { defaults: { patch: { podSpec: { containers: [{ tty: true }] } } }, components: { a: {}, b: {} } },
    at: ["APP_PATCH_ENTRY spec.defaults.patch.podSpec.containers.0"],
  },
  {
    name: "in a patch that leaves no object",
    spec: { components: { a: {} } },
    prod: { components: { a: { patch: { workload: { spec: "none" } } } } },
    at: ["APP_PATCH_INVALID environments.prod.components.a.patch.workload.spec"],
  },
  {
    name: "in a claim that comes too late",
    spec: api({ kind: "Job", when: "pre-deploy", volumes: { data: { mountPath: "/data", size: "1Gi" } } }),
    at: ["APP_VOLUME_EARLY spec.components.api.volumes.data"],
  },
  {
    name: "in a Secret that CI made for no set",
    spec: { secrets: { path: "/a" } },
    more: { deploy: { secrets: { api: "made" } } },
    at: ["APP_SECRET_UNOWNED deploy.secrets.api"],
  },
  {
    name: "in a TCP probe for liveness",
    spec: { health: { path: "/up" } },
    prod: { health: { liveness: { tcp: true } } },
    at: ["APP_HEALTH_TCP environments.prod.health.liveness"],
  },
  {
    name: "in an object of manifests that is no YAML",
    spec: { manifests: { a: "a: [" } },
    at: ["APP_MANIFEST_INCOMPLETE spec.manifests.a"],
  },
  {
    name: "nowhere: what is missing is told at the component that misses it",
    spec: { components: { clean: {} } },
    prod: { components: { clean: { kind: "CronJob" } } },
    at: ["APP_JOB_NO_SCHEDULE spec.components.clean.schedule"],
  },
  {
    name: "nowhere, in a component that only the environment has",
    spec: { components: { api: {} } },
    prod: { components: { clean: { kind: "CronJob" } } },
    at: ["APP_JOB_NO_SCHEDULE environments.prod.components.clean.schedule"],
  },
];

describe("an error says where the value was written:", () => {
  for (const { name, spec = {}, prod = {}, more = {}, at } of mistakes) {
    helmTest(name, () => {
      const values = { metadata: { name: "my-app" }, spec, environments: { prod }, environment: "prod", ...more };
      const { errors } = resolved(values, ["--skip-schema-validation"]);
      assert.deepEqual(
        errors.map(({ code, path }: Rendered) => `${code} ${path}`),
        at,
      );
    });
  }
});
