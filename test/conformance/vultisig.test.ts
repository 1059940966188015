import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it, type TestContext } from "node:test";
import { parse } from "yaml";
import { runCheck } from "./checks.ts";
import { commandsOn, readPage } from "./pages.ts";
import { env, type Loose, openSystem, podSpec, type Rendering } from "./system.ts";

const system = await openSystem("examples/vultisig");
const environments = ["production", "local"];
const production = await system.render("production");
const local = await system.render("local");

/** The twelve workloads as `Kind/namespace/name`, by the component that each is. */
const workloads: Readonly<Record<string, string>> = {
  postgres: "Deployment/infra/postgres",
  redis: "Deployment/infra/redis",
  minio: "StatefulSet/infra/minio",
  verifier: "Deployment/verifier/verifier",
  "verifier-worker": "Deployment/verifier/worker",
  "verifier-tx-indexer": "Deployment/verifier/tx-indexer",
  vcli: "Deployment/verifier/vcli",
  "dca-server": "Deployment/plugin-dca/server",
  "dca-scheduler": "Deployment/plugin-dca/scheduler",
  "dca-worker": "Deployment/plugin-dca/worker",
  "dca-tx-indexer": "Deployment/plugin-dca/tx-indexer",
  relay: "Deployment/relay/relay",
};
const published = Object.keys(workloads).filter((key) => /verifier|dca|vcli/.test(key));

const nameOf = ({ kind, metadata }: Loose) => `${kind}/${metadata.namespace}/${metadata.name}`;

/** One thing of each workload, by component. */
function each(rendering: Rendering, see: (workload: Loose) => unknown, keys = Object.keys(workloads)) {
  return Object.fromEntries(keys.map((key) => [key, see(rendering.get(workloads[key] ?? ""))]));
}

/** The components whose pods a change of the manifest replaces. */
async function restarted(change: (manifest: Loose) => void): Promise<string[]> {
  const after = await (await system.changed(change)).render("production");
  const template = (rendering: Rendering, key: string) =>
    JSON.stringify(rendering.get(workloads[key] ?? "").spec.template);
  return Object.keys(workloads).filter((key) => template(production, key) !== template(after, key));
}

/** The problems in production after a change of the manifest; before it there are none. */
async function problemsAfter(change: (manifest: Loose) => void): Promise<string[]> {
  return await (await system.changed(change)).problems("production");
}

/** The warnings and notices in production after a change, as `CODE path`. */
async function remarksAfter(change: (manifest: Loose) => void): Promise<string[]> {
  const { remarks } = await (await system.changed(change)).validate("production");
  return remarks.map(({ code, path }) => `${code} ${path}`);
}

/** The data of a ConfigMap. */
const config = (rendering: Rendering, name: string): Record<string, string> => rendering.get(`ConfigMap/${name}`).data;

/** The value that a container gets for a variable, through references to ConfigMaps of its namespace. */
function variableOf(rendering: Rendering, workload: string, variable: string): string | undefined {
  const container = rendering.container(workload);
  const namespace = workload.split("/")[1];
  const own = env(container)[variable];
  if (typeof own === "string") return own;
  if (own !== undefined) return config(rendering, `${namespace}/${own.configMapKeyRef.name}`)[own.configMapKeyRef.key];
  const sets = (container.envFrom ?? []).flatMap(({ configMapRef }: Loose) => configMapRef?.name ?? []);
  return sets.map((name: string) => config(rendering, `${namespace}/${name}`)[variable]).find(Boolean);
}

describe("namespaces, workloads, addresses", () => {
  it("V-01 four namespaces of their own, the same in both environments, and the release in one of them", async () => {
    for (const { application, objects } of [production, local]) {
      assert.deepEqual([application.release, application.namespace], ["vultisig", "infra"]);
      const four = ["infra", "plugin-dca", "relay", "verifier"];
      assert.deepEqual(Object.keys(application.namespaces).sort(), four);
      assert.deepEqual([...new Set(objects.map(({ metadata }) => metadata.namespace))].sort(), four);
    }
    assert.deepEqual(await system.problems(), []);
    const lost = await problemsAfter(({ spec }) => delete spec.namespaces.relay);
    assert.deepEqual(lost, ["APP_NAMESPACE_UNDECLARED spec.components.relay.namespace"]);
  });

  it("V-02 exactly these twelve workloads in each environment", () => {
    for (const { objects } of [production, local]) {
      const running = objects.filter(({ kind }) => ["Deployment", "StatefulSet", "DaemonSet"].includes(kind));
      assert.deepEqual(running.map(nameOf).sort(), Object.values(workloads).sort());
    }
  });

  it("V-03 worker and relay-config are in two namespaces; in one, the same name twice is refused", async () => {
    for (const kind of ["Deployment/verifier/worker", "ConfigMap/verifier/relay-config"]) {
      assert.notEqual(production.get(kind), production.get(kind.replace("verifier", "plugin-dca")));
    }
    const both = await problemsAfter(({ spec }) => {
      spec.components["verifier-tx-indexer"].name = "worker";
    });
    assert.deepEqual(both, ["APP_NAME_TWICE spec.components.verifier-worker.name"]);
  });

  it("V-04 minio-0, deploy/postgres, deploy/worker and a pod for vcli that lives on", () => {
    assert.equal(production.get("StatefulSet/minio").metadata.namespace, "infra");
    assert.equal(production.get("Deployment/postgres").metadata.namespace, "infra");
    assert.equal(production.get("Deployment/verifier/worker").kind, "Deployment");
    assert.deepEqual(production.container("Deployment/vcli").command, ["sleep", "infinity"]);
    assert.equal(podSpec(production.get("Deployment/vcli")).restartPolicy ?? "Always", "Always");
  });

  it("V-05 the DCA server answers as server-swap.plugin-dca:8082, the verifier at 8080, the relay at 80", () => {
    const address = (name: string) => {
      const { selector, ports } = production.get(`Service/${name}`).spec;
      return [selector["app.kubernetes.io/component"], ports.map(({ port }: Loose) => port)];
    };
    assert.deepEqual(address("plugin-dca/server-swap"), ["dca-server", [8082]]);
    assert.deepEqual(address("verifier/verifier"), ["verifier", [8080]]);
    assert.deepEqual(address("relay/relay"), ["relay", [80]]);
    assert.equal(
      production.all("Service").some(({ metadata }) => metadata.name === "dca-server"),
      false,
    );
  });

  it("V-06 PostgreSQL, Redis and MinIO at their ports, ready when a command or their own address says so", () => {
    const ports = (name: string) => production.get(`Service/infra/${name}`).spec.ports.map(({ port }: Loose) => port);
    assert.deepEqual([ports("postgres"), ports("redis"), ports("minio")], [[5432], [6379], [9000]]);
    const ready = each(production, (workload) => Object.keys(podSpec(workload).containers[0].readinessProbe ?? {}));
    const how = (key: string) =>
      (ready[key] as string[]).filter((form) => ["exec", "httpGet", "tcpSocket"].includes(form));
    assert.deepEqual([how("postgres"), how("redis"), how("minio")], [["exec"], ["exec"], ["httpGet"]]);
    assert.deepEqual([how("verifier"), how("dca-server"), how("relay")], [["tcpSocket"], ["tcpSocket"], ["tcpSocket"]]);
  });

  it("V-07 each workload on the node of its role, and a warning of labels that a kubelet may not set", async () => {
    const roles = each(production, (workload) => podSpec(workload).nodeSelector);
    const expected = Object.entries(workloads).map(([key, path]) => {
      const role = path.split("/")[1]?.replace("infra", "verifier");
      return [key, { "node.kubernetes.io/role": role }];
    });
    assert.deepEqual(roles, Object.fromEntries(expected));
    const warned = await remarksAfter(({ spec }) => {
      spec.components.relay.nodeSelector = { "node-role.kubernetes.io/relay": "true" };
    });
    const path = "spec.components.relay.nodeSelector.node-role.kubernetes.io/relay";
    assert.deepEqual(warned, [`APP_NODE_ROLE ${path}`]);
  });

  it("V-08 a claim for each MinIO pod, and one for PostgreSQL that no second pod writes to", () => {
    const minio = production.get("StatefulSet/minio").spec;
    assert.equal(minio.volumeClaimTemplates[0].spec.resources.requests.storage, "20Gi");
    assert.equal(minio.persistentVolumeClaimRetentionPolicy.whenDeleted, "Retain");
    const postgres = production.get("Deployment/postgres").spec;
    assert.equal(postgres.strategy.type, "Recreate");
    const claim = podSpec({ spec: postgres }).volumes.find(({ name }: Loose) => name === "data").persistentVolumeClaim;
    const { metadata } = production.get(`PersistentVolumeClaim/infra/${claim.claimName}`);
    assert.equal(metadata.annotations["helm.sh/resource-policy"], "keep");
  });
});

describe("images", () => {
  it("V-09 eight images with their own tags, which no image of the whole application replaces", async () => {
    const expected = {
      verifier: "ghcr.io/vultisig/verifier/verifier:v0.1.16",
      "verifier-worker": "ghcr.io/vultisig/verifier/worker:v0.1.16",
      "verifier-tx-indexer": "ghcr.io/vultisig/verifier/tx_indexer:v0.1.16",
      vcli: "ghcr.io/vultisig/vcli:v1.0.3",
      "dca-server": "ghcr.io/vultisig/app-recurring/server:v1.0.84",
      "dca-scheduler": "ghcr.io/vultisig/app-recurring/scheduler:v1.0.82",
      "dca-worker": "ghcr.io/vultisig/app-recurring/worker:v1.0.82",
      "dca-tx-indexer": "ghcr.io/vultisig/app-recurring/tx_indexer:v1.0.82",
    };
    const image = (workload: Loose) => podSpec(workload).containers[0].image;
    assert.deepEqual(each(production, image, published), expected);
    const forced = await system.changed(({ spec }) => {
      spec.image = "registry.example.com/vultisig:1";
    });
    assert.deepEqual(each(await forced.render("production"), image, published), expected);
  });

  it("V-10 what all environments share names no version of the eight images", () => {
    const images = published.map((key) => system.manifest.spec.components[key].image);
    assert.deepEqual(
      images.filter((image) => typeof image !== "string" || /[:@]/.test(image)),
      [],
    );
  });

  it("V-12 no pull secret is rendered, and no pod refers to one", () => {
    for (const { objects, all } of [production, local]) {
      assert.deepEqual(all("Secret"), []);
      assert.ok(!JSON.stringify(objects).includes("imagePullSecrets"));
    }
  });

  it("V-13 published images start /app/main, local ones their own programs", () => {
    const command = (workload: Loose) => podSpec(workload).containers[0].command;
    const services = published.filter((key) => key !== "vcli");
    for (const key of services) assert.deepEqual(each(production, command, [key])[key], ["/app/main"], key);
    const commands = each(local, command, services);
    assert.deepEqual(commands["dca-scheduler"], ["/app/scheduler"]);
    assert.deepEqual(commands["verifier"], ["/usr/local/bin/verifier"]);
    assert.equal(new Set(Object.values(commands).map(String)).size, 7);
  });

  it("V-14 local images have other names and are never pulled", () => {
    const pulls = each(local, (workload) => podSpec(workload).containers[0], [...published, "relay"]);
    for (const [key, { image, imagePullPolicy }] of Object.entries(pulls as Record<string, Loose>)) {
      assert.deepEqual([image.split(":")[1], imagePullPolicy], ["local", "Never"], key);
      assert.ok(!image.startsWith("ghcr.io/"), image);
    }
  });
});

describe("environments and configuration", () => {
  it("V-17 production and local are declared, and nothing is rendered without one of them", async () => {
    assert.deepEqual(Object.keys(system.manifest.environments).sort(), [...environments].sort());
    await assert.rejects(system.render(""), /no environment is chosen.*declared: local, production/);
    await assert.rejects(system.render("prod"), /environment "prod" is not declared/);
  });

  it("V-18 one declared relay becomes relay-config in both namespaces, and RELAY_URL of both workers", async () => {
    const relays = [
      [production, "https://api.vultisig.com/router"],
      [local, "http://relay.relay.svc.cluster.local"],
    ] as const;
    for (const [rendering, url] of relays) {
      for (const namespace of ["verifier", "plugin-dca"]) {
        assert.deepEqual(config(rendering, `${namespace}/relay-config`), { url });
        const from = env(rendering.container(`Deployment/${namespace}/worker`))["RELAY_URL"];
        assert.deepEqual(from, { configMapKeyRef: { name: "relay-config", key: "url" } });
      }
    }
    const maps = production.all("ConfigMap").filter(({ metadata }) => metadata.name === "relay-config");
    assert.equal(maps.length, 2);
  });

  it("V-19 the queue is known to exactly the plugin's server, scheduler and worker", () => {
    const knowing = Object.entries(workloads).filter(([, path]) => variableOf(production, path, "TASK_QUEUE_NAME"));
    assert.deepEqual(
      knowing.map(([key]) => key),
      ["dca-server", "dca-scheduler", "dca-worker"],
    );
    for (const [, path] of knowing) assert.equal(variableOf(production, path, "TASK_QUEUE_NAME"), "dca_plugin_queue");
  });

  it("V-20 the DCA worker has an address for each chain, and one that is missing is refused", async () => {
    const { envFrom } = production.container(workloads["dca-worker"] ?? "");
    assert.ok(envFrom.some(({ secretRef }: Loose) => secretRef?.name === "vultisig-rpc-secrets"));
    const variables = ["ZKSYNC", "CRONOS", "COSMOS", "TRON", "DASH", "ZCASH"].map((chain) => `RPC_${chain}_URL`);
    for (const variable of variables) {
      assert.match(variableOf(production, workloads["dca-worker"] ?? "", variable) ?? "", /^https:\/\//, variable);
    }
    const problems = await problemsAfter(({ environments: { production: layer } }) => {
      layer.config.rpc = Object.fromEntries(variables.map((variable) => [variable, null]));
    });
    const places = variables.map((variable) => `APP_CONFIG_INCOMPLETE environments.production.config.rpc.${variable}`);
    assert.deepEqual(problems.sort(), places.sort());
  });

  it("V-21 vcli.yaml names the verifier and the plugin in the cluster, and is mounted as a file", () => {
    const data = config(production, "verifier/vcli-config");
    const { verifier, plugins } = parse(data["vcli.yaml"] ?? "");
    assert.equal(verifier.url, "http://verifier.verifier.svc.cluster.local:8080");
    assert.equal(plugins.dca.url, "http://server-swap.plugin-dca.svc.cluster.local:8082");
    const mount = mountOf(production.get("Deployment/vcli"), "/etc/vcli/vcli.yaml");
    assert.deepEqual(mount.source, { configMap: { name: "vcli-config", key: "vcli.yaml" } });
    assert.equal(mount.readOnly, true);
  });

  it("V-23 six groups of secrets, each in every namespace that uses it and in no other", () => {
    const copies = production
      .all("InfisicalSecret")
      .flatMap(({ spec }) => spec.managedKubeSecretReferences)
      .map(({ secretName, secretNamespace }: Loose) => `${secretName} ${secretNamespace}`);
    const groups = {
      postgres: ["infra", "plugin-dca", "verifier"],
      redis: ["infra", "plugin-dca", "verifier"],
      minio: ["infra", "plugin-dca", "verifier"],
      encryption: ["plugin-dca", "verifier"],
      rpc: ["plugin-dca", "verifier"],
      vault: ["verifier"],
    };
    const expected = Object.entries(groups).flatMap(([set, namespaces]) =>
      namespaces.map((namespace) => `vultisig-${set}-secrets ${namespace}`),
    );
    assert.deepEqual(copies.sort(), expected.sort());
    // Whatever a pod takes from a Secret is brought into its namespace.
    for (const path of Object.values(workloads)) {
      for (const name of secretsOf(podSpec(production.get(path)))) {
        assert.ok(copies.includes(`${name} ${path.split("/")[1]}`), `${path} ${name}`);
      }
    }
  });

  it("V-25 the vault is decoded once and is at /vault/vault.vult, byte for byte", (test: TestContext) => {
    const pod = production.get("Deployment/vcli");
    const decode = podSpec(pod).initContainers.find(({ name }: Loose) => name === "decode-vault");
    const { source } = mountOf(pod, "/encoded/vault.vult", decode);
    assert.deepEqual(source, { secret: { name: "vultisig-vault-secrets", key: "TEST_VAULT_BASE64" } });
    assert.deepEqual(mountOf(pod, "/vault").source, mountOf(pod, "/vault", decode).source);
    const root = mkdtempSync(join(tmpdir(), "fairlead-vault-"));
    test.after(() => rmSync(root, { recursive: true }));
    for (const folder of ["encoded", "vault"]) mkdirSync(join(root, folder));
    const vault = randomBytes(300_000);
    writeFileSync(join(root, "encoded/vault.vult"), vault.toString("base64"));
    const [shell, ...args] = decode.command.map((word: string) =>
      word.replaceAll(/\/(?=encoded|vault\/)/g, `${root}/`),
    );
    assert.equal(spawnSync(shell, args).status, 0);
    // Not deepEqual: the difference of two large files takes minutes to print.
    assert.ok(readFileSync(join(root, "vault/vault.vult")).equals(vault));
  });

  it("V-22 every runtime secret is read by its own name from the folder of its group", () => {
    const read = Object.values(workloads).flatMap((path) =>
      Object.values(env(podSpec(production.get(path)).containers[0])).flatMap(({ secretKeyRef }) => secretKeyRef ?? []),
    );
    const names = new Map(read.map(({ name, key }: Loose) => [key, name]));
    const groups = {
      postgres: ["POSTGRES_DSN", "POSTGRES_PASSWORD"],
      redis: ["REDIS_URI", "REDIS_PASSWORD"],
      minio: ["MINIO_HOST", "MINIO_ACCESS_KEY", "MINIO_SECRET_KEY"],
      encryption: ["ENCRYPTION_SECRET"],
    };
    for (const [group, keys] of Object.entries(groups)) {
      for (const key of keys) assert.equal(names.get(key), `vultisig-${group}-secrets`, key);
      assert.equal(production.application.secrets[group].path, `/vultisig/${group}`);
    }
  });

  it("V-22 the encryption key must be 64 hexadecimal digits, and is not printed", () => {
    const look = (ENCRYPTION_SECRET: string) =>
      runCheck(production, "encryption-key", { variables: { ENCRYPTION_SECRET } });
    const key = randomBytes(32).toString("hex");
    assert.deepEqual([look(key).state, look(key).output], ["passed", ""]);
    assert.equal(look(key.slice(1)).output, "63 characters in place of 64\n");
    assert.equal(look(`${key.slice(1)}g`).output, "not hex\n");
    assert.equal(look("").state, "wrong");
  });

  it("V-27 numbers in configuration files stay as they are written", async () => {
    const { plugins } = parse(config(production, "verifier/vcli-config")["vcli.yaml"] ?? "");
    assert.deepEqual(
      plugins.dca.billing.map(({ amount }: Loose) => amount),
      [0, 0],
    );
    const text = '{"amount": 0, "limit": 1000000, "wei": 1000000000000000000}\n';
    const changed = await system.changed(({ spec }) => {
      Object.assign(spec.config.vcli, { "policy.json": text, limit: 10485760 });
    });
    const data = config(await changed.render("production"), "verifier/vcli-config");
    assert.deepEqual([data["policy.json"], data["limit"]], [text, "10485760"]);
  });

  it("V-28 a change restarts exactly the pods that use what changed", async () => {
    const relay = await restarted(({ environments: { production: layer } }) => {
      layer.config.relay.url = "https://relay.example.com/router";
    });
    assert.deepEqual(relay, ["verifier-worker", "dca-worker"]);
    const client = await restarted(({ spec }) => {
      spec.config.vcli["vcli.yaml"] += "# more\n";
    });
    assert.deepEqual(client, ["vcli"]);
    assert.deepEqual(await restarted(() => {}), []);
  });
});

describe("jobs", () => {
  it("V-31 both Jobs have a new name with each revision, so that each deploy runs them", async () => {
    const names = production.all("Job").map(nameOf);
    assert.deepEqual(names, ["Job/infra/minio-init-1", "Job/verifier/seed-plugins-1"]);
    const { components } = production.application;
    assert.deepEqual(
      [components["minio-init"].when, components["seed-plugins"].when],
      ["every-deploy", "every-deploy"],
    );
    const script = production.container("Job/minio-init-1").command.join(" ");
    assert.match(script, /--ignore-existing local\/vultisig-verifier local\/vultisig-dca$/);
  });

  it("V-32 each Job waits for the Services that it needs", async () => {
    const waits = (job: string) =>
      podSpec(production.get(job)).initContainers.map(({ command }: Loose) => command.slice(-2).join(":"));
    assert.deepEqual(waits("Job/minio-init-1"), ["minio.infra.svc:9000"]);
    assert.deepEqual(waits("Job/seed-plugins-1"), ["postgres.infra.svc:5432", "verifier.verifier.svc:8080"]);
    const unknown = await problemsAfter(({ spec }) => {
      spec.components["minio-init"].after = ["mimio"];
    });
    assert.deepEqual(unknown, ["APP_AFTER spec.components.minio-init.after.0"]);
  });

  it("V-34 the SQL travels with the manifest and leaves each row once, however often it runs", () => {
    const job = production.get("Job/seed-plugins-1");
    const { source } = mountOf(job, "/seed/seed-plugins.sql");
    const sql = config(production, `verifier/${source.configMap.name}`)[source.configMap.key] ?? "";
    assert.match(production.container("Job/seed-plugins-1").command.join(" "), /--file \/seed\/seed-plugins\.sql/);
    const prices = pricings();
    for (let run = 0; run < 3; run++) prices.exec(sql);
    assert.deepEqual(seeded(prices), { once: 1, "per-tx": 1 });
    const row = prices.prepare("SELECT * FROM pricings WHERE type = 'once'").get();
    const { created_at: _, updated_at: __, ...rest } = { ...row };
    const expected = { type: "once", frequency: null, amount: 0, asset: "usdc", metric: "fixed" };
    assert.deepEqual(rest, { ...expected, plugin_id: "vultisig-dca-0000" });
  });
});

describe("checks and advice", () => {
  it("V-38 both buckets are listed in MinIO's pod; without one of them the check fails", () => {
    const minio = (...buckets: string[]) => ({
      programs: { mc: `case " ${buckets.join(" ")} " in *" ${"$"}{2#local/} "*) exit 0 ;; esac; echo "no $2"; exit 1` },
    });
    assert.equal(production.application.verify.buckets.component, "minio");
    const both = minio("vultisig-verifier/", "vultisig-dca/");
    assert.equal(runCheck(production, "buckets", both).state, "passed");
    assert.match(runCheck(production, "buckets", minio("vultisig-verifier/")).said, /no local\/vultisig-dca\//);
  });

  it("V-39 the seeded rows are counted by their type; one too few or too many fails", () => {
    const postgres = (...rows: string[]) => ({ programs: { psql: rows.map((row) => `echo "${row}"`).join("\n") } });
    assert.equal(production.application.verify.seeded.component, "postgres");
    assert.match(
      production.application.verify.seeded.run,
      /-d vultisig-verifier .*\n.*vultisig-dca-0000.*GROUP BY type/,
    );
    assert.equal(runCheck(production, "seeded", postgres("once|1", "per-tx|1")).state, "passed");
    assert.equal(runCheck(production, "seeded", postgres("once|1")).state, "wrong");
    assert.equal(runCheck(production, "seeded", postgres("once|1", "per-tx|3")).state, "wrong");
    assert.equal(runCheck(production, "seeded", { programs: { psql: "exit 2" } }).state, "wrong");
  });

  it("V-40 Redis answers only to its password, which is on no command line", () => {
    const redis = '[ "$REDISCLI_AUTH" = right ] && [ "$*" = ping ] && echo PONG || { echo NOAUTH; }';
    const ask = (REDIS_PASSWORD: string) =>
      runCheck(production, "redis", { programs: { "redis-cli": redis }, variables: { REDIS_PASSWORD } });
    assert.equal(ask("right").state, "passed");
    assert.match(ask("wrong").said, /NOAUTH/);
    assert.deepEqual(secretsOf(podSpec(production.get("Deployment/redis"))), ["vultisig-redis-secrets"]);
  });

  it("V-42 every service with an HTTP address is asked through its Service, which is inside the cluster", () => {
    const { verify, components } = production.application;
    const asked = Object.values<Loose>(verify).filter(({ http }) => http !== undefined);
    assert.deepEqual(
      asked.map(({ component, http }) => [component, http]),
      [
        ["dca-server", "/healthz"],
        ["verifier", "/healthz"],
      ],
    );
    for (const { component } of asked) assert.ok(components[component].service && components[component].httpPort);
    // MinIO has a health path, which is asked without a check of its own.
    assert.match(components.minio.health.path, /^\/minio\/health/);
  });

  it("V-43, V-44, V-56 the running pods have the queue and the relay that the configuration holds", () => {
    const expected = {
      queue: ["dca-worker", "TASK_QUEUE_NAME", "dca_plugin_queue"],
      "relay-of-verifier": ["verifier-worker", "RELAY_URL", "https://api.vultisig.com/router"],
      "relay-of-dca": ["dca-worker", "RELAY_URL", "https://api.vultisig.com/router"],
    };
    for (const [name, [component, variable = "", value = ""]] of Object.entries(expected)) {
      assert.equal(production.application.verify[name].component, component);
      assert.equal(runCheck(production, name, { variables: { [variable]: value } }).state, "passed");
      // A pod that was not restarted still has the old one.
      const old = runCheck(production, name, { variables: { [variable]: "https://api.vultisig.com" } });
      assert.match(old.said, /does not hold what is expected: https:\/\/api\.vultisig\.com$/);
    }
  });

  /** A client that does what the real one says it does; `broken` is a step of it that goes wrong, or what it leaves out. */
  function client(broken = ""): Record<string, string> {
    const said = [
      "vault import) [ $4 = /vault/vault.vult ] && echo imported",
      'vault details) echo "vault of 4"',
      'plugin install) printf "4 parties joined\\nvcli-1\\nServer-2\\nverifier-3\\ndca-worker-4\\n"; printf "Verifier (MinIO): ✓ 458.0KB\\nDCA Plugin (MinIO): ✓ 458.0KB\\n"',
      'policy generate) echo "{}" > "${10}"',
      'policy add) [ -s "$6" ] && printf "POLICY ADDED SUCCESSFULLY\\nPolicy ID: 123e4567-e89b-42d3-a456-426614174000\\n"',
      'policy list) echo "tx_hash: 0xabc"',
      'policy status) [ "$3" = 123e4567-e89b-42d3-a456-426614174000 ] && echo "Active: true"',
    ].filter((line) => broken === "" || !line.startsWith(broken));
    return {
      vcli: `case "$1 $2" in\n${said.map((line) => `${line.replace(/^([a-z ]+)\)/, '"$1")')} ;;`).join("\n")}\n*) exit 1 ;;\nesac`,
    };
  }
  const variables = { VAULT_PASSWORD: randomBytes(16).toString("hex") };

  it("V-45 an ordered script in one pod, whose steps share files and of which none may fail", () => {
    assert.equal(production.application.verify["end-to-end"].component, "vcli");
    const run = (broken?: string) => runCheck(production, "end-to-end", { programs: client(broken), variables });
    assert.deepEqual([run().said, run().state], ["", "passed"]);
    for (const step of [
      "vault import",
      "vault details",
      "plugin install",
      "policy generate",
      "policy add",
      "policy list",
    ])
      assert.match(run(step).said, /^exit code \d+/, step);
  });

  it("V-46 each of the expected lines is needed", () => {
    const needed = ["4 parties joined", "vcli-1", "Server-2", "verifier-3", "dca-worker-4", "Verifier (MinIO): ✓"];
    assert.equal(runCheck(production, "end-to-end", { programs: client(), variables }).state, "passed");
    for (const words of [...needed, "DCA Plugin (MinIO): ✓", "POLICY ADDED SUCCESSFULLY", "tx_hash: 0x", "Policy ID"]) {
      const { vcli = "" } = client();
      assert.ok(vcli.includes(words), words);
      const run = runCheck(production, "end-to-end", { programs: { vcli: vcli.replace(words, "") }, variables });
      assert.equal(run.state, "wrong", words);
    }
  });

  it("V-47 the policy that was added is asked for by its id, and a miss does not fail; neither does one in the logs", () => {
    const { active, swap, broadcast } = production.application.verify;
    assert.deepEqual([active.optional, swap.optional, broadcast.optional], [true, true, true]);
    assert.match("12:00 swap route found", new RegExp(swap.logs));
    assert.match("12:00 tx signed & broadcasted", new RegExp(broadcast.logs));
    assert.equal(active.component, "vcli");
    const programs = { ...client(), cat: 'case "$1" in *policy-id) echo 123e4567-e89b-42d3-a456-426614174000 ;; esac' };
    assert.equal(runCheck(production, "active", { programs }).state, "passed");
    assert.equal(runCheck(production, "active", { programs: { ...programs, cat: "echo other" } }).state, "wrong");
    const written = runCheck(production, "end-to-end", { programs: client(), variables }).output;
    assert.match(written, /^123e4567-e89b-42d3-a456-426614174000$/m);
  });

  it("V-48 a step is tried twice, for thirty seconds each, and no longer", () => {
    const programs = { timeout: 'echo "$*" >> "$CALLS"; shift; exit 1', vcli: "exit 1" };
    const folder = mkdtempSync(join(tmpdir(), "fairlead-calls-"));
    try {
      const CALLS = join(folder, "calls");
      const { state } = runCheck(production, "end-to-end", { programs, variables: { ...variables, CALLS } });
      assert.equal(state, "wrong");
      const calls = readFileSync(CALLS, "utf8").trim().split("\n");
      assert.deepEqual(
        calls.map((call) => call.replace(/ --.*/, "")),
        ["30 vcli vault import", "30 vcli vault import"],
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("V-49 the script's password comes from a Secret and stands nowhere in the manifest", () => {
    const { valueFrom } = podSpec(production.get("Deployment/vcli")).containers[0].env.find(
      ({ name }: Loose) => name === "VAULT_PASSWORD",
    );
    assert.deepEqual(valueFrom.secretKeyRef, { name: "vultisig-vault-secrets", key: "VAULT_PASSWORD" });
    assert.doesNotMatch(production.application.verify["end-to-end"].run, /--password (?!"\$VAULT_PASSWORD")/);
  });

  it("V-44 both workers have one relay in what is rendered, and another for one of them is refused", async () => {
    for (const rendering of [production, local]) {
      const [first, second] = ["verifier", "plugin-dca"].map((namespace) =>
        variableOf(rendering, `Deployment/${namespace}/worker`, "RELAY_URL"),
      );
      assert.ok(first?.startsWith("http"));
      assert.equal(first, second);
    }
    const problems = await problemsAfter(({ environments: { production: layer } }) => {
      layer.components["dca-worker"].env = { RELAY_URL: "https://relay.vultisig.com" };
    });
    assert.deepEqual(problems, ["APP_NOT_SAME spec.same.RELAY_URL.1"]);
  });

  it("V-57 advice for what the system is known to say", () => {
    const said = {
      "Waiting for more parties... parties=2": /different relays/,
      "billing policies count (2) does not match plugin pricing count (0)": /empty/,
      "billing policies count (2) does not match plugin pricing count (6)": /twice/,
      "403: Invalid policy signature": /wrong bucket/,
      "400: billing.amount expected uint64": /as text/,
    };
    const hints: [string, string][] = Object.entries(production.application.hints);
    for (const [line, advice] of Object.entries(said)) {
      const given = hints.filter(([pattern]) => new RegExp(pattern).test(line)).map(([, text]) => text);
      assert.equal(given.length, 1, line);
      assert.match(given[0] ?? "", advice);
    }
  });
});

describe("the start, by hand", () => {
  const page = readPage("examples/vultisig/README.md");

  it("V-37 each make target, script and flag has something that replaces it", () => {
    const rows = page.split("\n").filter((line) => line.startsWith("| `"));
    const replaced = new Map(
      rows.map((row) => row.split("|").map((cell) => cell.trim())).map(([, old, now]) => [old, now]),
    );
    const targets = ["deploy-secrets", "deploy-k8s-prod", "deploy-k8s-local", "delete-k8s", "k8s-start", "k8s-stop"];
    for (const word of [
      ...targets.map((target) => `make ${target}`),
      "k8s-start.sh --local",
      "k8s-start.sh --skip-seed",
    ])
      assert.ok(
        [...replaced].some(([old = "", now = ""]) => old.includes(`\`${word}\``) && now.length > 10),
        word,
      );
  });

  it("V-33 an environment can leave a Job out, and nothing else goes with it", async () => {
    const without = await system.changed(({ environments: { production: layer } }) => {
      layer.components["seed-plugins"] = { enabled: false };
    });
    const names = async (of: typeof system) => (await of.render("production")).objects.map(nameOf);
    const gone = (await names(system)).filter((name) => !/seed-plugins/.test(name));
    assert.deepEqual(await names(without), gone);
  });

  it("V-35, X-15 nothing flushes Redis by itself; a person does, by a command that the page has", () => {
    for (const { text, application } of [production, local])
      assert.doesNotMatch(text + JSON.stringify(application), /flush(all|db)/i);
    const [command = "", ...others] = commandsOn(page, "npx github:jterrazz/fairlead#v1 run");
    assert.deepEqual(others, []);
    assert.match(command, / run production --component redis --command '.*FLUSHALL'$/);
    assert.ok(production.application.components.redis);
  });
});

describe("traps", () => {
  it("X-01 fixed namespaces in every environment, and objects that say which one they belong to", () => {
    for (const [index, { application, objects }] of [production, local].entries()) {
      assert.equal(application.namespace, "infra");
      const labels = new Set(objects.map(({ metadata }) => metadata.labels.environment));
      assert.deepEqual([...labels], [environments[index]]);
    }
  });

  it("X-02 one set can come from Infisical or exist already, as variables or as a file", async () => {
    const existing = await system.changed(({ spec }) => {
      spec.secrets.vault = { existingSecret: "vault-by-hand" };
    });
    const rendering = await existing.render("production");
    const names = rendering.all("InfisicalSecret").map(({ metadata }) => metadata.name);
    assert.ok(names.length > 0 && !names.includes("vultisig-vault-infisical"));
    const pod = rendering.get("Deployment/vcli");
    assert.deepEqual(mountOf(pod, "/encoded/vault.vult").source.secret.name, "vault-by-hand");
    assert.equal(env(rendering.container("Deployment/vcli"))["VAULT_PASSWORD"].secretKeyRef.name, "vault-by-hand");
  });

  it("X-03 the time to start is of a component, the time of a check is of the check", async () => {
    const slow = await system.changed(({ spec }) => {
      spec.components.verifier.health = { path: "/healthz", startup: { within: "5m" } };
    });
    const { get, container, application } = await slow.render("production");
    const { failureThreshold, periodSeconds } = container("Deployment/verifier/verifier").startupProbe;
    assert.ok(failureThreshold * periodSeconds >= 300);
    assert.ok(get("Deployment/verifier/verifier").spec.progressDeadlineSeconds > 300);
    assert.notEqual(get("Deployment/relay/relay").spec.progressDeadlineSeconds, 360);
    assert.equal(application.verify["end-to-end"].timeout, "6m");
    assert.equal(application.verify.swap.timeout, "2m");
  });

  it("X-08 the queue's name restarts three components; a change in a Secret restarts who reads it", async () => {
    const queue = await restarted(({ spec }) => {
      spec.config.dca.TASK_QUEUE_NAME = "another";
    });
    assert.deepEqual(queue, ["dca-server", "dca-scheduler", "dca-worker"]);
    const reload = "secrets.infisical.com/auto-reload";
    for (const path of Object.values(workloads)) {
      const workload = production.get(path);
      const reads = secretsOf(podSpec(workload)).length > 0;
      assert.equal(workload.metadata.annotations?.[reload], reads ? "true" : undefined, path);
    }
  });

  it("X-11 relays that differ in their path only are not the same", async () => {
    const problems = await problemsAfter(({ environments: { production: layer } }) => {
      layer.components["verifier-worker"].env = { RELAY_URL: "https://api.vultisig.com" };
    });
    assert.deepEqual(problems, ["APP_NOT_SAME spec.same.RELAY_URL.1"]);
  });

  it("X-12 the end-to-end check is for production only, and the other checks for both", () => {
    const onlyThere = ["active", "broadcast", "end-to-end", "swap"];
    const checks = Object.keys(production.application.verify);
    assert.deepEqual(
      Object.keys(local.application.verify).sort(),
      checks.filter((name) => !onlyThere.includes(name)).sort(),
    );
    assert.ok(onlyThere.every((name) => checks.includes(name)));
  });

  it("X-13 addresses with a key are secrets here, and are warned of in configuration", async () => {
    assert.deepEqual((await system.validate()).remarks, []);
    const warned = await remarksAfter(({ spec }) => {
      spec.config.rpc.RPC_ETHEREUM_URL = `https://eth-mainnet.g.alchemy.com/v2/${randomBytes(16).toString("hex")}`;
    });
    assert.deepEqual(warned, ["APP_SECRET_PLAIN spec.config.rpc.RPC_ETHEREUM_URL"]);
  });

  it("X-16 the rows stay unique where a constraint would not help", () => {
    const prices = pricings();
    const sql = readFileSync(join(import.meta.dirname, "../../examples/vultisig/.deploy/seed-plugins.sql"), "utf8");
    prices.exec("CREATE UNIQUE INDEX one_each ON pricings (type, plugin_id, frequency)");
    prices.exec(`${sql}${sql}`);
    assert.deepEqual(seeded(prices), { once: 1, "per-tx": 1 });
  });

  it("X-17 a run that fails in the middle leaves the rows as they were", () => {
    const prices = pricings();
    const sql = readFileSync(join(import.meta.dirname, "../../examples/vultisig/.deploy/seed-plugins.sql"), "utf8");
    prices.exec(sql);
    prices.exec("CREATE TRIGGER refuse BEFORE INSERT ON pricings BEGIN SELECT RAISE(FAIL, 'refused'); END");
    assert.throws(() => prices.exec(sql), /refused/);
    prices.exec("ROLLBACK");
    assert.deepEqual(seeded(prices), { once: 1, "per-tx": 1 });
  });

  it("X-18 the plugin's server may be newer than its siblings", () => {
    const tags = each(production, (workload) => podSpec(workload).containers[0].image.split(":")[1], [
      "dca-server",
      "dca-scheduler",
      "dca-worker",
      "dca-tx-indexer",
    ]);
    assert.deepEqual(Object.values(tags), ["v1.0.84", "v1.0.82", "v1.0.82", "v1.0.82"]);
  });

  it("X-19 no node is chosen by its region, and no Secret is written out", () => {
    for (const path of Object.values(workloads)) {
      const { nodeSelector } = podSpec(production.get(path));
      assert.deepEqual(Object.keys(nodeSelector), ["node.kubernetes.io/role"], path);
    }
    assert.ok(!JSON.stringify(production.objects).includes("stringData"));
  });

  it("X-20 a check finds PostgreSQL by its component, whatever kind it is", async () => {
    const other = await system.changed(({ spec }) => {
      Object.assign(spec.components.postgres, { kind: "StatefulSet" });
      spec.components.postgres.volumes.data.perReplica = true;
    });
    const rendering = await other.render("production");
    assert.equal(rendering.get("StatefulSet/infra/postgres").kind, "StatefulSet");
    assert.equal(rendering.application.verify.seeded.component, "postgres");
    const gone = await problemsAfter(({ spec }) => {
      spec.verify.seeded.component = "deploy/postgres";
    });
    assert.deepEqual(gone, ["APP_VERIFY_NO_COMPONENT spec.verify.seeded.component"]);
  });
});

/** What is mounted at a path, and from where: the volume, with the item for a single file. */
function mountOf(workload: Loose, path: string, container: Loose = podSpec(workload).containers[0]): Loose {
  const mount = container.volumeMounts.find(({ mountPath }: Loose) => mountPath === path);
  assert.ok(mount, `nothing is mounted at ${path}`);
  const { name, ...volume } = podSpec(workload).volumes.find((candidate: Loose) => candidate.name === mount.name);
  const [form, body] = Object.entries<Loose>(volume)[0] ?? [];
  if (form !== "configMap" && form !== "secret") return { ...mount, source: { name, ...volume } };
  const { key } = body.items.find((item: Loose) => item.path === mount.subPath);
  return { ...mount, source: { [form]: { name: body.secretName ?? body.name, key } } };
}

/** The names of the Secrets that a pod reads. */
function secretsOf(pod: Loose): string[] {
  const containers = [...pod.containers, ...(pod.initContainers ?? [])];
  const names = containers.flatMap((container: Loose) => [
    ...(container.env ?? []).map(({ valueFrom }: Loose) => valueFrom?.secretKeyRef?.name),
    ...(container.envFrom ?? []).map(({ secretRef }: Loose) => secretRef?.name),
  ]);
  const mounted = (pod.volumes ?? []).map(({ secret }: Loose) => secret?.secretName);
  return [...new Set<string>([...names, ...mounted].filter(Boolean))];
}

/** A table like that of the verifier. SQLite treats NULL in a unique index as PostgreSQL does. */
function pricings(): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  database.function("NOW", () => "2026-01-21");
  database.exec("CREATE TABLE pricings (type, frequency, amount, asset, metric, plugin_id, created_at, updated_at)");
  return database;
}

/** How many rows there are of each type. */
function seeded(database: DatabaseSync): Record<string, unknown> {
  const rows = database.prepare("SELECT type, COUNT(*) AS rows FROM pricings GROUP BY type").all();
  return Object.fromEntries(rows.map(({ type, rows: count }) => [String(type), count]));
}
