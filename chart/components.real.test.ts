import assert from "node:assert/strict";
import { describe } from "node:test";
import { helms, helmTest, objects, type Rendered, resolved, template, type Values } from "./helm.testing.ts";

/** A manifest of one environment, `prod`, around components and what else `spec` holds. */
function manifest(components: Values, { prod = {}, ...spec }: Values = {}): Values {
  return {
    metadata: { name: "shop" },
    spec: { components, ...spec },
    environments: { prod },
    environment: "prod",
  };
}

/** The pod template of a component's Deployment, StatefulSet or DaemonSet. */
function pod(found: Map<string, Rendered>, object: string): Rendered {
  return found.get(object).spec.template.spec;
}

describe("components", () => {
  helmTest("render the same with Helm 3 and 4", () => {
    const values = manifest({
      web: { port: 8080, replicas: 2 },
      store: { kind: "StatefulSet", image: "redis:7.4", port: 6379 },
      agent: { kind: "DaemonSet", image: "agent:1" },
      migrate: { kind: "Job", image: "tools:1" },
      clean: { kind: "CronJob", image: "tools:1", schedule: "0 3 * * *" },
    });
    const three = template(values, [], helms["3"]);
    const four = template(values, [], helms["4"]);
    assert.ok(four.ok, four.stderr);
    assert.equal(three.text, four.text);
  });

  helmTest("are named, labelled and selected apart", () => {
    const found = objects(manifest({ web: { port: 8080 }, api: { port: 8080, name: "backend" } }));
    assert.deepEqual([...found.keys()].sort(), [
      "Deployment/backend",
      "Deployment/shop-web",
      "Service/backend",
      "Service/shop-web",
    ]);
    const selector = { app: "shop", environment: "prod", "app.kubernetes.io/component": "api" };
    assert.deepEqual(found.get("Deployment/backend").spec.selector, { matchLabels: selector });
    assert.deepEqual(found.get("Service/backend").spec.selector, selector);
    const { labels } = found.get("Deployment/backend").spec.template.metadata;
    assert.equal(labels["app.kubernetes.io/name"], "shop");
    assert.equal(pod(found, "Deployment/backend").containers[0].name, "api");
  });

  helmTest("may carry other labels, and be selected by another app", () => {
    const found = objects(manifest({ miner: { port: 80, labels: { app: "miner", team: "chain" } } }));
    const { selector, template: pods } = found.get("Deployment/shop-miner").spec;
    assert.equal(selector.matchLabels.app, "miner");
    assert.deepEqual([pods.metadata.labels.app, pods.metadata.labels.team], ["miner", "chain"]);
    assert.equal(found.get("Service/shop-miner").spec.selector.app, "miner");
  });

  helmTest("listen on their own ports, with TCP readiness and no liveness unless they say how to ask", () => {
    const found = objects(manifest({ store: { port: 6379 }, worker: {}, api: { port: 80, health: "/up" } }));
    assert.deepEqual(found.get("Service/shop-store").spec.ports, [{ name: "http", port: 6379, targetPort: 6379 }]);
    const [store] = pod(found, "Deployment/shop-store").containers;
    assert.deepEqual(store.readinessProbe.tcpSocket, { port: "http" });
    assert.deepEqual([store.livenessProbe, store.startupProbe], [undefined, undefined]);
    const [worker] = pod(found, "Deployment/shop-worker").containers;
    assert.deepEqual(
      [worker.readinessProbe, worker.ports, found.has("Service/shop-worker")],
      [undefined, undefined, false],
    );
    const [api] = pod(found, "Deployment/shop-api").containers;
    assert.deepEqual([api.livenessProbe.httpGet.path, api.startupProbe.failureThreshold], ["/up", 120]);
  });

  helmTest("ports by name, with protocols, other Service ports, and the one to probe", () => {
    const ports = { p2p: 26656, rpc: 26657, dns: "8600/UDP", admin: { port: 9000, service: 80 } };
    const found = objects(manifest({ node: { ports, health: { path: "/health", port: "rpc" } } }));
    assert.deepEqual(found.get("Service/shop-node").spec.ports, [
      { name: "admin", port: 80, targetPort: 9000 },
      { name: "dns", port: 8600, targetPort: 8600, protocol: "UDP" },
      { name: "p2p", port: 26656, targetPort: 26656 },
      { name: "rpc", port: 26657, targetPort: 26657 },
    ]);
    const [node] = pod(found, "Deployment/shop-node").containers;
    assert.equal(node.readinessProbe.httpGet.port, "rpc");
    const quiet = pod(objects(manifest({ node: { ports: { b: 81, a: 82 } } })), "Deployment/shop-node").containers[0];
    assert.deepEqual(quiet.readinessProbe.tcpSocket, { port: "b" });
  });

  helmTest("a way to ask replaces the one of a lower layer", () => {
    const values = manifest(
      { api: { port: 80, health: "/up" } },
      { prod: { components: { api: { health: { exec: ["ready"], liveness: false } } } } },
    );
    const [api] = pod(objects(values), "Deployment/shop-api").containers;
    assert.deepEqual([api.readinessProbe.exec, api.readinessProbe.httpGet], [{ command: ["ready"] }, undefined]);
    assert.equal(api.livenessProbe, undefined);
    const grpc = objects(manifest({ api: { port: 80, health: { grpc: true } } }));
    assert.deepEqual(pod(grpc, "Deployment/shop-api").containers[0].livenessProbe.grpc, { port: 80 });
  });

  helmTest("a StatefulSet names its pods by a headless Service next to the one that spreads requests", () => {
    const found = objects(
      manifest({ node: { kind: "StatefulSet", replicas: 4, port: 26656, podManagementPolicy: "Parallel" } }),
    );
    const { spec } = found.get("StatefulSet/shop-node");
    assert.deepEqual(
      [spec.serviceName, spec.replicas, spec.podManagementPolicy],
      ["shop-node-headless", 4, "Parallel"],
    );
    const headless = found.get("Service/shop-node-headless").spec;
    assert.deepEqual([headless.clusterIP, headless.publishNotReadyAddresses], ["None", true]);
    assert.equal(found.get("Service/shop-node").spec.clusterIP, undefined);
    const alone = objects(
      manifest({ node: { kind: "StatefulSet", port: 1, service: { name: "node", headless: false } } }),
    );
    assert.equal(alone.get("StatefulSet/shop-node").spec.serviceName, "node");
    assert.ok(alone.has("Service/node"));
  });

  helmTest("a StatefulSet writes its default strategy down, so that it goes when another comes", () => {
    const strategy = (updateStrategy?: Values) => {
      const node = { kind: "StatefulSet", port: 1, ...(updateStrategy === undefined ? {} : { updateStrategy }) };
      return objects(manifest({ node })).get("StatefulSet/shop-node").spec.updateStrategy;
    };
    assert.deepEqual(strategy(), { type: "RollingUpdate", rollingUpdate: { partition: 0 } });
    const slow = strategy({ maxUnavailable: 2 });
    assert.deepEqual(slow, { type: "RollingUpdate", rollingUpdate: { partition: 0, maxUnavailable: 2 } });
    assert.deepEqual(strategy({ type: "OnDelete" }), { type: "OnDelete" });
  });

  helmTest("a DaemonSet has no number of pods and no disruption budget", () => {
    const found = objects(manifest({ agent: { kind: "DaemonSet", updateStrategy: { maxUnavailable: 2 } } }));
    assert.deepEqual([...found.keys()], ["DaemonSet/shop-agent"]);
    const { spec } = found.get("DaemonSet/shop-agent");
    assert.equal("replicas" in spec, false);
    assert.deepEqual(spec.updateStrategy, { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 2 } });
  });

  helmTest("a Job runs again when its content differs, on every deploy, or around one", () => {
    const name = (job: Values, args: string[] = []) =>
      [...objects(manifest({ seed: { kind: "Job", image: "tools:1", ...job } }), args).values()][0].metadata;
    const first = name({}).name;
    assert.match(first, /^shop-seed-[0-9a-f]{10}$/);
    assert.equal(name({}).name, first);
    assert.notEqual(name({ args: ["again"] }).name, first);
    assert.equal(name({ when: "every-deploy" }).name, "shop-seed-1");
    const before = name({ when: "pre-deploy" });
    assert.deepEqual(
      [before.name, before.annotations["helm.sh/hook"], before.annotations["helm.sh/hook-delete-policy"]],
      ["shop-seed", "pre-install,pre-upgrade", "before-hook-creation"],
    );
    assert.equal(name({ when: "post-deploy" }).annotations["helm.sh/hook"], "post-install,post-upgrade");
  });

  helmTest("a Job and a CronJob are not probed, and end", () => {
    const found = objects(
      manifest({
        seed: { kind: "Job", when: "pre-deploy", port: 80, health: "/up", retries: 0, deadline: "10m" },
        clean: { kind: "CronJob", schedule: "0 3 * * *" },
      }),
    );
    const { spec } = found.get("Job/shop-seed");
    assert.deepEqual([spec.backoffLimit, spec.activeDeadlineSeconds], [0, 600]);
    assert.equal(spec.template.spec.restartPolicy, "Never");
    assert.deepEqual(
      Object.keys(spec.template.spec.containers[0]).filter((key) => /Probe|lifecycle/.test(key)),
      [],
    );
    const cron = found.get("CronJob/shop-clean").spec;
    assert.deepEqual([cron.schedule, cron.concurrencyPolicy], ["0 3 * * *", "Forbid"]);
    assert.equal(cron.jobTemplate.spec.template.spec.restartPolicy, "Never");
  });

  helmTest("an autoscaler in place of a number, also on a StatefulSet, and a number in its place", () => {
    const behavior = { scaleDown: { stabilizationWindowSeconds: 60 } };
    const api = { kind: "StatefulSet", replicas: { min: 2, max: 10, cpu: 70, behavior } };
    const found = objects(manifest({ api }));
    const { scaleTargetRef, minReplicas, maxReplicas, metrics, ...rest } = found.get(
      "HorizontalPodAutoscaler/shop-api",
    ).spec;
    assert.deepEqual(scaleTargetRef, { apiVersion: "apps/v1", kind: "StatefulSet", name: "shop-api" });
    assert.deepEqual([minReplicas, maxReplicas, rest.behavior], [2, 10, behavior]);
    assert.deepEqual(metrics, [
      { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 70 } } },
    ]);
    assert.equal("replicas" in found.get("StatefulSet/shop-api").spec, false);
    assert.ok(found.has("PodDisruptionBudget/shop-api"));
    const fixed = objects(manifest({ api }, { prod: { components: { api: { replicas: 1 } } } }));
    assert.deepEqual([fixed.get("StatefulSet/shop-api").spec.replicas, fixed.size], [1, 2]);
  });

  helmTest("an autoscaler and a container under names of their own", () => {
    const api = { kind: "StatefulSet", containerName: "node", replicas: { name: "api-hpa", max: 3 } };
    const found = objects(manifest({ api }));
    assert.equal(found.get("HorizontalPodAutoscaler/api-hpa").spec.scaleTargetRef.name, "shop-api");
    assert.equal(pod(found, "StatefulSet/shop-api").containers[0].name, "node");
    assert.equal(resolved(manifest({ api })).application.components.api.containerName, "node");
  });

  helmTest("a DaemonSet without ports of the node may start a new pod beside the old", () => {
    const api = { kind: "DaemonSet", port: 80, updateStrategy: { maxSurge: 1, maxUnavailable: 0 } };
    const { rollingUpdate } = objects(manifest({ api })).get("DaemonSet/shop-api").spec.updateStrategy;
    assert.deepEqual(rollingUpdate, { maxSurge: 1, maxUnavailable: 0 });
  });

  helmTest("a disruption budget and spread of their own, or none", () => {
    const node = { replicas: 3, pdb: { minAvailable: 2 }, spread: { across: "zone", mode: "required" } };
    const found = objects(manifest({ node, free: { replicas: 3, pdb: null, spread: null } }));
    assert.equal(found.get("PodDisruptionBudget/shop-node").spec.minAvailable, 2);
    const [spread] = pod(found, "Deployment/shop-node").topologySpreadConstraints;
    assert.deepEqual(
      [spread.topologyKey, spread.whenUnsatisfiable, spread.labelSelector.matchLabels["app.kubernetes.io/component"]],
      ["topology.kubernetes.io/zone", "DoNotSchedule", "node"],
    );
    assert.equal(found.has("PodDisruptionBudget/shop-free"), false);
    assert.equal(pod(found, "Deployment/shop-free").topologySpreadConstraints, undefined);
    const zones = { replicas: 3, spread: { across: "zone", mode: null } };
    const strict = { replicas: 3, spread: { across: null, mode: "required" } };
    const emptied = objects(manifest({ zones, strict }));
    const spreadOf = (key: string) => pod(emptied, `Deployment/shop-${key}`).topologySpreadConstraints[0];
    assert.equal(spreadOf("zones").whenUnsatisfiable, "ScheduleAnyway");
    assert.equal(spreadOf("strict").topologyKey, "kubernetes.io/hostname");
  });

  helmTest("old pods go first where new ones want their port of the node", () => {
    const taking = { port: 80, ports: { out: { port: 81, hostPort: 31 } } };
    const found = objects(
      manifest(
        {
          api: taking,
          rolling: {
            extends: "api",
            ports: { out: { port: 81, hostPort: 32 } },
            updateStrategy: { maxUnavailable: "50%" },
          },
          told: {
            extends: "api",
            ports: { out: { port: 81, hostPort: 33 } },
            updateStrategy: { type: "RollingUpdate" },
          },
          node: { name: "on-node", port: 8080, hostAccess: { network: true } },
          beside: { sidecars: { proxy: { ports: { out: { port: 82, hostPort: 34 } } } } },
          silent: { hostAccess: { network: true } },
        },
        { podSecurity: "privileged" },
      ),
    );
    const strategies = ["shop-api", "shop-rolling", "shop-told", "on-node", "shop-beside", "shop-silent"].map(
      (name) => found.get(`Deployment/${name}`).spec.strategy,
    );
    assert.deepEqual(strategies, [
      { type: "Recreate" },
      { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: "50%" } },
      { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
      { type: "Recreate" },
      { type: "Recreate" },
      { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: 0 } },
    ]);
  });

  helmTest("zero counts in a rollout", () => {
    const found = objects(manifest({ api: { updateStrategy: { maxSurge: 0, maxUnavailable: 1 }, preStop: 0 } }));
    assert.deepEqual(found.get("Deployment/shop-api").spec.strategy.rollingUpdate, { maxSurge: 0, maxUnavailable: 1 });
    assert.equal(pod(found, "Deployment/shop-api").containers[0].lifecycle, undefined);
  });

  helmTest("zero counts at the end of a pod, and null is no deadline", () => {
    const seed = { kind: "Job", deadline: "10m" };
    const values = manifest(
      { api: { terminationGracePeriod: 0, preStop: 0 }, seed },
      { prod: { components: { seed: { deadline: null } } } },
    );
    const found = objects(values);
    assert.equal(pod(found, "Deployment/shop-api").terminationGracePeriodSeconds, 0);
    const job = [...found.values()].find(({ kind }) => kind === "Job");
    assert.equal("activeDeadlineSeconds" in job.spec, false);
  });

  helmTest("a CPU limit is a request too, so an autoscaler can measure", () => {
    const found = objects(manifest({ api: { replicas: { max: 3 }, resources: { cpu: null, cpuLimit: 1 } } }));
    assert.ok(found.has("HorizontalPodAutoscaler/shop-api"));
  });
});

describe("layers of components", () => {
  const base = {
    api: { image: "api:1", port: 8080, health: "/up", env: { A: "api", KEEP: "1" } },
    worker: { extends: "api", command: ["work"], ports: null, health: null, env: { A: "worker" } },
  };

  /** The variables of a component's first container. */
  const variables = (values: Values, name: string): Record<string, unknown> =>
    Object.fromEntries(
      pod(objects(values), `Deployment/shop-${name}`).containers[0].env.map(({ name: key, value }: Rendered) => [
        key,
        value,
      ]),
    );

  helmTest("defaults lie below a parent, a parent below its heir, and null drops what is not wanted", () => {
    const values = manifest(base, { defaults: { replicas: 2, env: { A: "shared", B: "shared" } } });
    const found = objects(values);
    const [worker] = pod(found, "Deployment/shop-worker").containers;
    assert.deepEqual(
      [worker.image, worker.command, worker.ports, worker.readinessProbe],
      ["api:1", ["work"], undefined, undefined],
    );
    assert.equal(found.get("Deployment/shop-worker").spec.replicas, 2);
    const { A, B, KEEP, PORT } = variables(values, "worker");
    assert.deepEqual([A, B, KEEP, PORT], ["worker", "shared", "1", undefined]);
  });

  helmTest("an environment changes defaults and parents, and every heir sees it", () => {
    const prod = { defaults: { env: { B: "prod" } }, components: { api: { image: "api:2", env: { KEEP: null } } } };
    const values = manifest(base, { defaults: { env: { B: "shared" } }, prod });
    const { B, KEEP } = variables(values, "worker");
    assert.deepEqual([B, KEEP], ["prod", undefined]);
    assert.equal(pod(objects(values), "Deployment/shop-worker").containers[0].image, "api:2");
  });

  helmTest("a null in the environment deletes also what defaults and the chart bring in", () => {
    const prod = {
      components: { api: { health: null, resources: { memory: null }, preStop: null, env: { B: null } } },
    };
    const values = manifest(base, { defaults: { health: "/shared", env: { B: "shared" } }, prod });
    const [api] = pod(objects(values), "Deployment/shop-api").containers;
    assert.deepEqual(
      [api.readinessProbe, api.lifecycle, api.resources.requests],
      [undefined, undefined, { cpu: "100m" }],
    );
    assert.equal("B" in variables(values, "api"), false);
  });

  helmTest("a component removed by the environment leaves no object; one that is off can still be extended", () => {
    assert.deepEqual(
      [...objects(manifest(base, { prod: { components: { worker: null } } })).keys()],
      ["Service/shop-api", "Deployment/shop-api"],
    );
    const off = objects(manifest({ ...base, api: { ...base.api, enabled: false } }));
    assert.deepEqual([...off.keys()], ["Deployment/shop-worker"]);
  });

  helmTest("CI's image goes to its component before heirs take it; others keep their own", () => {
    const deploy = { images: { api: `registry.example.com/api@sha256:${"a".repeat(64)}` } };
    const found = objects({ ...manifest({ ...base, store: { image: "redis:7.4" } }), deploy });
    const image = (name: string) => pod(found, `Deployment/shop-${name}`).containers[0].image;
    assert.deepEqual(
      [image("api"), image("worker"), image("store")],
      [deploy.images.api, deploy.images.api, "redis:7.4"],
    );
  });

  helmTest("one image without a name goes to what has a build or no image of its own", () => {
    const components = { a: {}, b: { image: "b:1", build: { context: "b" } }, c: { image: "c:1" } };
    const found = objects(manifest(components), ["--set-string", "spec.image=made:2"]);
    const images = ["a", "b", "c"].map((name) => pod(found, `Deployment/shop-${name}`).containers[0].image);
    assert.deepEqual(images, ["made:2", "made:2", "c:1"]);
  });

  helmTest("the resolved document holds every component by its key", () => {
    const { application, errors } = resolved(manifest(base, { namespaces: { data: { podSecurity: "baseline" } } }));
    assert.deepEqual(errors, []);
    assert.deepEqual(Object.keys(application.components), ["api", "worker"]);
    assert.equal(application.components.worker.name, "shop-worker");
    assert.deepEqual(application.namespaces, {
      data: { podSecurity: "baseline" },
      "prod-shop": { podSecurity: "restricted" },
    });
    assert.deepEqual(application.addresses, ["http://shop-api.prod-shop.svc:8080"]);
  });

  helmTest("only what comes from the cluster's registry is pulled with its secret, in each namespace", () => {
    const components = { own: {}, public: { image: "redis:7.4" }, far: { namespace: "other" } };
    const values = manifest(components, { namespaces: { other: {} } });
    const found = objects(values);
    const secrets = (name: string) => pod(found, `Deployment/shop-${name}`).imagePullSecrets;
    assert.deepEqual([secrets("own"), secrets("public")], [[{ name: "registry-credentials" }], undefined]);
    const registry = { username: "deploy", password: crypto.randomUUID() };
    const { text } = template({ ...values, registry });
    const made = text.split("---\n").filter((object) => object.includes("kind: Secret\n"));
    assert.deepEqual(
      made.map((object) => /namespace: "(.*)"/.exec(object)?.[1]),
      ["other", "prod-shop"],
    );
  });

  helmTest("the same name twice is fine in two namespaces", () => {
    const components = { a: { name: "worker" }, b: { name: "worker", namespace: "other" } };
    const { text, ok, stderr } = template(manifest(components, { namespaces: { other: {} } }));
    assert.ok(ok, stderr);
    assert.deepEqual(text.match(/^ {2}namespace: .*$/gm), ['  namespace: "prod-shop"', '  namespace: "other"']);
  });
});

describe("routes of components", () => {
  helmTest("each component has its own, under its own name", () => {
    const ingress = [{ host: "rpc.example.com", public: true }];
    const found = objects(
      manifest({ rpc: { port: 8545, ingress }, api: { port: 80, ingress: { host: "a.example.com" } } }),
    );
    const [rule] = found.get("IngressRoute/shop-rpc-0").spec.routes;
    assert.deepEqual(rule.services, [{ name: "shop-rpc", port: 8545 }]);
    assert.ok(found.has("Certificate/shop-api-tls"));
  });

  helmTest("routes of the application name the component and, where it is not plain, the port", () => {
    const ingress = [
      { host: "a.example.com", public: true, component: "api", port: "admin" },
      { host: "a.example.com", path: "/web", public: true, component: "web" },
    ];
    const found = objects(manifest({ api: { ports: { http: 80, admin: 81 } }, web: { port: 82 } }, { ingress }));
    const service = (name: string) => found.get(`IngressRoute/${name}`).spec.routes[0].services[0];
    assert.deepEqual(
      [service("shop-0"), service("shop-1")],
      [
        { name: "shop-api", port: 81 },
        { name: "shop-web", port: 82 },
      ],
    );
    assert.equal(found.get("IngressRoute/shop-1").spec.tls.secretName, "shop-a-example-com-tls");
  });
});
