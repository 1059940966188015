import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startDaemon, stopDaemon } from "./daemon.ts";
import type { DebianPrograms } from "./debian.ts";
import type { Network } from "./network.ts";
import { listens } from "./probe.ts";
import type { Progress } from "./progress.ts";
import { registryAddress } from "./registry.ts";
import { ensureTools } from "./toolchain.ts";

const name = "buildkitd";

/** A BuildKit that builders of docker buildx use: `buildx create --driver remote <endpoint>`. */
export interface BuildKit {
  /** Where it listens, as a `unix://` address. */
  readonly endpoint: string;
  /** The buildx program. */
  readonly buildx: string;
}

/** Starts buildkitd, which may push to the instance's registry over plain HTTP. */
export async function startBuildKit(network: Network, debian: DebianPrograms, progress: Progress): Promise<BuildKit> {
  const { buildkitd, buildx } = await ensureTools(["buildkitd", "buildx"], progress);
  const folder = join(network.state, "buildkit");
  const socket = join(network.state, "buildkitd.sock");
  const endpoint = `unix://${socket}`;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(join(folder, "buildkitd.toml"), configuration(network, folder, endpoint));
  await startDaemon(network, {
    name,
    command: [buildkitd, "--config", join(folder, "buildkitd.toml")],
    environment: debian.environment,
    ready: () => listens(socket),
  });
  return { endpoint, buildx };
}

/** Stops buildkitd; its cache stays until the instance goes. */
export async function stopBuildKit(network: Network): Promise<void> {
  await stopDaemon(network, name);
}

function configuration(network: Network, folder: string, endpoint: string): string {
  return `root = "${folder}/root"
[grpc]
  address = ["${endpoint}"]
[worker.containerd]
  enabled = false
[worker.oci]
  snapshotter = "overlayfs"
  networkMode = "host"
  defaultCgroupParent = "${network.controlGroup}"
[cdi]
  disabled = true
[registry."${registryAddress(network)}"]
  http = true
`;
}
