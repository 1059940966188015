import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { issue } from "./certificates.ts";
import { containerdSocket } from "./containerd.ts";
import { clientConfig, type Setting, startConfigured } from "./kubernetes-program.ts";
import type { Network } from "./network.ts";

/** The one node's name. */
export const nodeName = "node";

/** The address at which pods look for a name server. */
export function nameServerAddress(network: Network): string {
  return network.serviceRange.replace(/0\/\d+$/, "10");
}

/** Starts the kubelet, which wants containerd. */
export async function startKubelet(setting: Setting): Promise<void> {
  const { network, folder, authority } = setting;
  const alternativeNames = [`DNS:${nodeName}`, `IP:${network.address}`];
  const serving = await issue(folder, "kubelet-serving", authority, { commonName: nodeName, alternativeNames });
  const config = await clientConfig(setting, "kubelet", {
    commonName: `system:node:${nodeName}`,
    organization: "system:nodes",
  });
  // The machine's own name servers are not reachable from inside.
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
      clusterDNS: [nameServerAddress(network)],
      clusterDomain: "cluster.local",
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

/** Starts kube-proxy, which makes Service addresses lead to pods. */
export async function startProxy(setting: Setting): Promise<void> {
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
