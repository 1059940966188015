import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startDaemon } from "./daemon.ts";
import type { DebianPrograms } from "./debian.ts";
import { inside, type Network } from "./network.ts";
import { ensurePauseImage, pauseImage } from "./pause-image.ts";
import type { Progress } from "./progress.ts";
import { registryAddress } from "./registry.ts";
import { run } from "./run.ts";

/** The socket of an instance's containerd. */
export function containerdSocket(network: Network): string {
  return join(network.state, "containerd.sock");
}

/** Starts containerd with pod networking, the way to the registry, and the image of pods' sandboxes. */
export async function startContainerd(network: Network, debian: DebianPrograms, progress: Progress): Promise<void> {
  const folder = join(network.state, "containerd");
  const socket = containerdSocket(network);
  const archive = ensurePauseImage(debian, progress);
  await mkdir(join(folder, "cni"), { recursive: true });
  await writeFile(join(folder, "cni", "10-fairlead.conflist"), JSON.stringify(podNetwork(network)));
  await addRegistry(network, registryAddress(network));
  await writeFile(join(folder, "config.toml"), configuration(folder, socket, debian));
  const ctr = inside(network, ["ctr", "--address", socket]);
  const environment = debian.environment;
  await startDaemon(network, {
    name: "containerd",
    command: ["containerd", "--config", join(folder, "config.toml")],
    environment,
    ready: async () => (await run([...ctr, "version"], { environment })).code === 0,
  });
  await run([...ctr, "--namespace", "k8s.io", "images", "import", await archive], { environment });
}

/** Lets the node pull over plain HTTP from one more registry; gives the folder that says so, which is read at every pull. */
export async function addRegistry(network: Network, address: string): Promise<string> {
  const folder = join(network.state, "containerd", "hosts", address);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "hosts.toml"), registryHost(address));
  return folder;
}

function podNetwork(network: Network) {
  return {
    cniVersion: "0.4.0",
    name: "fairlead",
    plugins: [
      {
        type: "bridge",
        bridge: "pods",
        isGateway: true,
        ipMasq: true,
        hairpinMode: true,
        ipam: { type: "host-local", ranges: [[{ subnet: network.podRange }]], routes: [{ dst: "0.0.0.0/0" }] },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
}

function registryHost(address: string): string {
  return `server = "http://${address}"
[host."http://${address}"]
  capabilities = ["pull", "resolve"]
`;
}

function configuration(folder: string, socket: string, debian: DebianPrograms): string {
  return `version = 2
root = "${folder}/root"
state = "${folder}/state"
disabled_plugins = [
  "io.containerd.internal.v1.opt",
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
]
[grpc]
  address = "${socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  # A root without CAP_SYS_RESOURCE may not lower the score, and then no sandbox starts.
  restrict_oom_score_adj = true
  disable_apparmor = true
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "${debian.cniPlugins}"
  conf_dir = "${folder}/cni"
[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "overlayfs"
[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = "${folder}/hosts"
`;
}
