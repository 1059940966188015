// What can be known before a release is touched is found then, all of it at once, and told with what to do.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import { createSmallApp, type SmallApp, type Spec } from "./small-app.ts";
import { openWorld } from "./world.ts";

const world = await openWorld();
after(() => world[Symbol.dispose]());

async function refusal(app: SmallApp, changes: Spec, options: Parameters<SmallApp["deploy"]>[1] = {}): Promise<string> {
  const before = await app.revisions();
  const step = await app.deploy(changes, options);
  const errors = step.annotations.filter(({ level }) => level === "error").map(({ message }) => message);
  assert.equal(errors.length, 1, step.log);
  assert.match(errors[0] ?? "", /Nothing was changed/);
  assert.deepEqual(await app.revisions(), before);
  return errors[0] ?? "";
}

interface Case {
  readonly name: string;
  readonly word: string;
  /** Of a revision that is deployed before; none for a first install. */
  readonly good?: Spec;
  readonly bad: Spec;
  readonly says: RegExp;
}

const claim = { data: { mountPath: "/data", size: "1Gi", perReplica: true, storageClass: "fast" } };

const cases: readonly Case[] = [
  {
    name: "a Secret that is not there",
    word: "secret",
    bad: { secrets: { db: { existingSecret: "database" } }, env: { URL: { secret: "db/url" } } },
    says: /Deployment secret-\w+ needs the Secret database, which is not in namespace/,
  },
  {
    name: "a ConfigMap that is not there",
    word: "config",
    bad: { config: { urls: { existingConfig: "addresses" } }, env: { URL: { config: "urls/relay" } } },
    says: /needs the ConfigMap addresses, which is not in namespace/,
  },
  {
    name: "a storage class that is not there",
    word: "class",
    bad: { kind: "StatefulSet", volumes: claim },
    says: /asks for the storage class fast, which the cluster does not have/,
  },
  {
    name: "a claim without a class, where there is no default",
    word: "noclass",
    bad: { volumes: { data: { mountPath: "/data", size: "1Gi" } } },
    says: /claims a volume without a storage class, and the cluster has no default one/,
  },
  {
    name: "a kind that the cluster does not know",
    word: "kind",
    bad: { manifests: { rollout: { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", spec: {} } } },
    says: /[Tt]he cluster knows no Rollout \(argoproj\.io\/v1alpha1\)/,
  },
  {
    name: "a pod that its namespace does not admit",
    word: "admit",
    bad: { patch: { container: { securityContext: { privileged: true, allowPrivilegeEscalation: true } } } },
    says: /would refuse a pod of Deployment admit-\w+: .*violates PodSecurity "restricted/,
  },
  {
    name: "a field that cannot be changed",
    word: "fixed",
    good: {},
    bad: {
      patch: {
        workload: {
          spec: {
            selector: { matchLabels: { tier: "new" } },
            ...{ template: { metadata: { labels: { tier: "new" } } } },
          },
        },
      },
    },
    says: /field is immutable.*The selector of a workload cannot be changed/,
  },
  {
    name: "two things at once",
    word: "both",
    bad: {
      secrets: { db: { existingSecret: "database" } },
      env: { URL: { secret: "db/url" } },
      manifests: { rollout: { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", spec: {} } },
    },
    says: /needs the Secret database.*the cluster knows no Rollout|knows no Rollout.*needs the Secret database/,
  },
];

describe("before a release is touched", () => {
  for (const { name, word, good, bad, says } of cases) {
    it(`finds ${name}`, async () => {
      await using app = createSmallApp(world, word);
      if (good !== undefined) {
        const step = await app.deploy(good);
        assert.equal(step.outputs["status"], "deployed", step.log);
      }
      assert.match(await refusal(app, bad), says);
    });
  }

  it("finds a key that a Secret lacks, and names those that it has, but not their values", async () => {
    await using app = createSmallApp(world, "key");
    await world.kubectl("create", "namespace", app.release);
    await world.kubectl(
      "create",
      "secret",
      "generic",
      "database",
      "-n",
      app.release,
      "--from-literal=dsn=postgres-secret",
    );
    const spec = { secrets: { db: { existingSecret: "database" } }, env: { URL: { secret: "db/url" } } };
    const said = await refusal(app, spec);
    assert.match(said, /needs the key url of the Secret database .*these keys: dsn/);
    assert.doesNotMatch(said, /postgres-secret/);
  });

  it("leaves alone what an operator delivers after the release is applied", async () => {
    await using app = createSmallApp(world, "operator");
    // Nobody delivers it here, so the rollout itself is what tells.
    const spec = { secrets: { path: "/operator", env: ["TOKEN"] } };
    const step = await app.deploy(spec, { with: { timeout: "30s" } });
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

  it("names every permission that is missing, with the Role that grants them", async () => {
    await using app = createSmallApp(world, "role");
    await world.kubectl("create", "namespace", app.release);
    await world.kubectl("create", "serviceaccount", "deployer", "-n", app.release);
    await world.kubectl(
      "create",
      "clusterrole",
      `${app.name}-namespaces`,
      "--verb=get,create,patch",
      "--resource=namespaces",
    );
    const account = `${app.release}:deployer`;
    await world.kubectl(
      "create",
      "clusterrolebinding",
      `${app.name}-namespaces`,
      `--clusterrole=${app.name}-namespaces`,
      `--serviceaccount=${account}`,
    );
    await world.kubectl(
      "create",
      "role",
      "secrets",
      "-n",
      app.release,
      "--verb=get,list,create,update,patch,delete",
      "--resource=secrets",
    );
    await world.kubectl(
      "create",
      "rolebinding",
      "secrets",
      "-n",
      app.release,
      "--role=secrets",
      `--serviceaccount=${account}`,
    );
    try {
      const token = (await world.kubectl("create", "token", "deployer", "-n", app.release)).trim();
      const administrator = readFileSync(world.cluster.kubernetes.kubeconfig, "utf8");
      const kubeconfig = administrator.replace(
        /client-certificate-data: .*\n\s*client-key-data: .*/,
        `token: ${token}`,
      );
      assert.notEqual(kubeconfig, administrator);
      const step = await app.deploy({}, { with: { kubeconfig }, secrets: [...world.secrets, token] });
      const errors = step.annotations.filter(({ level }) => level === "error").map(({ message }) => message);
      assert.equal(errors.length, 1, step.log);
      assert.match(errors[0] ?? "", /may not .*create.* deployments\.apps in staging-role-\w+/);
      assert.match(errors[0] ?? "", /leases\.coordination\.k8s\.io/);
      assert.match(step.log, /kind: Role\n/);
      assert.match(step.log, /apiGroups: \["apps"\], resources: \[deployments\], verbs: \[.*patch.*\]/);
      assert.doesNotMatch(errors[0] ?? "", / secrets in/);
    } finally {
      await world.kubectl("delete", "clusterrole,clusterrolebinding", `${app.name}-namespaces`);
    }
  });
});
