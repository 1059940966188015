import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { poll } from "../../actions/core/retry.ts";
import { type Certificate, issue, makeAuthority, makeSigningKey, type Subject } from "./certificates.ts";
import { containerdSocket, startContainerd } from "./containerd.ts";
import { daemonError, startDaemon, stopDaemon } from "./daemon.ts";
import type { DebianPrograms } from "./debian.ts";
import { kubeconfig } from "./kubeconfig.ts";
import type { Network } from "./network.ts";
import { statusOf } from "./probe.ts";
import { childrenOf, end } from "./processes.ts";
import type { Progress } from "./progress.ts";
import { run } from "./run.ts";
import { ensureTools } from "./toolchain.ts";

/** A Kubernetes of one node. */
export interface Kubernetes {
  /** The API server as the machine sees it. */
  readonly server: string;
  /** A private file: the kubeconfig of a cluster administrator. */
  readonly kubeconfig: string;
  readonly kubectl: string;
  readonly authority: Certificate;
  readonly administrator: Certificate;
}

/** The one node's name. */
export const nodeName = "node";

const programs = [
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kubelet",
  "kube-proxy",
  "kubectl",
] as const;
type Program = (typeof programs)[number];

/** What the functions below share. */
interface Setting {
  readonly network: Network;
  readonly debian: DebianPrograms;
  readonly tools: Readonly<Record<Program, string>>;
  readonly folder: string;
  readonly server: string;
  readonly authority: Certificate;
  readonly signingKey: string;
}

/** Starts a control plane and a node, and waits until the node is ready to run pods. */
export async function startKubernetes(
  network: Network,
  debian: DebianPrograms,
  progress: Progress,
): Promise<Kubernetes> {
  const tools = await ensureTools(programs, progress);
  const folder = join(network.state, "kubernetes");
  const server = `https://${network.address}:6443`;
  const authority = await makeAuthority(folder);
  const signingKey = await makeSigningKey(folder, "service-accounts");
  const setting: Setting = { network, debian, tools, folder, server, authority, signingKey };
  const containerd = startContainerd(network, debian, progress);
  const [administrator] = await Promise.all([makeAdministrator(setting), startControlPlane(setting), containerd]);
  const kubernetes = describe(network, tools.kubectl, authority, administrator);
  await Promise.all([startControllerManager(setting), startScheduler(setting), startKubelet(setting)]);
  await startProxy(setting);
  await untilNodeIsReady(network, kubernetes);
  return kubernetes;
}

/** Stops the node, its pods and the control plane. */
export async function stopKubernetes(network: Network): Promise<void> {
  for (const name of ["kubelet", "kube-proxy", "kube-scheduler", "kube-controller-manager"]) {
    await stopDaemon(network, name);
  }
  await stopDaemon(network, "containerd");
  await endOrphans(network);
  // The API server would wait a minute for watches to end.
  await stopDaemon(network, "kube-apiserver", 1_000);
  await stopDaemon(network, "etcd");
}

/** What containerd leaves when it stops, pods and those who mind them, are children of the instance's init by then. */
async function endOrphans(network: Network): Promise<void> {
  const [, init] = network.holders;
  for (let round = 0; round < 10; round++) {
    const [, ...orphans] = childrenOf(init.pid);
    if (orphans.length === 0) return;
    await end(orphans, 500);
  }
  throw daemonError(network, "containerd", "left processes that do not end");
}

function describe(network: Network, kubectl: string, authority: Certificate, administrator: Certificate): Kubernetes {
  return {
    server: `https://${network.address}:6443`,
    kubeconfig: join(network.state, "kubernetes", "administrator.kubeconfig"),
    kubectl,
    authority,
    administrator,
  };
}

async function makeAdministrator({ folder, authority, server }: Setting): Promise<Certificate> {
  const subject = { commonName: "administrator", organization: "system:masters" };
  const certificate = await issue(folder, "administrator", authority, subject);
  const file = join(folder, "administrator.kubeconfig");
  await writeFile(file, await kubeconfig(server, authority, certificate), { mode: 0o600 });
  return certificate;
}

async function startControlPlane(setting: Setting): Promise<void> {
  const serving = makeServingCertificate(setting);
  await startStore(setting);
  await startServer(setting, await serving);
}

async function startStore({ network, debian, folder }: Setting): Promise<void> {
  const health = `http://${network.address}:2381`;
  await startDaemon(network, {
    name: "etcd",
    command: [
      "etcd",
      `--data-dir=${join(folder, "etcd")}`,
      "--listen-client-urls=http://127.0.0.1:2379",
      "--advertise-client-urls=http://127.0.0.1:2379",
      "--listen-peer-urls=http://127.0.0.1:2380",
      `--listen-metrics-urls=${health}`,
      // Nobody needs this store after a power cut, and every write would wait for the disk.
      "--unsafe-no-fsync",
    ],
    environment: debian.environment,
    ready: async () => (await statusOf(`${health}/health`)) === 200,
  });
}

// Clients on a tailnet reach the API server under one of its first addresses (100.64.0.0/10 is Tailscale's range).
const tailnetAddresses = [1, 2, 3, 4, 5, 6, 7, 8].map((last) => `100.64.0.${last}`);

function makeServingCertificate({ network, folder, authority }: Setting): Promise<Certificate> {
  const firstService = network.serviceRange.replace(/0\/\d+$/, "1");
  const names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost"];
  const addresses = ["127.0.0.1", network.address, firstService, ...tailnetAddresses];
  const alternativeNames = [...names.map((name) => `DNS:${name}`), ...addresses.map((address) => `IP:${address}`)];
  return issue(folder, "kube-apiserver", authority, { commonName: "kube-apiserver", alternativeNames });
}

async function startServer(setting: Setting, serving: Certificate): Promise<void> {
  const { network, folder, authority, server, signingKey } = setting;
  const subject = { commonName: "kube-apiserver-kubelet-client", organization: "system:masters" };
  const toKubelet = await issue(folder, "kube-apiserver-kubelet-client", authority, subject);
  await startProgram(setting, "kube-apiserver", `${server}/readyz`, [
    "--etcd-servers=http://127.0.0.1:2379",
    `--advertise-address=${network.address}`,
    "--allow-privileged=true",
    "--authorization-mode=Node,RBAC",
    "--enable-admission-plugins=NodeRestriction",
    `--client-ca-file=${authority.certificate}`,
    `--tls-cert-file=${serving.certificate}`,
    `--tls-private-key-file=${serving.key}`,
    `--kubelet-certificate-authority=${authority.certificate}`,
    `--kubelet-client-certificate=${toKubelet.certificate}`,
    `--kubelet-client-key=${toKubelet.key}`,
    "--kubelet-preferred-address-types=InternalIP",
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${signingKey}`,
    `--service-account-signing-key-file=${signingKey}`,
    `--service-cluster-ip-range=${network.serviceRange}`,
    "--profiling=false",
  ]);
}

async function startControllerManager(setting: Setting): Promise<void> {
  const { network, authority, signingKey } = setting;
  const name = "kube-controller-manager";
  const config = await clientConfig(setting, name, { commonName: `system:${name}` });
  await startProgram(setting, name, `https://${network.address}:10257/healthz`, [
    `--kubeconfig=${config}`,
    `--bind-address=${network.address}`,
    "--leader-elect=false",
    "--use-service-account-credentials=true",
    `--service-account-private-key-file=${signingKey}`,
    `--root-ca-file=${authority.certificate}`,
    `--flex-volume-plugin-dir=${join(setting.folder, "volume-plugins")}`,
    "--profiling=false",
  ]);
}

async function startScheduler(setting: Setting): Promise<void> {
  const name = "kube-scheduler";
  const config = await clientConfig(setting, name, { commonName: `system:${name}` });
  await startProgram(setting, name, `https://${setting.network.address}:10259/healthz`, [
    `--kubeconfig=${config}`,
    `--bind-address=${setting.network.address}`,
    "--leader-elect=false",
    "--profiling=false",
  ]);
}

async function startKubelet(setting: Setting): Promise<void> {
  const { network, folder, authority } = setting;
  const alternativeNames = [`DNS:${nodeName}`, `IP:${network.address}`];
  const serving = await issue(folder, "kubelet-serving", authority, { commonName: nodeName, alternativeNames });
  const config = await clientConfig(setting, "kubelet", {
    commonName: `system:node:${nodeName}`,
    organization: "system:nodes",
  });
  // Pods get no name server: there is none, and the machine's is not reachable from inside.
  await writeFile(join(folder, "resolv.conf"), "");
  await startConfigured(setting, "kubelet", `http://${network.address}:10248/healthz`, {
    flags: [
      `--kubeconfig=${config}`,
      `--root-dir=${join(folder, "kubelet")}`,
      `--node-ip=${network.address}`,
      `--hostname-override=${nodeName}`,
    ],
    file: {
      apiVersion: "kubelet.config.k8s.io/v1beta1",
      kind: "KubeletConfiguration",
      authentication: {
        anonymous: { enabled: false },
        webhook: { enabled: true },
        x509: { clientCAFile: authority.certificate },
      },
      authorization: { mode: "Webhook" },
      tlsCertFile: serving.certificate,
      tlsPrivateKeyFile: serving.key,
      healthzBindAddress: network.address,
      containerRuntimeEndpoint: `unix://${containerdSocket(network)}`,
      cgroupDriver: "cgroupfs",
      cgroupRoot: `/${network.controlGroup}`,
      failCgroupV1: false,
      failSwapOn: false,
      oomScoreAdj: 0,
      resolvConf: join(folder, "resolv.conf"),
      podLogsDir: join(network.state, "logs", "pods"),
      volumePluginDir: join(folder, "volume-plugins"),
      serializeImagePulls: false,
      // The disk is the developer's own; how full it is says nothing about this node.
      imageGCHighThresholdPercent: 100,
      evictionHard: {
        "imagefs.available": "0%",
        "memory.available": "0%",
        "nodefs.available": "0%",
        "nodefs.inodesFree": "0%",
      },
    },
  });
}

async function startProxy(setting: Setting): Promise<void> {
  const { network } = setting;
  const kubeconfigFile = await clientConfig(setting, "kube-proxy", { commonName: "system:kube-proxy" });
  await startConfigured(setting, "kube-proxy", `http://${network.address}:10256/healthz`, {
    flags: [],
    file: {
      apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
      kind: "KubeProxyConfiguration",
      clientConnection: { kubeconfig: kubeconfigFile },
      mode: "iptables",
      // What comes from elsewhere, the machine itself included, gets this node's address, so that answers find back.
      clusterCIDR: network.podRange,
      detectLocalMode: "ClusterCIDR",
      hostnameOverride: nodeName,
      healthzBindAddress: `${network.address}:10256`,
      metricsBindAddress: `${network.address}:10249`,
      // These are limits of the whole machine, and not ours to set.
      conntrack: { maxPerCore: 0, min: 0, tcpCloseWaitTimeout: "0s", tcpEstablishedTimeout: "0s" },
      oomScoreAdj: 0,
    },
  });
}

async function clientConfig(setting: Setting, name: string, subject: Subject): Promise<string> {
  const certificate = await issue(setting.folder, name, setting.authority, subject);
  const file = join(setting.folder, `${name}.kubeconfig`);
  await writeFile(file, await kubeconfig(setting.server, setting.authority, certificate), { mode: 0o600 });
  return file;
}

async function startConfigured(
  setting: Setting,
  name: Program,
  health: string,
  { flags, file }: { flags: readonly string[]; file: unknown },
): Promise<void> {
  const path = join(setting.folder, `${name}.json`);
  await writeFile(path, JSON.stringify(file));
  await startProgram(setting, name, health, [`--config=${path}`, ...flags]);
}

function startProgram(setting: Setting, name: Program, health: string, flags: readonly string[]): Promise<void> {
  return startDaemon(setting.network, {
    name,
    command: [setting.tools[name], ...flags],
    environment: setting.debian.environment,
    ready: async () => (await statusOf(health)) === 200,
  });
}

/** A node may be ready before the account exists that every pod of its namespace needs. */
async function untilNodeIsReady(network: Network, { kubectl, kubeconfig: file }: Kubernetes): Promise<void> {
  const ask = async (...args: string[]) => {
    const { rawOutput } = await run([kubectl, "--kubeconfig", file, ...args, "--ignore-not-found"]);
    return rawOutput.trim();
  };
  const condition = "jsonpath={.status.conditions[?(@.type=='Ready')]}";
  await poll(
    {
      interval: 200,
      timeout: 60_000,
      signal: AbortSignal.timeout(120_000),
      onTimeout: (waiting) => daemonError(network, "kubelet", `registered no ready node (${waiting})`),
    },
    async () => {
      const ready = await ask("get", "node", nodeName, "--output", condition);
      if (!ready.includes('"status":"True"')) return { waiting: ready || "no node" };
      const account = await ask("get", "serviceaccount", "default", "--output", "name");
      return account === "" ? { waiting: "no service account" } : { done: true };
    },
  );
}
