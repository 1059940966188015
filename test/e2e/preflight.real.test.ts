// What can be known before a release is touched is found then, all of it at once, and told with what to do.
import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { parseAllDocuments } from "yaml";
import { poll } from "../../actions/core/retry.ts";
import { pushForeignImage } from "./foreign-image.ts";
import { assertOutcome, type Outcome, serve, untouched } from "./matrix.ts";
import { pageWith } from "./page.ts";
import { reportOf } from "./report.ts";
import { createSmallApp, type DeployOptions, type Spec, server } from "./small-app.ts";
import { openWorld } from "./world.ts";

const world = await openWorld();
after(() => world[Symbol.dispose]());
const { registry } = world.cluster;

/** Serves throughout: what is found before a release is touched leaves it for the next case. */
const app = createSmallApp(world, "untouched");
let address = "";
before(async () => {
  address = await serve(world, app);
});
after(() => app[Symbol.asyncDispose]());

const foreignName = `${app.name}/foreign`;
const foreign = await pushForeignImage(world, foreignName);

interface Case {
  readonly name: string;
  readonly bad: Spec;
  readonly says: readonly RegExp[];
  readonly code?: Outcome["code"];
  readonly line?: RegExp;
  readonly options?: DeployOptions;
  /** What has to be in the namespace, as objects without one; gone again with the case. */
  readonly given?: readonly {
    readonly kind: string;
    readonly metadata: { readonly name: string };
    readonly [key: string]: unknown;
  }[];
  /** Waits until it counts. */
  readonly until?: (namespace: string) => Promise<unknown>;
}

const image = (reference: string) => ({ image: reference });
const noDigest = `sha256:${"0".repeat(64)}`;
const reading = (what: "secrets" | "config", reference: string) => ({
  ...(what === "secrets"
    ? { secrets: { db: { existingSecret: "database" } } }
    : { config: { db: { existingConfig: "database" } } }),
  env: { URL: what === "secrets" ? { secret: reference } : { config: reference } },
});
const rollout = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", spec: {} };
const rules = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "rules" }, data: { level: "high" } };
const claim = { data: { mountPath: "/data", size: "1Gi", perReplica: true, storageClass: "fast" } };
/** A ConfigMap of so many KiB of what cannot be compressed, written as base64. */
const large = (kibibytes: number) => ({
  config: { data: { text: randomBytes(kibibytes * 1_024).toString("base64") } },
  files: { "/etc/text": { config: "data/text" } },
});
const quota = (hard: Readonly<Record<string, string>>) => ({
  given: [{ apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "small" }, spec: { hard } }],
  // Its controller counts what is there.
  until: (namespace: string) =>
    world.kubectl("wait", "resourcequota/small", "-n", namespace, "--for=jsonpath={.status.used}", "--timeout=30s"),
});

const cases: readonly Case[] = [
  {
    name: "an image that was never pushed",
    line: /^image: \S+:never-pushed$/,
    bad: image(`${registry.address}/${app.name}:never-pushed`),
    code: "IMAGE_UNPULLABLE",
    says: [
      /never-pushed cannot be pulled for Deployment untouched-\w+ \(\S+ has no untouched-\w+ never-pushed\)/,
      /step which builds it/,
    ],
  },
  {
    name: "a digest that its repository does not have",
    bad: image(`${registry.address}/base/node@${noDigest}`),
    code: "IMAGE_UNPULLABLE",
    says: [/cannot be pulled for Deployment \S+ \(\S+ has no base\/node sha256:0+\)/],
  },
  {
    name: "an image of an init container that was never pushed",
    line: /^image: \S+early:1$/,
    bad: { initContainers: { early: { image: `${registry.address}/${app.name}/early:1`, command: ["true"] } } },
    code: "IMAGE_UNPULLABLE",
    says: [/early:1 cannot be pulled for Deployment untouched-\w+/],
  },
  {
    name: "an image for another processor",
    line: /^image: /,
    bad: image(foreign.single),
    code: "IMAGE_UNPULLABLE",
    says: [/was built for linux\/arm64, and the nodes are linux\/amd64/, /`build\.platforms`/],
  },
  {
    name: "an index without an image for the nodes",
    bad: image(foreign.index),
    code: "IMAGE_UNPULLABLE",
    says: [/was built for linux\/arm64, and the nodes are linux\/amd64/],
  },
  {
    name: "a private registry without a login",
    bad: {},
    options: { env: { DOCKER_REGISTRY_USERNAME: "", DOCKER_REGISTRY_PASSWORD: "" } },
    code: "IMAGE_UNPULLABLE",
    says: [
      /cannot be pulled for Deployment \S+ \(\S+ wants a login\)/,
      /Give the step DOCKER_REGISTRY_USERNAME and DOCKER_REGISTRY_PASSWORD/,
    ],
  },
  {
    name: "a login that the registry does not take",
    bad: {},
    options: { env: { DOCKER_REGISTRY_PASSWORD: "not-the-password-of-anybody" } },
    code: "IMAGE_UNPULLABLE",
    says: [/cannot be pulled for Deployment \S+ \(\S+ refuses the login\)/, /Check DOCKER_REGISTRY_USERNAME/],
  },
  {
    name: "a Secret that is not there",
    line: /^URL:$/,
    bad: reading("secrets", "db/url"),
    says: [/Deployment untouched-\w+ needs the Secret database, which is not in namespace/, /`existingSecret`/],
  },
  {
    name: "a key that a Secret lacks, with those that it has, but not their values",
    line: /^URL:$/,
    bad: reading("secrets", "db/url"),
    given: [
      { apiVersion: "v1", kind: "Secret", metadata: { name: "database" }, stringData: { dsn: "postgres-secret" } },
    ],
    says: [/needs the key url of the Secret database .*these keys: dsn/, /^(?!.*postgres-secret)/],
  },
  {
    name: "a ConfigMap that is not there",
    line: /^URL:$/,
    bad: reading("config", "db/url"),
    says: [/needs the ConfigMap database, which is not in namespace/, /`existingConfig`/],
  },
  {
    name: "a key that a ConfigMap lacks",
    line: /^URL:$/,
    bad: reading("config", "db/url"),
    given: [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "database" }, data: { host: "db" } }],
    says: [/needs the key url of the ConfigMap database .*these keys: host/],
  },
  {
    name: "a storage class that is not there",
    line: /^volumes:$/,
    bad: { kind: "StatefulSet", volumes: claim },
    says: [/asks for the storage class fast, which the cluster does not have/, /Correct `storageClass`/],
  },
  {
    name: "a claim without a class, where there is no default",
    line: /^volumes:$/,
    bad: { volumes: { data: { mountPath: "/data", size: "1Gi" } } },
    says: [/claims a volume without a storage class, and the cluster has no default one/],
  },
  {
    name: "an ingress class that is not there",
    line: /^className: nowhere$/,
    bad: { ingress: { host: "untouched.example.com", controller: "ingress", className: "nowhere", tls: false } },
    says: [/asks for the ingress class nowhere, which the cluster does not have/, /`ingress\.className`/],
  },
  {
    name: "an issuer that is not there",
    line: /^issuer: nobody$/,
    bad: { ingress: { host: "untouched.example.com", tls: { issuer: "nobody" } } },
    says: [/[Cc]ertificates are to come from the ClusterIssuer nobody, which the cluster does not have/],
  },
  {
    name: "a kind that the cluster does not know",
    line: /^rollout:$/,
    bad: { manifests: { rollout } },
    says: [/[Tt]he cluster knows no Rollout \(argoproj\.io\/v1alpha1\)/, /custom resource definition/],
  },
  {
    name: "a pod that its namespace does not admit",
    line: /^patch:$/,
    bad: { patch: { container: { securityContext: { privileged: true, allowPrivilegeEscalation: true } } } },
    says: [/would refuse a pod of Deployment untouched-\w+: .*violates PodSecurity "restricted/, /`podSecurity`/],
  },
  {
    name: "a field that cannot be changed",
    bad: {
      patch: {
        workload: {
          spec: {
            selector: { matchLabels: { tier: "new" } },
            template: { metadata: { labels: { tier: "new" } } },
          },
        },
      },
    },
    says: [
      /Deployment untouched-\w+: .*spec\.selector: field is immutable.*The selector of a workload cannot be changed/,
    ],
  },
  {
    name: "more pods than a quota leaves room for, although each alone would fit",
    line: /^cpu: 50m$/,
    bad: { replicas: 3, command: server({ text: "second" }) },
    ...quota({ "requests.cpu": "120m", pods: "9" }),
    says: [
      /quota small of namespace \S+ has no room for this release: it needs 150m more requests\.cpu, of which 70m of 120m is left/,
      /Lower `resources` or `replicas`/,
    ],
  },
  {
    name: "no room for a new pod beside the old one",
    bad: { command: server({ text: "second" }) },
    ...quota({ "limits.memory": "200Mi" }),
    says: [
      /no room for this release while new pods start beside the old ones: it needs 128Mi more limits\.memory, of which 72Mi of 200Mi is left/,
      /`updateStrategy: \{type: Recreate\}`/,
    ],
  },
  {
    name: "an object that makes the release too large for Helm",
    bad: large(420),
    says: [/release takes 1\d{3} KiB or more, .*ConfigMap untouched-\w+-data \(560 KiB\)/, /`existingConfig`/],
  },
  {
    name: "a release that only Helm itself finds too large",
    bad: large(375),
    code: "HELM_FAILED",
    says: [/1048576/, /too large for the Secret in which Helm keeps it: put large files into an image or a volume/],
  },
  {
    name: "an object that somebody else made",
    bad: { manifests: { rules } },
    given: [rules],
    code: "HELM_FAILED",
    says: [/ConfigMap "rules" .*exists and cannot be imported/],
    line: /^rules:$/,
  },
  {
    name: "two things at once",
    bad: { ...reading("secrets", "db/url"), manifests: { rollout } },
    says: [/needs the Secret database.*the cluster knows no Rollout|knows no Rollout.*needs the Secret database/],
  },
];

/** Puts objects into the app's namespace until the end of a block. */
async function withObjects({ given = [], until }: Pick<Case, "given" | "until">): Promise<AsyncDisposable> {
  const inNamespace = given.map((object) => ({ ...object, metadata: { ...object.metadata, namespace: app.release } }));
  if (given.length > 0) await world.apply(...inNamespace);
  await until?.(app.release);
  return {
    async [Symbol.asyncDispose]() {
      for (const { kind, metadata } of given) await world.kubectl("delete", kind, metadata.name, "-n", app.release);
    },
  };
}

describe("before a release is touched", () => {
  for (const one of cases) {
    it(`finds ${one.name}`, async (test) => {
      await using _ = await withObjects(one);
      const { line, code = untouched.code } = one;
      const outcome = { ...untouched, code, says: [...untouched.says, ...one.says], ...(line ? { line } : {}) };
      await assertOutcome(test, app, address, () => app.deploy(one.bad, one.options), outcome);
    });
  }

  it("finds that the release is another environment's", async (test) => {
    const prod = { environment: "prod", release: app.release, namespace: app.release };
    const says = [
      ...untouched.says,
      /release staging-untouched-\w+ in namespace \S+ is that of the environment staging, and this is prod/,
    ];
    await assertOutcome(test, app, address, () => app.deploy({}, { with: prod }), { ...untouched, says });
  });

  it("finds a port of the node that another pod has", async (test) => {
    const { imagePullSecrets, containers } = JSON.parse(
      await world.kubectl("get", "deployment", app.name, "-n", app.release, "-o", "jsonpath={.spec.template.spec}"),
    );
    const [{ image: held }] = containers;
    const hostPort = 20_000 + randomInt(10_000);
    const ports = [{ containerPort: 1, hostPort }];
    const command = ["node", "-e", "setInterval(() => {}, 1_000)"];
    await world.kubectl(
      "label",
      "namespace",
      app.release,
      "pod-security.kubernetes.io/enforce=privileged",
      "--overwrite",
    );
    await using _ = await withObjects({
      given: [
        {
          ...{ apiVersion: "v1", kind: "Pod", metadata: { name: "holder" } },
          spec: {
            imagePullSecrets,
            containers: [{ name: "main", image: held, command, ports }],
            terminationGracePeriodSeconds: 0,
          },
        },
      ],
      until: (namespace) =>
        world.kubectl("wait", "pod/holder", "-n", namespace, "--for=condition=PodScheduled", "--timeout=30s"),
    });
    const bad = { port: undefined, ports: { http: { port: 3000, hostPort } }, podSecurity: "privileged" };
    const says = [
      ...untouched.says,
      new RegExp(`Deployment untouched-\\w+ wants the port ${hostPort} of its node, which the pod holder in namespace`),
      /take another `hostPort`/,
    ];
    await assertOutcome(test, app, address, () => app.deploy(bad), { ...untouched, says });
  });

  it("finds what a rule of the cluster's own forbids, with the words of the rule", async (test) => {
    const name = `${app.name}-patience`;
    const forOurs = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": app.release } } };
    const api = "admissionregistration.k8s.io/v1";
    await world.apply(
      {
        ...{ apiVersion: api, kind: "ValidatingAdmissionPolicy", metadata: { name } },
        spec: {
          failurePolicy: "Fail",
          matchConstraints: {
            resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
          },
          validations: [
            { expression: "object.spec.terminationGracePeriodSeconds <= 60", message: "a minute has to be enough" },
          ],
        },
      },
      {
        ...{ apiVersion: api, kind: "ValidatingAdmissionPolicyBinding", metadata: { name } },
        spec: { policyName: name, validationActions: ["Deny"], matchResources: forOurs },
      },
    );
    try {
      await untilDenied();
      const bad = { patch: { podSpec: { terminationGracePeriodSeconds: 300 } } };
      const says = [
        ...untouched.says,
        /would refuse a pod of Deployment untouched-\w+: .*denied request: a minute has to be enough/,
        /The cluster's own rules refuse it/,
      ];
      await assertOutcome(test, app, address, () => app.deploy(bad), { ...untouched, says });
    } finally {
      await world.kubectl("delete", "validatingadmissionpolicy,validatingadmissionpolicybinding", name);
    }
  });

  /** A policy counts a moment after it was made. */
  async function untilDenied(): Promise<void> {
    const pod = ["run", "slow", "--image=none", "-n", app.release, "--dry-run=server"];
    const securityContext = {
      allowPrivilegeEscalation: false,
      runAsNonRoot: true,
      capabilities: { drop: ["ALL"] },
      seccompProfile: { type: "RuntimeDefault" },
    };
    const containers = [{ name: "slow", image: "none", securityContext }];
    const slow = JSON.stringify({ spec: { terminationGracePeriodSeconds: 300, containers } });
    const onTimeout = (seen: string) => new Error(`the policy does not count: ${seen}`);
    await poll({ interval: 200, timeout: 30_000, signal: AbortSignal.timeout(60_000), onTimeout }, async () => {
      const said = await world.kubectl(...pod, `--overrides=${slow}`).catch(({ message }: Error) => message);
      return said.includes("a minute has to be enough") ? { done: said } : { waiting: said };
    });
  }

  it("names every permission that is missing, with the Role that grants them", async (test) => {
    await using role = createSmallApp(world, "role");
    const at = await serve(world, role);
    const kubectl = (...args: string[]) => world.kubectl(...args, "-n", role.release);
    await kubectl("create", "serviceaccount", "deployer");
    const account = `system:serviceaccount:${role.release}:deployer`;
    const token = (await kubectl("create", "token", "deployer")).trim();
    const administrator = readFileSync(world.cluster.kubernetes.kubeconfig, "utf8");
    const kubeconfig = administrator.replace(/client-certificate-data: .*\n\s*client-key-data: .*/, `token: ${token}`);
    assert.notEqual(kubeconfig, administrator);
    const deploy = (changes: Spec = {}, verify = "false") =>
      role.deploy(changes, { with: { kubeconfig, verify }, secrets: [...world.secrets, token] });
    const forbidden = async (revision: string, ...says: readonly RegExp[]) => {
      const all = [...untouched.says, new RegExp(`The user ${account} may not `), ...says];
      const outcome = { ...untouched, code: "CLUSTER_FORBIDDEN", says: all, revision } as const;
      const { details } = reportOf(await assertOutcome(test, role, at, () => deploy(), outcome));
      return parseAllDocuments(details.slice(details.indexOf("apiVersion: rbac"))).map((one) => one.toJS());
    };
    const grant = async (granted: object, name: string) => {
      await world.apply(granted);
      await kubectl("create", "rolebinding", name, `--role=${name}`, `--serviceaccount=${role.release}:deployer`);
    };

    // Even what is looked at first is forbidden, the revisions: that is no reason to tell of nothing else.
    const [all] = await forbidden(
      "0",
      / secrets in/,
      / leases\.coordination\.k8s\.io in/,
      / create.* deployments\.apps in/,
    );
    const [first, ...others] = all.rules.filter((rule: { resources: string[] }) => rule.resources.includes("secrets"));
    assert.deepEqual(others, []);
    await grant({ ...all, metadata: { ...all.metadata, name: "secrets" }, rules: [first] }, "secrets");
    const roles = await forbidden("1", / leases\.coordination\.k8s\.io in/, /^(?!.* secrets in)/);
    assert.deepEqual(
      roles.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
      ["Role fairlead"],
    );
    await grant(roles[0], "fairlead");
    // It is all that a deploy needs, with its checks.
    const step = await deploy({ command: server({ text: "second" }) }, "true");
    assert.equal(step.outputs["status"], "deployed", step.log);
    assert.deepEqual(
      step.annotations.filter(({ level }) => level === "error"),
      [],
    );
    await pageWith(at, "second");
  });

  it("finds a claim template that cannot be changed, with the way to change it", async (test) => {
    await using stateful = createSmallApp(world, "template");
    const storageClass = stateful.name;
    const path = join(world.cluster.network.state, stateful.name);
    const spec = (size: string) => ({
      kind: "StatefulSet",
      volumes: { data: { mountPath: "/data", size, perReplica: true, storageClass } },
    });
    await world.apply(
      {
        ...{ apiVersion: "storage.k8s.io/v1", kind: "StorageClass", metadata: { name: storageClass } },
        provisioner: "kubernetes.io/no-provisioner",
      },
      {
        ...{ apiVersion: "v1", kind: "PersistentVolume", metadata: { name: storageClass } },
        spec: {
          storageClassName: storageClass,
          capacity: { storage: "1Gi" },
          accessModes: ["ReadWriteOnce"],
          hostPath: { path, type: "DirectoryOrCreate" },
        },
      },
    );
    try {
      const at = await serve(world, stateful, spec("1Gi"));
      await assertOutcome(test, stateful, at, () => stateful.deploy(spec("2Gi")), {
        ...untouched,
        says: [
          ...untouched.says,
          /StatefulSet template-\w+: .*updates to statefulset spec for fields other than/,
          /`kubectl delete statefulset template-\w+ -n staging-template-\w+ --cascade=orphan` keeps its pods and claims/,
        ],
      });
    } finally {
      await world.kubectl("delete", "storageclass,persistentvolume", storageClass, "--wait=false");
      rmSync(path, { recursive: true, force: true });
    }
  });
});

describe("before a release is touched, what is no obstacle", () => {
  it("leaves alone what an operator delivers after the release is applied", async () => {
    await using app = createSmallApp(world, "operator");
    // Nobody delivers it here, so the rollout itself is what tells.
    const spec = { secrets: { path: "/operator", env: ["TOKEN"] } };
    const step = await app.deploy(spec);
    assert.match(step.log, /revision 1 is applied/, step.log);
    assert.match(step.log, /secret "operator-\w+-secrets" not found/);
  });

  it("lets a Job that runs before each deploy be another one than the last time", async () => {
    await using app = createSmallApp(world, "hook");
    const job = (text: string) => ({
      components: {
        web: {
          port: 3000,
          image: world.cluster.baseImage.reference,
          command: ["node", "-e", "require('node:http').createServer((_, response) => response.end()).listen(3000)"],
        },
        migrate: {
          kind: "Job",
          when: "pre-deploy",
          image: world.cluster.baseImage.reference,
          command: ["node", "-e", `console.log("${text}")`],
        },
      },
      port: undefined,
      image: undefined,
      command: undefined,
      resources: undefined,
      health: undefined,
    });
    const image = { image: `web=${world.cluster.baseImage.reference}` };
    for (const [index, text] of ["first", "second"].entries()) {
      const step = await app.deploy(job(text), { with: image });
      assert.deepEqual([step.outputs["status"], step.outputs["revision"]], ["deployed", String(index + 1)], step.log);
    }
  });

  it("is a quota with just enough room for a new pod beside the old one, and an autoscaler that nothing measures for", async () => {
    await using _ = await withObjects(quota({ "requests.cpu": "100m", pods: "2" }));
    const step = await app.deploy({ command: server({ text: "second" }), replicas: { min: 1, max: 1, cpu: 70 } });
    assert.equal(step.outputs["status"], "deployed", step.log);
    const warnings = step.annotations.filter(({ level }) => level === "warning").map(({ message }) => message);
    assert.match(warnings.join("\n"), /HorizontalPodAutoscaler untouched-\w+ cannot scale: .*metrics\.k8s\.io/);
    await pageWith(address, "second");
  });
});
