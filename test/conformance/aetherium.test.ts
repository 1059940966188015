import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, it } from "node:test";
import { bundledChart } from "../../actions/core/helm.ts";
import { ensureTools } from "../cluster/toolchain.ts";
import { runCheck } from "./checks.ts";
import { assertForwards, readPage } from "./pages.ts";
import { env, type Loose, openSystem, podSpec, type Rendering } from "./system.ts";

const system = await openSystem("examples/aetherium");
const environments = ["dev", "staging", "prod"];
const folder = mkdtempSync(join(tmpdir(), "fairlead-aetherium-"));
after(() => rmSync(folder, { recursive: true }));

/** The problems of the manifest after a change, without those of the manifest itself, of which there are none. */
async function problemsAfter(change: (manifest: Loose) => void): Promise<string[]> {
  return await (await system.changed(change)).problems();
}

/** The volumes of the node that a workload's own container sees: path in the container to path and type on the node. */
function hostMounts(workload: Loose): Record<string, Loose> {
  const { volumes, containers } = podSpec(workload);
  const mounts = containers[0].volumeMounts.map(({ name, mountPath }: Loose) => [
    mountPath,
    volumes.find((volume: Loose) => volume.name === name).hostPath,
  ]);
  return Object.fromEntries(mounts.filter(([, hostPath]: Loose) => hostPath !== undefined));
}

/** The text that a workload's pods find at a path. */
function fileAt(rendering: Rendering, workload: string, path: string): string {
  const { volumes, containers } = podSpec(rendering.get(workload));
  const { name, subPath } = containers[0].volumeMounts.find(({ mountPath }: Loose) => mountPath === path);
  const { configMap } = volumes.find((volume: Loose) => volume.name === name);
  const { key } = configMap.items.find((item: Loose) => item.path === subPath);
  return rendering.get(`ConfigMap/${configMap.name}`).data[key];
}

/** Runs a script as a container would, on a folder that stands for its node. */
function runScript(text: string, variables: Record<string, string>) {
  const { status, stdout, stderr } = spawnSync("sh", ["-s"], { input: text, encoding: "utf8", env: variables });
  return { status, output: stdout + stderr };
}

/** A folder that stands for a node with some files; a device is one that is there on every machine. */
function nodeWith(files: readonly string[]): string {
  const root = mkdtempSync(join(folder, "node-"));
  for (const file of files) {
    mkdirSync(join(root, dirname(file)), { recursive: true });
    if (file.startsWith("dev/")) symlinkSync("/dev/null", join(root, file));
    else writeFileSync(join(root, file), "content", { mode: 0o755 });
  }
  return root;
}

/** Whether a selector finds the pods of a workload. */
function selects(selector: Record<string, string>, workload: Loose): boolean {
  const { labels } = workload.spec.template.metadata;
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

describe("workloads", () => {
  it("A-01, X-01 namespace, release and names are the same in every environment", async () => {
    for (const environment of environments) {
      const { application, objects, get } = await system.render(environment);
      assert.deepEqual([application.namespace, application.release], ["aetherium", "aetherium"]);
      const namespaces = new Set(objects.map(({ metadata }) => metadata.namespace ?? "aetherium"));
      assert.deepEqual([...namespaces], ["aetherium"]);
      for (const name of ["Deployment/aetherium-api-gateway", "DaemonSet/aetherium-worker"]) assert.ok(get(name));
    }
    assert.ok((await system.render("dev")).get("StatefulSet/aetherium-consul"));
  });

  it("A-02 the gateway is a Deployment behind a Service on 8080, with one pod, or three in production", async () => {
    for (const [environment, replicas] of [
      ["dev", 1],
      ["prod", 3],
    ] as const) {
      const { get } = await system.render(environment);
      const gateway = get("Deployment/aetherium-api-gateway");
      const { selector, ports } = get("Service/aetherium-api-gateway").spec;
      assert.deepEqual([gateway.spec.replicas, ports[0].port], [replicas, 8080]);
      assert.ok(selects(selector, gateway));
      assert.equal(podSpec(gateway).volumes, undefined);
    }
  });

  it("A-03 one worker on each node that is labelled for KVM; another kind is a value away", async () => {
    const worker = (await system.render("prod")).get("DaemonSet/aetherium-worker");
    assert.deepEqual(podSpec(worker).nodeSelector, { "aetherium.io/kvm-enabled": "true" });
    const other = await system.changed(({ environments: { dev } }) => {
      dev.components.worker = { kind: "Deployment", replicas: 2 };
    });
    const { get, all } = await other.render("dev");
    assert.equal(get("Deployment/aetherium-worker").spec.replicas, 2);
    assert.deepEqual(all("DaemonSet"), []);
  });

  it("A-04 workers tolerate the taint of the nodes that are kept for them, and no other", async () => {
    const worker = podSpec((await system.render("prod")).get("DaemonSet/aetherium-worker"));
    const toleration = { key: "aetherium.io/worker", operator: "Equal", value: "true", effect: "NoSchedule" };
    assert.deepEqual(worker.tolerations, [toleration]);
  });

  it("A-05 workers share the node's network, resolve the cluster's names in it, and are privileged", async () => {
    const worker = podSpec((await system.render("prod")).get("DaemonSet/aetherium-worker"));
    assert.deepEqual([worker.hostNetwork, worker.dnsPolicy], [true, "ClusterFirstWithHostNet"]);
    // What else the restricted level sets would contradict it.
    assert.deepEqual(worker.containers[0].securityContext, { privileged: true });
  });

  it("A-06 workers get both devices and the folder with the kernel and root file system", async () => {
    const worker = (await system.render("prod")).get("DaemonSet/aetherium-worker");
    assert.deepEqual(hostMounts(worker), {
      "/dev/kvm": { path: "/dev/kvm", type: "CharDevice" },
      "/dev/vhost-vsock": { path: "/dev/vhost-vsock", type: "CharDevice" },
      "/var/firecracker": { path: "/var/firecracker", type: "Directory" },
    });
  });

  it("A-07 verify-host runs before the worker, sees what it sees, and says what the node lacks", async () => {
    const rendering = await system.render("prod");
    const { initContainers, containers } = podSpec(rendering.get("DaemonSet/aetherium-worker"));
    assert.deepEqual(
      initContainers.map(({ name }: Loose) => name),
      ["verify-host"],
    );
    assert.deepEqual(initContainers[0].volumeMounts, containers[0].volumeMounts);
    const [, path] = initContainers[0].command;
    const verify = (files: readonly string[]) =>
      runScript(fileAt(rendering, "DaemonSet/aetherium-worker", path), { ROOT: nodeWith(files) });
    const whole = ["dev/kvm", "dev/vhost-vsock", "var/firecracker/vmlinux", "var/firecracker/rootfs.ext4"];
    assert.deepEqual(verify(whole), { status: 0, output: "" });
    assert.deepEqual(verify(whole.slice(1)), { status: 1, output: "/dev/kvm not found\n" });
    assert.match(verify([]).output, /kvm.*\n.*vsock.*\nKernel.*\nRootfs/);
  });

  it("A-08 the worker knows its node's name and its address, before it uses them", async () => {
    const { container } = await system.render("prod");
    const worker = container("DaemonSet/aetherium-worker");
    const { NODE_NAME, POD_IP, WORKER_ID } = env(worker);
    assert.equal(NODE_NAME.fieldRef.fieldPath, "spec.nodeName");
    assert.equal(POD_IP.fieldRef.fieldPath, "status.podIP");
    assert.equal(WORKER_ID, "aetherium-worker-$(NODE_NAME)");
    const names = worker.env.map(({ name }: Loose) => name);
    assert.ok(names.indexOf("NODE_NAME") < names.indexOf("WORKER_ID"));
  });

  it("A-09 the worker answers on 8081, each ten seconds, and has time to leave Consul", async () => {
    const { get, container } = await system.render("prod");
    const worker = container("DaemonSet/aetherium-worker");
    assert.equal(worker.ports[0].containerPort, 8081);
    const { httpGet, periodSeconds } = worker.livenessProbe;
    assert.deepEqual([httpGet, periodSeconds], [{ path: "/health", port: worker.ports[0].name }, 10]);
    const { terminationGracePeriodSeconds } = podSpec(get("DaemonSet/aetherium-worker"));
    assert.ok(terminationGracePeriodSeconds >= worker.lifecycle.preStop.sleep.seconds + 60);
  });

  it("A-10 Consul is a StatefulSet with a volume behind a Service on 8500", async () => {
    const { get, container } = await system.render("dev");
    const consul = get("StatefulSet/aetherium-consul");
    const { selector, ports } = get("Service/aetherium-consul").spec;
    assert.ok(selects(selector, consul));
    assert.deepEqual(ports.find(({ name }: Loose) => name === "http").port, 8500);
    const [claim] = consul.spec.volumeClaimTemplates;
    const [mount] = container("StatefulSet/aetherium-consul").volumeMounts;
    assert.deepEqual([mount.name, mount.mountPath], [claim.metadata.name, "/consul/data"]);
  });

  it("A-11 PostgreSQL and Redis run in the same release and keep their data", async () => {
    const { get, container } = await system.render("dev");
    for (const [name, path, port] of [
      ["aetherium-postgresql", "/var/lib/postgresql/data", 5432],
      ["aetherium-redis", "/data", 6379],
    ] as const) {
      const workload = get(`StatefulSet/${name}`);
      const [claim] = workload.spec.volumeClaimTemplates;
      const [mount] = container(`StatefulSet/${name}`).volumeMounts;
      assert.deepEqual([mount.name, mount.mountPath], [claim.metadata.name, path]);
      assert.equal(get(`Service/${name}`).spec.ports[0].port, port);
    }
  });
});

describe("the provisioner", () => {
  const name = "DaemonSet/aetherium-node-provisioner";

  /** Runs the script that its init container runs on a folder that stands for a node, and notes what it asked kubectl. */
  async function provision(files: readonly string[]) {
    const rendering = await system.render("prod");
    const [init] = podSpec(rendering.get(name)).initContainers;
    const programs = mkdtempSync(join(folder, "bin-"));
    const asked = join(programs, "asked");
    writeFileSync(join(programs, "kubectl"), `#!/bin/sh\necho "$@" >> ${asked}\n`, { mode: 0o755 });
    const plain = Object.entries(env(init)).filter(([, value]) => typeof value === "string");
    const { status, output } = runScript(fileAt(rendering, name, init.command[1]), {
      ...Object.fromEntries(plain),
      PATH: `${programs}:${process.env["PATH"]}`,
      HOST: nodeWith(files),
      NODE_NAME: "node-1",
    });
    return { status, output, asked: existsSync(asked) ? readFileSync(asked, "utf8") : "" };
  }

  it("A-12 it runs on every node, whatever its taints, reaches the node's files, and has its settings", async () => {
    const { get, all } = await system.render("staging");
    const pod = podSpec(get(name));
    assert.deepEqual([pod.nodeSelector, pod.tolerations], [undefined, [{ operator: "Exists" }]]);
    assert.deepEqual(hostMounts(get(name)), { "/host": { path: "/", type: "Directory" } });
    const settings = env(pod.initContainers[0]);
    assert.deepEqual([settings["FIRECRACKER_VERSION"], settings["ROOTFS_URL"]], ["v1.7.0", ""]);
    assert.match(settings["KERNEL_URL"], /^https:.*vmlinux\.bin$/);
    assert.match(env(podSpec((await system.render("prod")).get(name)).initContainers[0])["ROOTFS_URL"], /^https:/);
    assert.equal(all("DaemonSet").length, 2);
    const dev = (await system.render("dev")).objects.filter(({ metadata }) => /provisioner/.test(metadata.name));
    assert.deepEqual(dev, []);
  });

  it("A-13 a node without KVM is left alone and one with it is labelled, which its account may do", async () => {
    const without = await provision([]);
    assert.deepEqual([without.status, without.asked], [0, ""]);
    const ready = ["dev/kvm", "usr/local/bin/firecracker", "var/firecracker/vmlinux", "var/firecracker/rootfs.ext4"];
    const labelled = await provision(ready);
    assert.equal(labelled.status, 0, labelled.output);
    assert.equal(labelled.asked, "label node node-1 aetherium.io/kvm-enabled=true --overwrite\n");

    const { get, all } = await system.render("prod");
    const pod = podSpec(get(name));
    assert.equal(pod.automountServiceAccountToken, true);
    const [binding] = all("ClusterRoleBinding");
    const subject = { kind: "ServiceAccount", name: pod.serviceAccountName, namespace: "aetherium" };
    assert.deepEqual(binding.subjects, [subject]);
    const { rules } = get(`ClusterRole/${binding.roleRef.name}`);
    assert.deepEqual(rules, [{ apiGroups: [""], resources: ["nodes"], verbs: ["get", "patch"] }]);
  });

  it("A-14 it is deployed with the workers, which follow the label that it sets", async () => {
    const rendering = await system.render("prod");
    const { metadata, spec } = rendering.get("DaemonSet/aetherium-worker");
    const [[label, value] = []] = Object.entries(spec.template.spec.nodeSelector);
    const script = fileAt(rendering, name, podSpec(rendering.get(name)).initContainers[0].command[1]);
    assert.ok(script.includes(`kubectl label node "$NODE_NAME" ${label}=${value} `));
    assert.equal(metadata.annotations?.["helm.sh/hook"], undefined);
    assert.equal(rendering.application.components.worker.after.includes("node-provisioner"), false);
  });
});

describe("objects around them", () => {
  it("A-15 a ServiceAccount, ConfigMaps, a Secret and notes are made", async () => {
    const { all, get } = await system.render("staging");
    assert.deepEqual(
      all("ServiceAccount").map(({ metadata }) => metadata.name),
      ["aetherium-node-provisioner"],
    );
    assert.ok(get("ConfigMap/aetherium-app"));
    const { managedKubeSecretReferences } = get("InfisicalSecret/aetherium-postgres-infisical").spec;
    assert.equal(managedKubeSecretReferences[0].secretName, "aetherium-postgres-secrets");
    assert.match(await notes("prod"), /^aetherium \(prod\): https:\/\/aetherium\.example\.com$/m);
  });

  /** What Helm says after an installation. */
  async function notes(environment: string): Promise<string> {
    const { helm } = await ensureTools(["helm"]);
    const manifest = structuredClone(system.manifest);
    for (const { files = {} } of Object.values<Loose>(manifest.spec.components)) {
      for (const path of Object.keys(files)) files[path] = "text";
    }
    const args = ["install", "aetherium", bundledChart(), "--dry-run=client", "--values", "-"];
    const input = JSON.stringify({ ...manifest, environment });
    const { stdout, stderr } = spawnSync(helm, args, { input, encoding: "utf8" });
    assert.ok(stdout.includes("NOTES:"), stderr);
    return stdout.slice(stdout.indexOf("NOTES:"));
  }

  it("A-16 workers and gateway are selected by their component", async () => {
    const { get } = await system.render("prod");
    for (const [workload, component] of [
      ["DaemonSet/aetherium-worker", "worker"],
      ["Deployment/aetherium-api-gateway", "api-gateway"],
    ] as const) {
      assert.equal(get(workload).spec.selector.matchLabels["app.kubernetes.io/component"], component);
      assert.equal(get(workload).spec.template.metadata.labels["app.kubernetes.io/component"], component);
    }
  });

  it("A-17 the namespace admits privileged pods; who does not ask stays restricted", async () => {
    for (const environment of environments) {
      const { application, objects } = await system.render(environment);
      assert.deepEqual(application.namespaces, { aetherium: { podSecurity: "privileged" } });
      for (const workload of objects.filter(({ spec }) => spec?.template !== undefined)) {
        const { containers, initContainers = [], securityContext } = podSpec(workload);
        const asks = workload.kind === "DaemonSet";
        for (const container of [...containers, ...initContainers]) {
          const { privileged = false, allowPrivilegeEscalation, capabilities } = container.securityContext;
          assert.equal(privileged, asks, workload.metadata.name);
          if (!asks) assert.deepEqual([allowPrivilegeEscalation, capabilities], [false, { drop: ["ALL"] }]);
        }
        assert.equal(securityContext.runAsNonRoot, !asks, workload.metadata.name);
      }
    }
    const undeclared = await problemsAfter(({ spec }) => {
      delete spec.podSecurity;
    });
    assert.deepEqual(undeclared, [
      "APP_POD_SECURITY spec.components.worker.hostAccess.network",
      "APP_POD_SECURITY spec.components.node-provisioner.volumes.host.hostPath",
    ]);
  });

  it("A-18 what is switched off leaves no object behind", async () => {
    const switches = ["consul", "postgresql", "redis", "node-provisioner"];
    for (const component of switches) {
      const off = await system.changed(({ environments: { staging } }) => {
        staging.components = { [component]: { enabled: false } };
      });
      const own = ({ metadata }: Loose) => metadata.name.includes(`aetherium-${component}`);
      assert.ok((await system.render("staging")).objects.some(own), component);
      assert.deepEqual((await off.render("staging")).objects.filter(own), []);
    }
  });
});

describe("configuration", () => {
  it("A-19 PostgreSQL elsewhere, by its address and the Secret that exists already", async () => {
    const { get, container } = await system.render("prod");
    const { POSTGRES_HOST, POSTGRES_PORT, POSTGRES_DB } = get("ConfigMap/aetherium-app").data;
    const address = "aetherium-db.postgres.database.azure.com";
    assert.deepEqual([POSTGRES_HOST, POSTGRES_PORT, POSTGRES_DB], [address, "5432", "aetherium"]);
    for (const workload of ["Deployment/aetherium-api-gateway", "DaemonSet/aetherium-worker"]) {
      assert.deepEqual(container(workload).envFrom, [{ configMapRef: { name: "aetherium-app" } }]);
      const { POSTGRES_PASSWORD } = env(container(workload));
      assert.deepEqual(POSTGRES_PASSWORD.secretKeyRef, { name: "postgres-credentials", key: "password" });
    }
    assert.throws(() => get("StatefulSet/aetherium-postgresql"), /0 objects/);
  });

  it("A-20, X-02 a Secret that exists is referred to and never rendered", async () => {
    const { objects } = await system.render("prod");
    assert.deepEqual(
      objects.filter(({ kind }) => /Secret/.test(kind)),
      [],
    );
  });

  it("A-21 Consul elsewhere, by its address", async () => {
    const { get } = await system.render("prod");
    assert.equal(get("ConfigMap/aetherium-app").data.CONSUL_HTTP_ADDR, "consul.example.com:8500");
    assert.throws(() => get("Service/aetherium-consul"), /0 objects/);
  });

  it("A-22, X-04 a route by nginx, with its issuer, prefix and certificate", async () => {
    const { get, objects } = await system.render("prod");
    const { metadata, spec } = get("Ingress/aetherium-api-gateway");
    assert.equal(spec.ingressClassName, "nginx");
    assert.deepEqual(metadata.annotations, { "cert-manager.io/cluster-issuer": "letsencrypt-prod" });
    const [{ host, http }] = spec.rules;
    assert.equal(host, "aetherium.example.com");
    assert.deepEqual(http.paths, [
      {
        path: "/",
        pathType: "Prefix",
        backend: { service: { name: "aetherium-api-gateway", port: { number: 8080 } } },
      },
    ]);
    assert.deepEqual(spec.tls, [{ hosts: ["aetherium.example.com"], secretName: "aetherium-tls" }]);
    assert.deepEqual(
      objects.filter(({ apiVersion }) => /traefik|cert-manager/.test(apiVersion)),
      [],
    );
  });

  it("A-23 three environments over shared defaults, of which development is the lowest", async () => {
    assert.deepEqual(await system.problems(), []);
    const named = await Promise.all(
      environments.map(async (name) => (await system.render(name)).get("ConfigMap/aetherium-app").data.ENVIRONMENT),
    );
    assert.deepEqual(named, ["development", "staging", "production"]);
    await assert.rejects(system.render("production"), /not declared/);
  });

  it("A-39 each line of a stuck init container has advice", async () => {
    const { hints } = (await system.render("prod")).application;
    const advice = (line: string) =>
      Object.entries(hints).flatMap(([pattern, text]) => (new RegExp(pattern).test(line) ? [text] : []));
    for (const [line, fix] of [
      ["/dev/kvm not found", /enable KVM/],
      ["Kernel not found: /var/firecracker/vmlinux", /download-vsock-kernel\.sh/],
      ["Rootfs not found: /var/firecracker/rootfs.ext4", /prepare-rootfs-with-tools\.sh/],
      ["hostPath type check failed: /dev/kvm is not a character device", /enable KVM/],
    ] as const) {
      assert.equal(advice(line).length, 1, line);
      assert.match(String(advice(line)), fix);
    }
  });
});

describe("checks", () => {
  const variables = { CONSUL_HTTP_ADDR: "consul:8500", WORKER_ID: "aetherium-worker-node-1" };
  /** A `curl` that knows one address of Consul, and answers nothing else. */
  const consul = (path: string, answer: string) => ({
    variables,
    programs: { curl: `[ "$2" = "http://consul:8500${path}" ] && echo '${answer}'` },
  });

  it("A-33 a worker is told a leader; an empty answer fails", async () => {
    const rendering = await system.render("staging");
    assert.equal(rendering.application.verify["consul-leader"].component, "worker");
    const ask = (answer: string) => runCheck(rendering, "consul-leader", consul("/v1/status/leader", answer)).state;
    assert.deepEqual([ask('"10.0.0.1:8300"'), ask('""')], ["passed", "wrong"]);
  });

  it("A-34 every worker that runs finds itself among the healthy ones", async () => {
    const rendering = await system.render("staging");
    const { component, pods } = rendering.application.verify.registered;
    assert.deepEqual([component, pods], ["worker", "all"]);
    const healthy = (...nodes: string[]) => {
      const answer = JSON.stringify(nodes.map((node) => ({ Service: { ID: `aetherium-worker-${node}` } })));
      return runCheck(rendering, "registered", consul("/v1/health/service/aetherium-worker?passing=true", answer))
        .state;
    };
    assert.deepEqual(
      [healthy("node-2", "node-1"), healthy("node-2"), healthy("node-10")],
      ["passed", "wrong", "wrong"],
    );
  });

  it("A-35 what a worker has registered is complete", async () => {
    const rendering = await system.render("staging");
    assert.equal(rendering.application.verify.registration.pods, "all");
    const whole = {
      ID: "aetherium-worker-node-1",
      Service: "aetherium-worker",
      Tags: ["worker", "firecracker", "kvm"],
      Port: 8081,
      Meta: { kvm_enabled: "true", node: "node-1" },
    };
    const ask = (answer: object) => {
      const path = "/v1/agent/service/aetherium-worker-node-1";
      return runCheck(rendering, "registration", consul(path, JSON.stringify(answer))).state;
    };
    assert.equal(ask(whole), "passed");
    const wrong = [
      { Service: "worker" },
      { Port: 80810 },
      { Meta: { kvm_enabled: "false" } },
      ...whole.Tags.map((tag) => ({ Tags: whole.Tags.filter((other) => other !== tag) })),
    ];
    for (const change of wrong) assert.equal(ask({ ...whole, ...change }), "wrong", JSON.stringify(change));
  });

  it("A-36 device, folder, bridge, NAT and variables are looked at in every worker, and each counts", async () => {
    const rendering = await system.render("staging");
    assert.equal(rendering.application.verify.host.pods, "all");
    const programs = {
      ls: '[ "$*" = "-la /dev/kvm /var/firecracker/" ]',
      ip: '[ "$*" = addr ] || [ "$*" = "link show aetherium0" ]',
      iptables: '[ "$*" = "-t nat -L -n" ]',
    };
    assert.equal(runCheck(rendering, "host", { programs, variables }).state, "passed");
    for (const program of Object.keys(programs)) {
      const broken = { ...programs, [program]: "exit 1" };
      assert.equal(runCheck(rendering, "host", { programs: broken, variables }).state, "wrong", program);
    }
    assert.equal(runCheck(rendering, "host", { programs }).state, "wrong");
  });

  it("A-37 Consul's own pod lists the workers' service", async () => {
    const rendering = await system.render("staging");
    assert.equal(rendering.application.verify.catalog.component, "consul");
    const list = (...services: string[]) => ({
      programs: { consul: `[ "$*" = "catalog services" ] && printf '%s\\n' ${services.join(" ")}` },
    });
    assert.equal(runCheck(rendering, "catalog", list("consul", "aetherium-worker")).state, "passed");
    assert.equal(runCheck(rendering, "catalog", list("consul")).state, "wrong");
  });
});

describe("pages", () => {
  const page = readPage("examples/aetherium/README.md");

  it("A-28 more workers are more nodes with the label by which workers are placed", async () => {
    const { nodeSelector } = podSpec((await system.render("staging")).get("DaemonSet/aetherium-worker"));
    const [[label, value] = []] = Object.entries(nodeSelector);
    assert.ok(page.includes(`the label \`${label}=${value}\``));
    assert.match(page, /fairlead#v1 status staging` shows how many nodes are labelled/);
  });

  it("A-32 the page has the port-forwards to Consul and the gateway", async () => {
    assertForwards(page, await system.render("staging"), "aetherium-consul", "aetherium-api-gateway");
  });

  it("X-39 the page says which kernel is needed and that downloads are not compared", async () => {
    const script = fileAt(
      await system.render("prod"),
      "DaemonSet/aetherium-node-provisioner",
      "/scripts/provision-node.sh",
    );
    assert.doesNotMatch(script, /sha256sum/, "then the page would be wrong");
    assert.match(page, /must be 5\.10 with vsock/);
    assert.match(page, /is\s+not compared with a checksum/);
  });
});

describe("traps", () => {
  it("X-37 every address inside the cluster is a Service that is there, and resolves from the node's network", async () => {
    for (const environment of environments) {
      const { get, all } = await system.render(environment);
      const { data } = get("ConfigMap/aetherium-app");
      const hosts = Object.values<string>(data)
        .map((value) => value.replace(/:\d+$/, ""))
        .filter((host) => host.startsWith("aetherium-") && !host.includes("."));
      const services = all("Service").map(({ metadata }) => metadata.name);
      assert.deepEqual(
        hosts.filter((host) => !services.includes(host)),
        [],
        environment,
      );
      for (const { spec } of all("DaemonSet")) {
        if (spec.template.spec.hostNetwork) assert.equal(spec.template.spec.dnsPolicy, "ClusterFirstWithHostNet");
      }
    }
  });

  it("X-38 a second name for an environment is refused, with the one that is meant", async () => {
    await assert.rejects(system.render("development"), /"development" is not declared; declared: dev, prod, staging/);
  });

  it("X-40 workers are asked of the health of services, not of Consul's members", async () => {
    const { verify } = (await system.render("staging")).application;
    assert.match(verify.registered.run, /"[^"]*\/v1\/health\/service\/aetherium-worker\?passing=true"/);
    assert.equal(verify.registered.pods, "all");
    assert.equal(JSON.stringify(verify).includes("consul members"), false);
  });

  it("X-41 a label's value that YAML takes for a boolean is refused", async () => {
    const problems = await problemsAfter(({ spec }) => {
      spec.components.worker.nodeSelector["aetherium.io/kvm-enabled"] = true;
    });
    assert.deepEqual(problems, ["APP_VALUE_TYPE spec.components.worker.nodeSelector.aetherium.io/kvm-enabled"]);
  });

  it("X-42 workers are replaced one by one, never beside each other", async () => {
    const { rollingUpdate } = (await system.render("prod")).get("DaemonSet/aetherium-worker").spec.updateStrategy;
    assert.deepEqual(rollingUpdate, { maxUnavailable: 1 });
    const problems = await problemsAfter(({ spec }) => {
      spec.components.worker.updateStrategy = { maxSurge: 1, maxUnavailable: 0 };
    });
    assert.deepEqual(problems, ["APP_SURGE_PORT spec.components.worker.updateStrategy.maxSurge"]);
  });

  it("X-43 databases come from the shared chart, not from charts of others", async () => {
    const chart = readFileSync(join(bundledChart(), "Chart.yaml"), "utf8");
    assert.equal(/^dependencies:/m.test(chart), false);
    const { objects, get } = await system.render("dev");
    const labels = objects.map(({ metadata }) => metadata.labels["app.kubernetes.io/name"]);
    assert.deepEqual([...new Set(labels)], ["aetherium"]);
    assert.ok(get("StatefulSet/aetherium-postgresql"));
  });
});
