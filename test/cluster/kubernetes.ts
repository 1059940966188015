import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { poll } from "../../actions/core/retry.ts";
import { type Certificate, issue, makeAuthority, makeSigningKey } from "./certificates.ts";
import { startContainerd } from "./containerd.ts";
import { startControllers, startServing } from "./control-plane.ts";
import { daemonError, stopDaemon } from "./daemon.ts";
import type { DebianPrograms } from "./debian.ts";
import { kubeconfig } from "./kubeconfig.ts";
import { type Program, programs, type Setting } from "./kubernetes-program.ts";
import type { Network } from "./network.ts";
import { nameServerAddress, nodeName, startKubelet, startProxy } from "./node.ts";
import { childrenOf, end } from "./processes.ts";
import type { Progress } from "./progress.ts";
import { run } from "./run.ts";
import { ensureTools } from "./toolchain.ts";

/** The API server of an instance, and how to talk to it. */
export interface ApiServer {
  /** Its URL as the machine sees it. */
  readonly server: string;
  /** A private file: the kubeconfig of a cluster administrator. */
  readonly kubeconfig: string;
  readonly kubectl: string;
  readonly authority: Certificate;
  readonly administrator: Certificate;
}

/** A Kubernetes of one node that runs pods. */
export type Kubernetes = ApiServer;

/** Starts the store and the API server. */
export async function startApiServer(network: Network, debian: DebianPrograms, progress: Progress): Promise<ApiServer> {
  const folder = folderOf(network);
  const authority = await makeAuthority(folder);
  await makeSigningKey(signingKeyOf(network));
  const setting = await settingOf(network, debian, progress, authority);
  const [administrator] = await Promise.all([makeAdministrator(setting), startServing(setting)]);
  return {
    server: setting.server,
    kubeconfig: join(folder, "administrator.kubeconfig"),
    kubectl: setting.tools.kubectl,
    authority,
    administrator,
  };
}

/** Starts controllers, scheduler and node beside an API server, and waits until pods can run. */
export async function startKubernetes(
  network: Network,
  debian: DebianPrograms,
  apiServer: Promise<ApiServer>,
  progress: Progress,
): Promise<Kubernetes> {
  const [kubernetes] = await Promise.all([apiServer, startContainerd(network, debian, progress)]);
  const setting = await settingOf(network, debian, progress, kubernetes.authority);
  await Promise.all([startControllers(setting), refuseNames(network, kubernetes), startNode(setting, kubernetes)]);
  // A node may be ready before the account exists that every pod of its namespace needs.
  await untilKubectlSays(network, kubernetes, "kube-controller-manager", "an account for pods", "default", [
    ...["serviceaccount", "default", "--output", "name"],
  ]);
  return kubernetes;
}

async function startNode(setting: Setting, apiServer: ApiServer): Promise<void> {
  await startKubelet(setting);
  // kube-proxy takes the node's address from its Node object, and waits for that without a word.
  await untilKubectlSays(setting.network, apiServer, "kubelet", "a ready node", '"status":"True"', [
    ...["node", nodeName, "--output", "jsonpath={.status.conditions[?(@.type=='Ready')]}"],
  ]);
  await startProxy(setting);
}

async function settingOf(
  network: Network,
  debian: DebianPrograms,
  progress: Progress,
  authority: Certificate,
): Promise<Setting> {
  const tools = await ensureTools(programs, progress);
  const server = `https://${network.address}:6443`;
  return { network, debian, tools, folder: folderOf(network), server, authority, signingKey: signingKeyOf(network) };
}

function folderOf(network: Network): string {
  return join(network.state, "kubernetes");
}

function signingKeyOf(network: Network): string {
  return join(folderOf(network), "service-accounts.key");
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

async function makeAdministrator({ folder, authority, server }: Setting): Promise<Certificate> {
  const subject = { commonName: "administrator", organization: "system:masters" };
  const certificate = await issue(folder, "administrator", authority, subject);
  const file = join(folder, "administrator.kubeconfig");
  await writeFile(file, await kubeconfig(server, authority, certificate), { mode: 0o600 });
  return certificate;
}

/**
 * There is no name server. A Service without endpoints at its address refuses each question at once, where nothing at
 * all would let pods wait for an answer, and each pod would have an event that warns of it.
 */
async function refuseNames(network: Network, { kubectl, kubeconfig: file }: ApiServer): Promise<void> {
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "kube-dns", namespace: "kube-system" },
    spec: { clusterIP: nameServerAddress(network), ports: [{ name: "dns", port: 53, protocol: "UDP" }] },
  };
  await run([kubectl, "--kubeconfig", file, "create", "--filename", "-"], { input: JSON.stringify(service) });
}

/** Waits until what `kubectl get` prints holds a text; else the log of whoever should bring it about is shown. */
async function untilKubectlSays(
  network: Network,
  { kubectl, kubeconfig: file }: ApiServer,
  responsible: Program,
  description: string,
  text: string,
  query: readonly string[],
): Promise<void> {
  const timeout = 60_000;
  const onTimeout = (waiting: string) => daemonError(network, responsible, `did not bring ${description} (${waiting})`);
  await poll({ interval: 200, timeout, signal: AbortSignal.timeout(2 * timeout), onTimeout }, async () => {
    const { rawOutput } = await run([kubectl, "--kubeconfig", file, "get", "--ignore-not-found", ...query]);
    return rawOutput.includes(text) ? { done: true } : { waiting: rawOutput.trim() || "there is none" };
  });
}
