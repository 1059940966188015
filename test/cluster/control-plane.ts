import { join } from "node:path";
import { type Certificate, issue } from "./certificates.ts";
import { startDaemon } from "./daemon.ts";
import { clientConfig, type Setting, startProgram } from "./kubernetes-program.ts";
import { statusOf } from "./probe.ts";

/** Starts etcd and the API server. */
export async function startServing(setting: Setting): Promise<void> {
  const serving = makeServingCertificate(setting);
  await startStore(setting);
  await startServer(setting, await serving);
}

/** Starts the controllers and the scheduler. */
export async function startControllers(setting: Setting): Promise<void> {
  await Promise.all([startControllerManager(setting), startScheduler(setting)]);
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
    // At the usual 20 requests a second it spends its first four seconds waiting for its own turn.
    "--kube-api-qps=200",
    "--kube-api-burst=400",
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
