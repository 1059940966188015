import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { bundledChart } from "../../actions/core/helm.ts";
import { runCheck } from "./checks.ts";
import { assertForwards, commandsOn, readPage } from "./pages.ts";
import { env, type Loose, openSystem, podSpec, type Rendering } from "./system.ts";

const system = await openSystem("examples/blockchain");
const environments = ["local", "production"];
const workloads = ["StatefulSet/miner", "StatefulSet/webserver", "Deployment/redis"];
const nodes = workloads.slice(0, 2);

/** The workloads whose pods a change of the manifest replaces. */
async function restarted(change: (manifest: Loose) => void): Promise<string[]> {
  const before = await system.render("production");
  const after = await (await system.changed(change)).render("production");
  const template = (rendering: Rendering, name: string) => JSON.stringify(rendering.get(name).spec.template);
  return workloads.filter((name) => template(before, name) !== template(after, name));
}

/** The problems of the manifest after a change, without those of the manifest itself, of which there are none. */
async function problemsAfter(change: (manifest: Loose) => void): Promise<string[]> {
  return await (await system.changed(change)).problems();
}

/** Whether a selector finds the pods of a workload. */
function selects(selector: Record<string, string>, workload: Loose): boolean {
  const { labels } = workload.spec.template.metadata;
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

describe("workloads", () => {
  it("B-01, X-01 everything is in the one namespace blockchain, in both environments", async () => {
    for (const environment of environments) {
      const { application, objects } = await system.render(environment);
      assert.equal(application.namespace, "blockchain");
      const namespaces = new Set(objects.map(({ metadata }) => metadata.namespace));
      assert.deepEqual([...namespaces], ["blockchain"], environment);
    }
  });

  it("B-02 miners are a StatefulSet with storage for each pod", async () => {
    const { spec } = (await system.render("production")).get("StatefulSet/miner");
    assert.equal(spec.serviceName, "miner-headless");
    assert.equal(spec.volumeClaimTemplates.length, 2);
  });

  it("B-03 webservers are a StatefulSet with storage for each pod, and no Deployment", async () => {
    const { get, all } = await system.render("production");
    assert.equal(get("StatefulSet/webserver").spec.volumeClaimTemplates.length, 2);
    assert.deepEqual(
      all("Deployment").map(({ metadata }) => metadata.name),
      ["redis"],
    );
  });

  it("B-04 redis:6379 leads to the one Redis, which has no volume", async () => {
    const { get } = await system.render("production");
    const redis = get("Deployment/redis");
    const { selector, ports } = get("Service/redis").spec;
    assert.deepEqual([ports[0].port, ports[0].targetPort], [6379, 6379]);
    assert.ok(selects(selector, redis));
    assert.equal(redis.spec.replicas, 1);
    assert.equal(podSpec(redis).volumes, undefined);
  });

  it("B-05 data and wallets are two claims of each pod, mounted apart", async () => {
    const { get, all, container } = await system.render("production");
    for (const name of nodes) {
      const claims = get(name).spec.volumeClaimTemplates.map(({ metadata }: Loose) => metadata.name);
      assert.deepEqual(claims.sort(), ["data", "wallets"]);
      const mounts = container(name).volumeMounts.filter(({ name: volume }: Loose) => claims.includes(volume));
      assert.deepEqual(mounts.map(({ mountPath }: Loose) => mountPath).sort(), ["/app/data", "/app/wallets"]);
    }
    assert.deepEqual(all("PersistentVolumeClaim"), []);
  });

  it("B-06 one volume for several pods is refused, whether counted or scaled", async () => {
    const shared = (replicas: unknown) => (manifest: Loose) => {
      const { webserver } = manifest.spec.components;
      webserver.volumes = { data: { perReplica: false } };
      webserver.replicas = replicas;
      manifest.environments.local.components.webserver = {};
    };
    const refused = ["APP_VOLUME_SHARED spec.components.webserver.volumes.data"];
    assert.deepEqual(await problemsAfter(shared(2)), refused);
    assert.deepEqual(await problemsAfter(shared({ min: 1, max: 3 })), refused);
    assert.deepEqual(await problemsAfter(shared(1)), []);
  });

  it("B-07 both run the one image without a registry, in the container blockchain-node", async () => {
    const local = await system.render("local");
    for (const name of nodes) {
      const { containers } = podSpec(local.get(name));
      assert.deepEqual(
        containers.map((container: Loose) => [container.name, container.image]),
        [["blockchain-node", "blockchain-node:latest"]],
      );
      const { image } = (await system.render("production")).container(name);
      assert.match(image, /\/blockchain-node:v1\.1\.0$/);
    }
  });

  it("B-08 pods are found by app=miner and app=webserver", async () => {
    const { get, all } = await system.render("production");
    for (const app of ["miner", "webserver"]) {
      const found = [...all("StatefulSet"), ...all("Deployment")].filter((workload) => selects({ app }, workload));
      assert.deepEqual(found, [get(`StatefulSet/${app}`)]);
    }
  });

  it("B-09 miners listen on 2001, webservers on 8080; a probe of another port is refused", async () => {
    const { container } = await system.render("production");
    const ports = nodes.map((name) => container(name).ports.map(({ containerPort }: Loose) => containerPort));
    assert.deepEqual(ports, [[2001], [8080]]);
    const problems = await problemsAfter(({ spec }) => {
      spec.components.webserver.health = { path: "/api/health/ready", port: 8081 };
    });
    assert.deepEqual(problems, ["APP_HEALTH_PORT spec.components.webserver.health.port"]);
  });

  it("B-10 webserver-service, and two Services of the miners, of which the headless one names their pods", async () => {
    const { get } = await system.render("production");
    const service = (name: string) => get(`Service/${name}`).spec;
    assert.equal(service("webserver-service").ports[0].port, 8080);
    assert.ok(selects(service("webserver-service").selector, get("StatefulSet/webserver")));
    assert.deepEqual([service("miner").clusterIP, service("miner-headless").clusterIP], [undefined, "None"]);
    for (const name of ["miner", "miner-headless"]) {
      assert.equal(service(name).ports[0].port, 2001);
      assert.ok(selects(service(name).selector, get("StatefulSet/miner")));
    }
    assert.equal(get("StatefulSet/miner").spec.serviceName, "miner-headless");
  });

  it("B-11 webservers are ready by HTTP, miners by TCP", async () => {
    const { container } = await system.render("production");
    const portOf = (name: string) => container(name).ports[0].name;
    assert.deepEqual(container("StatefulSet/webserver").readinessProbe.httpGet, {
      path: "/api/health/ready",
      port: portOf("StatefulSet/webserver"),
    });
    assert.deepEqual(container("StatefulSet/miner").readinessProbe.tcpSocket, { port: portOf("StatefulSet/miner") });
    assert.equal(container("StatefulSet/miner").livenessProbe, undefined);
  });

  it("B-12 autoscalers own the pods of both StatefulSets, by thresholds and policies", async () => {
    const { get } = await system.render("production");
    for (const [scaler, target] of [
      ["webserver-hpa", "webserver"],
      ["miner", "miner"],
    ]) {
      const { scaleTargetRef, metrics } = get(`HorizontalPodAutoscaler/${scaler}`).spec;
      assert.deepEqual(scaleTargetRef, { apiVersion: "apps/v1", kind: "StatefulSet", name: target });
      assert.ok(metrics.every(({ resource }: Loose) => resource.target.averageUtilization > 0));
      assert.equal("replicas" in get(`StatefulSet/${target}`).spec, false);
    }
    const { metrics, behavior } = get("HorizontalPodAutoscaler/webserver-hpa").spec;
    assert.deepEqual(
      metrics.map(({ resource }: Loose) => resource.name),
      ["cpu", "memory"],
    );
    assert.deepEqual(behavior.scaleDown.policies, [{ type: "Pods", value: 1, periodSeconds: 120 }]);
  });

  it("B-13 no disruption budget keeps the last pod on its node", async () => {
    const production = await system.render("production");
    for (const name of ["miner", "webserver"]) {
      assert.equal(production.get(`PodDisruptionBudget/${name}`).spec.maxUnavailable, 1);
    }
    const local = await system.render("local");
    assert.equal(local.get("StatefulSet/miner").spec.replicas, 1);
    assert.throws(() => local.get("PodDisruptionBudget/miner"));
    const problems = await problemsAfter(({ spec }) => {
      spec.components.miner.pdb = { minAvailable: 1 };
    });
    assert.deepEqual(problems, ["APP_PDB_BLOCKS spec.components.miner.pdb"]);
  });
});

describe("configuration", () => {
  it("B-14 both StatefulSets take variables from blockchain-config and blockchain-secrets", async () => {
    const { container, get } = await system.render("production");
    assert.ok(get("ConfigMap/blockchain-config").data.CENTRAL_NODE);
    for (const name of nodes) {
      assert.deepEqual(container(name).envFrom, [{ configMapRef: { name: "blockchain-config" } }]);
      const { secretKeyRef } = env(container(name))["API_ADMIN_KEY"];
      assert.deepEqual(secretKeyRef, { name: "blockchain-secrets", key: "API_ADMIN_KEY" });
    }
    const { managedKubeSecretReferences } = get("InfisicalSecret/blockchain-infisical").spec;
    assert.equal(managedKubeSecretReferences[0].secretName, "blockchain-secrets");
  });

  it("B-15 MINER_ADDRESS is left out where its key is missing, and is never text", async () => {
    for (const environment of environments) {
      const { container, all } = await system.render(environment);
      for (const name of nodes) {
        const reference = { name: "blockchain-secrets", key: "MINER_ADDRESS", optional: true };
        assert.deepEqual(env(container(name))["MINER_ADDRESS"], { secretKeyRef: reference });
      }
      const data = all("ConfigMap").flatMap((config) => Object.keys(config.data));
      assert.equal(data.includes("MINER_ADDRESS"), false);
    }
  });

  it("B-16 Settings.toml is mounted alone, and the webserver is told where", async () => {
    const { container, get } = await system.render("production");
    const webserver = container("StatefulSet/webserver");
    assert.equal(env(webserver)["RL_SETTINGS_PATH"], "/app/Settings.toml");
    const inApp = webserver.volumeMounts.filter(({ mountPath }: Loose) => /^\/app(\/[^/]+)?$/.test(mountPath));
    const [settings] = inApp.filter(({ mountPath }: Loose) => mountPath === "/app/Settings.toml");
    assert.ok(settings.subPath, "a mount without subPath would be a folder, or hide /app");
    assert.equal(
      inApp.some(({ mountPath }: Loose) => mountPath === "/app"),
      false,
    );
    const volume = podSpec(get("StatefulSet/webserver")).volumes.find(({ name }: Loose) => name === settings.name);
    const { key } = volume.configMap.items.find(({ path }: Loose) => path === settings.subPath);
    const written = readFileSync(join(bundledChart(), "../examples/blockchain/Settings.toml"), "utf8");
    assert.equal(get(`ConfigMap/${volume.configMap.name}`).data[key], written);
  });

  it("B-17, X-08 a change restarts what uses it and nothing else", async () => {
    assert.deepEqual(await restarted(() => {}), []);
    const settings = ({ spec }: Loose) => {
      spec.components.webserver.files["/app/Settings.toml"] = "[limits]\n";
    };
    assert.deepEqual(await restarted(settings), ["StatefulSet/webserver"]);
    const config = ({ spec }: Loose) => {
      spec.config.node.RUST_LOG = "debug";
    };
    assert.deepEqual(await restarted(config), nodes);
  });

  it("B-17 a new value in blockchain-secrets restarts both StatefulSets, through the operator, and not Redis", async () => {
    const { get } = await system.render("production");
    const reload = (name: string) => get(name).metadata.annotations?.["secrets.infisical.com/auto-reload"];
    assert.deepEqual(workloads.map(reload), ["true", "true", undefined]);
  });

  it("B-18, X-04 there is no route and no registry to log in to; the webserver's Service is inside the cluster", async () => {
    for (const environment of environments) {
      const { objects, get, application } = await system.render(environment);
      const routes = objects.filter(({ kind }) => /Ingress|Route|Certificate|Gateway/.test(kind));
      assert.deepEqual(routes, []);
      assert.deepEqual(
        workloads.filter((name) => podSpec(get(name)).imagePullSecrets !== undefined),
        [],
      );
      const { type, ports } = get("Service/webserver-service").spec;
      assert.deepEqual([type ?? "ClusterIP", ports[0].port], ["ClusterIP", 8080]);
      assert.ok(application.addresses.includes("http://webserver-service.blockchain.svc:8080"));
    }
  });

  it("B-38 the application's own log lines have advice", async () => {
    const { hints } = (await system.render("production")).application;
    const advice = (line: string) =>
      Object.entries(hints).flatMap(([pattern, text]) => (new RegExp(pattern).test(line) ? [text] : []));
    assert.match(String(advice("Error: invalid character in base58 string")), /MINER_ADDRESS/);
    const lock = 'could not acquire lock on "/app/data/node/db": Resource temporarily unavailable';
    assert.match(String(advice(lock)), /perReplica/);
    assert.deepEqual(advice("block 17 was mined"), []);
  });

  it("B-42 policies, network rules and metrics can be set, and are absent where they are not", async () => {
    const { get, all } = await system.render("production");
    assert.equal(get("HorizontalPodAutoscaler/miner").spec.behavior, undefined);
    assert.equal(get("HorizontalPodAutoscaler/webserver-hpa").spec.behavior.scaleDown.stabilizationWindowSeconds, 300);
    const [policy, ...others] = all("NetworkPolicy");
    assert.deepEqual(others, []);
    assert.ok(selects(policy.spec.podSelector.matchLabels, get("Deployment/redis")));
    const [{ from }] = policy.spec.ingress;
    assert.equal(from.length, 1);
    assert.ok(selects(from[0].podSelector.matchLabels, get("StatefulSet/webserver")));
    const measured = await system.changed(({ spec }) => {
      spec.components.webserver.metrics = { path: "/metrics" };
    });
    const annotations = (rendering: Rendering) =>
      rendering.get("StatefulSet/webserver").spec.template.metadata.annotations;
    const scraped = annotations(await measured.render("production"));
    assert.deepEqual([scraped["prometheus.io/path"], scraped["prometheus.io/port"]], ["/metrics", "8080"]);
    assert.equal(annotations(await system.render("production"))["prometheus.io/path"], undefined);
  });
});

describe("checks", () => {
  it("B-31 the health of the webservers is asked through their Service", async () => {
    const { verify, components } = (await system.render("production")).application;
    assert.deepEqual([verify.ready.component, verify.ready.http], ["webserver", "/api/health/ready"]);
    assert.equal(components.webserver.service.name, "webserver-service");
  });

  it("B-34 an address must be plausible in every miner, may be missing, and is not printed", async () => {
    const rendering = await system.render("production");
    const { component, pods } = rendering.application.verify["miner-address"];
    assert.deepEqual([component, pods], ["miner", "all"]);
    const look = (variables: Record<string, string>) => runCheck(rendering, "miner-address", { variables });
    assert.equal(look({}).state, "passed");
    const plausible = look({ MINER_ADDRESS: "1BoatSLRHtKNngkdXEeobR76b53LETtpyT" });
    assert.deepEqual([plausible.state, plausible.output], ["passed", ""]);
    for (const MINER_ADDRESS of ["", "<your-miner-address>", "CHANGE_ME"]) {
      const { state, output } = look({ MINER_ADDRESS });
      assert.deepEqual([state, output], ["wrong", "invalid character in MINER_ADDRESS\n"]);
    }
  });
});

describe("pages", () => {
  it("B-18 the page has the port-forward that opens the webservers", async () => {
    assertForwards(readPage("examples/blockchain/README.md"), await system.render("local"), "webserver-service");
  });

  it("B-20 an image that is loaded into the node is the one that is used, and nothing is pushed", async () => {
    const page = readPage("examples/blockchain/README.md");
    const { image, imagePullPolicy } = (await system.render("local")).container("StatefulSet/miner");
    assert.deepEqual(commandsOn(page, "kind"), [`kind load docker-image ${image}`]);
    assert.deepEqual([imagePullPolicy, commandsOn(page, "docker push")], ["IfNotPresent", []]);
  });

  it("B-30 commands for status, logs, rollout and events are on one page", () => {
    const page = readPage("docs/day-by-day.md");
    for (const begin of [
      "npx github:jterrazz/fairlead#v1 status",
      "npx github:jterrazz/fairlead#v1 logs",
      "kubectl rollout status",
      "kubectl get events",
      "kubectl describe pod",
    ])
      assert.ok(commandsOn(page, begin).length > 0, begin);
  });
});

describe("traps", () => {
  it("X-05 a floating tag is always pulled, unless the image is on the node", async () => {
    const policy = async (environment: string) =>
      (await system.render(environment)).container("StatefulSet/miner").imagePullPolicy;
    assert.equal(await policy("local"), "IfNotPresent");
    const floating = await system.changed(({ environments: { local } }) => {
      delete local.components.node;
    });
    assert.equal((await floating.render("local")).container("StatefulSet/miner").imagePullPolicy, "Always");
  });

  it("X-30 no claim is shared, and a StatefulSet's Service comes before it", async () => {
    const { objects, all } = await system.render("production");
    assert.deepEqual(all("PersistentVolumeClaim"), []);
    for (const workload of all("StatefulSet")) {
      const position = objects.findIndex(
        ({ kind, metadata }) => kind === "Service" && metadata.name === workload.spec.serviceName,
      );
      assert.ok(position >= 0 && position < objects.indexOf(workload), workload.metadata.name);
    }
    const { application } = await system.render("production");
    assert.deepEqual(application.components.webserver.after, ["redis", "miner"]);
  });

  it("X-31 no deploy writes the Secret that holds the address", async () => {
    for (const environment of environments) {
      const { all } = await system.render(environment);
      assert.deepEqual(all("Secret"), []);
      assert.equal(all("InfisicalSecret").length, environment === "local" ? 0 : 1);
    }
  });

  it("X-34 a number of pods is not rendered beside an autoscaler, and claims outlive pods and StatefulSet", async () => {
    const { all } = await system.render("production");
    for (const { spec } of all("StatefulSet")) {
      assert.equal("replicas" in spec, false);
      assert.deepEqual(spec.persistentVolumeClaimRetentionPolicy, { whenDeleted: "Retain", whenScaled: "Retain" });
    }
  });

  it("X-35 the namespace is not part of the release", async () => {
    for (const environment of environments) assert.deepEqual((await system.render(environment)).all("Namespace"), []);
  });

  it("X-36 punctuation that was decoded wrongly is found where it was pasted", async () => {
    const pasted = (text: string) =>
      problemsAfter(({ spec }) => {
        spec.components.webserver.env.GREETING = text;
      });
    assert.deepEqual(await pasted("it works on my laptop‚Äù"), ["YAML_MISREAD spec.components.webserver.env.GREETING"]);
    assert.deepEqual(await pasted("it works on my laptop”"), []);
  });
});
