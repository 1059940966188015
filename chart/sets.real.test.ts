import assert from "node:assert/strict";
import { describe } from "node:test";
import { helmTest, objects, type Rendered, resolved, type Values } from "./helm.testing.ts";

/** A manifest of one environment, `prod`, around `spec`. */
function manifest(spec: Values, prod: Values = {}): Values {
  return { metadata: { name: "shop" }, spec, environments: { prod }, environment: "prod" };
}

/** The pod template of a component. */
function template(values: Values, object = "Deployment/shop-api"): Rendered {
  return objects(values).get(object).spec.template;
}

/** One container of a pod by its name, init containers included. */
function named(pod: Rendered, name: string): Rendered {
  return [...(pod.spec.initContainers ?? []), ...pod.spec.containers].find((container) => container.name === name);
}

const sets = {
  secrets: { db: { path: "/shop/db" }, old: { existingSecret: "legacy" } },
  config: { urls: { relay: "http://relay", limit: 1048576 }, shared: { a: "1" }, far: { existingConfig: "elsewhere" } },
};

describe("references", () => {
  const env = {
    DSN: { secret: "db/dsn" },
    ADDRESS: { secret: "old/address", optional: true },
    RELAY: { config: "urls/relay" },
    FAR: { config: "far/key" },
    IP: { field: "status.podIP" },
    LIMIT: { resource: "limits.memory" },
    URL: "http://$(IP)",
  };

  helmTest("variables from secrets, configuration, the pod and its resources", () => {
    const api = named(template(manifest({ components: { api: { env } }, ...sets })), "api");
    const found = Object.fromEntries(api.env.map(({ name, ...rest }: Rendered) => [name, rest]));
    assert.deepEqual(found["DSN"], { valueFrom: { secretKeyRef: { name: "shop-db-secrets", key: "dsn" } } });
    assert.deepEqual(found["ADDRESS"], {
      valueFrom: { secretKeyRef: { name: "legacy", key: "address", optional: true } },
    });
    assert.deepEqual(found["RELAY"], { valueFrom: { configMapKeyRef: { name: "shop-urls", key: "relay" } } });
    assert.deepEqual(found["FAR"], { valueFrom: { configMapKeyRef: { name: "elsewhere", key: "key" } } });
    assert.deepEqual(found["IP"], { valueFrom: { fieldRef: { fieldPath: "status.podIP" } } });
    assert.deepEqual(found["LIMIT"], { valueFrom: { resourceFieldRef: { resource: "limits.memory" } } });
    const names = api.env.map(({ name }: Rendered) => name);
    assert.ok(names.indexOf("URL") > names.indexOf("IP"));
  });

  helmTest("an entry is replaced whole by a higher layer", () => {
    const prod = { components: { api: { env: { DSN: { config: "urls/relay" }, RELAY: "http://plain" } } } };
    const api = named(template(manifest({ components: { api: { env } }, ...sets }, prod)), "api");
    const found = Object.fromEntries(api.env.map(({ name, ...rest }: Rendered) => [name, rest]));
    assert.deepEqual(found["DSN"], { valueFrom: { configMapKeyRef: { name: "shop-urls", key: "relay" } } });
    assert.deepEqual(found["RELAY"], { value: "http://plain" });
  });

  helmTest("a set is made in each namespace that uses it, and nowhere else", () => {
    const components = {
      api: { env },
      worker: { namespace: "other", env: { DSN: { secret: "db/dsn" }, RELAY: { config: "urls/relay" } } },
    };
    const { application } = resolved(manifest({ components, namespaces: { other: {} }, ...sets }));
    const copies = [
      { namespace: "other", suffix: "" },
      { namespace: "prod-shop", suffix: "" },
    ];
    assert.deepEqual([application.secrets.db.copies, application.config.urls.copies], [copies, copies]);
    assert.deepEqual(application.secrets.db.keys, { dsn: "dsn" });
    assert.deepEqual([application.config.shared.copies, application.secrets.old.copies], [[], []]);
    const found = objects(manifest({ components: { api: { env } }, ...sets }));
    assert.deepEqual(found.get("ConfigMap/shop-urls").data, { relay: "http://relay", limit: "1048576" });
    assert.equal(
      found.get("InfisicalSecret/shop-db-infisical").spec.managedKubeSecretReferences[0].secretName,
      "shop-db-secrets",
    );
    assert.equal(found.has("ConfigMap/shop-shared"), false);
  });

  helmTest("a Secret made elsewhere takes the place of a folder in Infisical, and the other way round", () => {
    const components = { api: { env: { DSN: { secret: "db/dsn" }, KEY: { secret: "old/key" } } } };
    const prod = { secrets: { db: { existingSecret: "by-hand" }, old: { path: "/shop/old" } } };
    const found = objects(manifest({ components, ...sets }, prod));
    const [api] = found.get("Deployment/shop-api").spec.template.spec.containers;
    const names = Object.fromEntries(
      api.env.map(({ name, valueFrom }: Rendered) => [name, valueFrom?.secretKeyRef?.name]),
    );
    assert.deepEqual([names["DSN"], names["KEY"]], ["by-hand", "shop-old-secrets"]);
    assert.deepEqual(
      [found.has("InfisicalSecret/shop-db-infisical"), found.has("InfisicalSecret/shop-old-infisical")],
      [false, true],
    );
  });

  helmTest("whole sets as variables, with a prefix", () => {
    const envFrom = [{ config: "shared" }, { secret: "db", prefix: "DB_" }];
    const api = named(template(manifest({ components: { api: { envFrom } }, ...sets })), "api");
    assert.deepEqual(api.envFrom, [
      { configMapRef: { name: "shop-shared" } },
      { prefix: "DB_", secretRef: { name: "shop-db-secrets" } },
    ]);
  });

  helmTest("a Job before the deploy refers to copies that come before it", () => {
    const seed = {
      kind: "Job",
      when: "pre-deploy",
      env: { DSN: { secret: "db/dsn" }, A: { config: "shared/a" } },
      files: { "/a.sql": "x" },
    };
    const found = objects(manifest({ components: { seed, api: { env: { A: { config: "shared/a" } } } }, ...sets }));
    const hook = { "helm.sh/hook": "pre-install,pre-upgrade", "helm.sh/hook-weight": "-10" };
    for (const name of [
      "ConfigMap/shop-shared-pre",
      "ConfigMap/shop-seed-files",
      "InfisicalSecret/shop-db-infisical-pre",
    ]) {
      const { "helm.sh/hook-delete-policy": _policy, ...rest } = found.get(name).metadata.annotations;
      assert.deepEqual(rest, hook);
    }
    assert.equal(found.get("ConfigMap/shop-shared").metadata.annotations, undefined);
    const names = found
      .get("Job/shop-seed")
      .spec.template.spec.containers[0].env.map(
        ({ valueFrom }: Rendered) => (valueFrom?.secretKeyRef ?? valueFrom?.configMapKeyRef)?.name,
      );
    assert.deepEqual(names.slice(0, 2), ["shop-shared-pre", "shop-db-secrets-pre"]);
  });

  helmTest("what restarts pods when a secret changes is said on the workload", () => {
    const annotations = (reload: string) =>
      objects(
        manifest({
          components: { api: { env: { DSN: { secret: "db/dsn" } } } },
          secrets: { db: { path: "/db", reload } },
        }),
      ).get("Deployment/shop-api").metadata.annotations;
    assert.deepEqual(annotations("operator"), { "secrets.infisical.com/auto-reload": "true" });
    assert.deepEqual(annotations("reloader"), { "secret.reloader.stakater.com/reload": "shop-db-secrets" });
    assert.equal(annotations("none"), undefined);
  });
});

describe("the checksum", () => {
  const sum = (api: Values, config: Values = { urls: { relay: "a", other: "b" } }) =>
    template(manifest({ components: { api }, config })).metadata.annotations?.["checksum/config"];
  const api = { env: { RELAY: { config: "urls/relay" } } };

  helmTest("changes with a value that the component uses, and with no other", () => {
    assert.equal(sum(api), sum(api, { urls: { relay: "a", other: "c" } }));
    assert.notEqual(sum(api), sum(api, { urls: { relay: "c", other: "b" } }));
    assert.equal(sum({}), undefined);
  });

  helmTest("changes with whole sets and files, but for a file that says restart: false", () => {
    const whole = { envFrom: [{ config: "urls" }] };
    assert.notEqual(sum(whole), sum(whole, { urls: { relay: "a", other: "c" } }));
    assert.notEqual(sum({ files: { "/a": "1" } }), sum({ files: { "/a": "2" } }));
    const quiet = (content: string) => sum({ ...api, files: { "/a": { content, restart: false } } });
    assert.equal(quiet("1"), quiet("2"));
  });
});

describe("files and volumes", () => {
  helmTest("each file is mounted alone, from the text, a secret or configuration", () => {
    const files = {
      "/etc/app/config.toml": "[p2p]\n",
      "/scripts/run.sh": { content: "exit 0\n", mode: "0755" },
      "/etc/ssl/ca.pem": { secret: "old/ca.crt", mode: "0400" },
      "/etc/relay": { config: "urls/relay" },
    };
    const found = objects(manifest({ components: { api: { files } }, ...sets }));
    const { volumes, containers } = found.get("Deployment/shop-api").spec.template.spec;
    const { data } = found.get("ConfigMap/shop-api-files");
    const text = (path: string) => {
      const mount = containers[0].volumeMounts.find((one: Rendered) => one.mountPath === path);
      const volume = volumes.find((one: Rendered) => one.name === mount.name);
      const { items } = volume.configMap ?? volume.secret;
      return { volume, item: items.find((one: Rendered) => one.path === mount.subPath), mount };
    };
    assert.equal(data[text("/etc/app/config.toml").item.key], "[p2p]\n");
    assert.equal(text("/scripts/run.sh").item.mode, 0o755);
    assert.deepEqual(
      [text("/etc/ssl/ca.pem").volume.secret.secretName, text("/etc/ssl/ca.pem").item.mode],
      ["legacy", 0o400],
    );
    assert.deepEqual([text("/etc/relay").volume.configMap.name, text("/etc/relay").item.key], ["shop-urls", "relay"]);
    for (const path of Object.keys(files)) assert.equal(text(path).mount.readOnly, true);
  });

  helmTest("claims: one per pod of a StatefulSet, one that Helm keeps, one made elsewhere", () => {
    const volumes = { data: { mountPath: "/data", size: "100Gi", perReplica: true, storageClass: "fast" } };
    const node = { kind: "StatefulSet", replicas: 4, volumes };
    const found = objects(
      manifest({ components: { node } }, { components: { node: { volumes: { data: { size: "10Gi" } } } } }),
    );
    const { volumeClaimTemplates, template: pods } = found.get("StatefulSet/shop-node").spec;
    assert.deepEqual(volumeClaimTemplates, [
      {
        metadata: { name: "data" },
        spec: {
          accessModes: ["ReadWriteOnce"],
          storageClassName: "fast",
          resources: { requests: { storage: "10Gi" } },
        },
      },
    ]);
    assert.deepEqual(pods.spec.containers[0].volumeMounts, [{ name: "data", mountPath: "/data" }]);
    const single = objects(
      manifest({
        volumes: {
          data: { mountPath: "/data", size: "1Gi" },
          in: { mountPath: "/in", existingClaim: "input", readOnly: true },
        },
      }),
    );
    assert.equal(single.get("PersistentVolumeClaim/shop-data").metadata.annotations["helm.sh/resource-policy"], "keep");
    const { strategy, template: pod } = single.get("Deployment/shop").spec;
    assert.deepEqual(strategy, { type: "Recreate" });
    assert.deepEqual(pod.spec.volumes, [
      { name: "data", persistentVolumeClaim: { claimName: "shop-data" } },
      { name: "in", persistentVolumeClaim: { claimName: "input" } },
    ]);
  });

  helmTest("folders of the node and of the pod; a form replaces the one of a lower layer", () => {
    const volumes = {
      kvm: { mountPath: "/dev/kvm", hostPath: "/dev/kvm", hostPathType: "CharDevice" },
      tmp: { mountPath: "/tmp", emptyDir: { medium: "Memory", sizeLimit: "64Mi" } },
    };
    const prod = { components: { api: { volumes: { kvm: { emptyDir: {} } } } } };
    const spec = { components: { api: { volumes } }, podSecurity: "privileged" };
    assert.deepEqual(template(manifest(spec)).spec.volumes, [
      { name: "kvm", hostPath: { path: "/dev/kvm", type: "CharDevice" } },
      { name: "tmp", emptyDir: { medium: "Memory", sizeLimit: "64Mi" } },
    ]);
    assert.deepEqual(template(manifest(spec, prod)).spec.volumes[0], { name: "kvm", emptyDir: {} });
  });

  helmTest("writable folders over an image that is read-only", () => {
    const { spec } = template(manifest({ components: { api: { writable: ["/tmp", "/app/cache"] } } }));
    assert.equal(spec.containers[0].securityContext.readOnlyRootFilesystem, true);
    assert.deepEqual(
      spec.containers[0].volumeMounts.map(({ mountPath }: Rendered) => mountPath),
      ["/tmp", "/app/cache"],
    );
    assert.deepEqual(
      spec.volumes.map(({ emptyDir }: Rendered) => emptyDir),
      [{}, {}],
    );
  });
});

describe("what runs in the pod, and as whom", () => {
  helmTest("init containers and sidecars start in the order of after, else by name", () => {
    const api = {
      image: "api:1",
      env: { A: "api", B: "api" },
      volumes: { data: { mountPath: "/data", emptyDir: {} } },
      initContainers: {
        migrate: { command: ["migrate"], inherit: ["image", "env"], env: { A: "own" }, after: ["proxy"] },
        check: { image: "tools:1" },
      },
      sidecars: { proxy: { image: "proxy:1", ports: { sql: 5432 }, health: { tcp: true } } },
    };
    const pod = template(manifest({ components: { api } }));
    assert.deepEqual(
      pod.spec.initContainers.map(({ name }: Rendered) => name),
      ["check", "proxy", "migrate"],
    );
    const migrate = named(pod, "migrate");
    const values = migrate.env.map(({ name, value }: Rendered) => `${name}=${value}`);
    assert.deepEqual(
      [migrate.image, values.includes("A=own"), values.includes("B=api"), values.includes("A=api")],
      ["api:1", true, true, false],
    );
    assert.deepEqual(migrate.volumeMounts, [{ name: "data", mountPath: "/data" }]);
    assert.deepEqual(named(pod, "check").env, undefined);
    const proxy = named(pod, "proxy");
    assert.deepEqual(
      [proxy.restartPolicy, proxy.ports, proxy.startupProbe.tcpSocket],
      ["Always", [{ name: "sql", containerPort: 5432 }], { port: "sql" }],
    );
    for (const { securityContext } of pod.spec.initContainers)
      assert.deepEqual(securityContext.capabilities, { drop: ["ALL"] });
  });

  helmTest("a security context over the restricted one; privileged in its place", () => {
    const spec = { podSecurity: "privileged", components: { api: { securityContext: { runAsUser: 70 } }, root: {} } };
    const api = template(manifest(spec)).spec;
    assert.deepEqual([api.securityContext.runAsUser, api.securityContext.runAsNonRoot], [70, true]);
    assert.equal(api.containers[0].securityContext.allowPrivilegeEscalation, false);
    const prod = { components: { api: { securityContext: { privileged: true, runAsUser: 0, runAsNonRoot: false } } } };
    const loose = template(manifest(spec, prod)).spec;
    assert.deepEqual(loose.securityContext, { runAsUser: 0, runAsNonRoot: false });
    assert.deepEqual(loose.containers[0].securityContext, { privileged: true });
  });

  helmTest("the level that a component needs is found, and privileged must be declared", () => {
    const level = (api: Values, podSecurity?: string) => {
      const { application, errors } = resolved(manifest({ components: { api }, ...(podSecurity && { podSecurity }) }));
      return [application.podSecurity, errors.map(({ code }: Rendered) => code)];
    };
    assert.deepEqual(level({}), ["restricted", []]);
    assert.deepEqual(level({ securityContext: { runAsUser: 0 } }), ["baseline", []]);
    assert.deepEqual(level({ securityContext: { capabilities: { add: ["NET_BIND_SERVICE"] } } }), ["restricted", []]);
    for (const securityContext of [{ runAsUser: 0 }, { runAsNonRoot: false }, { allowPrivilegeEscalation: true }]) {
      assert.deepEqual(level({ securityContext }), ["baseline", []]);
      assert.deepEqual(level({ initContainers: { a: { securityContext } } }), ["baseline", []]);
    }
    for (const api of [
      { securityContext: { privileged: true } },
      { securityContext: { seccompProfile: { type: "Unconfined" } } },
      { securityContext: { capabilities: { add: ["SYS_ADMIN"] } } },
      { hostAccess: { network: true } },
      { volumes: { a: { hostPath: "/a", mountPath: "/a" } } },
      { ports: { a: { port: 1, hostPort: 1 } } },
      { sidecars: { a: { image: "a", securityContext: { privileged: true } } } },
    ]) {
      assert.deepEqual(level(api), ["restricted", ["APP_POD_SECURITY"]]);
      assert.deepEqual(level(api, "privileged"), ["privileged", []]);
    }
  });

  helmTest("a share of the node, and where to run", () => {
    const place = {
      nodeSelector: { "example.com/kvm": "true" },
      tolerations: [{ operator: "Exists" }],
      affinity: { podAntiAffinity: {} },
      priorityClass: "high",
    };
    const api = { hostAccess: { network: true, pid: true, ipc: false }, ...place };
    const { spec } = template(manifest({ podSecurity: "privileged", components: { api } }));
    assert.deepEqual(
      [spec.hostNetwork, spec.dnsPolicy, spec.hostPID, spec.hostIPC],
      [true, "ClusterFirstWithHostNet", true, undefined],
    );
    const { nodeSelector, tolerations, affinity, priorityClassName } = spec;
    assert.deepEqual({ nodeSelector, tolerations, affinity, priorityClass: priorityClassName }, place);
  });

  helmTest("an account with rules gets a token; without rules none", () => {
    const rule = { apiGroups: [""], resources: ["nodes"], verbs: ["patch"] };
    const found = objects(manifest({ components: { api: { rbac: { rules: [rule], clusterRules: [rule] } } } }));
    const { spec } = found.get("Deployment/shop-api").spec.template;
    assert.deepEqual([spec.serviceAccountName, spec.automountServiceAccountToken], ["shop-api", true]);
    assert.deepEqual(found.get("Role/shop-api").rules, [rule]);
    assert.deepEqual(found.get("ClusterRole/prod-shop-shop-api").rules, [rule]);
    assert.deepEqual(found.get("ClusterRoleBinding/prod-shop-shop-api").subjects, [
      { kind: "ServiceAccount", name: "shop-api", namespace: "prod-shop" },
    ]);
    assert.equal(found.get("ClusterRole/prod-shop-shop-api").metadata.namespace, undefined);
    const cloud = objects(manifest({ components: { api: { serviceAccount: { annotations: { role: "a" } } } } }));
    assert.deepEqual(cloud.get("ServiceAccount/shop-api").metadata.annotations, { role: "a" });
    assert.equal(cloud.get("Deployment/shop-api").spec.template.spec.automountServiceAccountToken, false);
    assert.ok(objects(manifest({ components: { api: { serviceAccount: {} } } })).has("ServiceAccount/shop-api"));
    const other = objects(manifest({ components: { api: { serviceAccount: "there" } } }));
    assert.equal(other.get("Deployment/shop-api").spec.template.spec.serviceAccountName, "there");
    assert.equal(other.has("ServiceAccount/there"), false);
  });
});
