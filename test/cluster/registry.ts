import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hash } from "bcryptjs";
import { stringify } from "yaml";
import { startDaemon, stopDaemon } from "./daemon.ts";
import type { DebianPrograms } from "./debian.ts";
import type { Network } from "./network.ts";
import { statusOf } from "./probe.ts";

const name = "registry";

/** An OCI registry that wants a login, and the one login it knows. Plain HTTP. */
export interface Registry {
  /** `address:port`, as it stands in front of an image's name; valid on the machine and in the cluster. */
  readonly address: string;
  readonly username: string;
  readonly password: string;
}

/** The address that the registry of an instance has or will have. */
export function registryAddress(network: Network): string {
  return `${network.address}:5000`;
}

/** Starts docker-registry with an empty store and a fresh password. */
export async function startRegistry(network: Network, debian: DebianPrograms): Promise<Registry> {
  const folder = join(network.state, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const registry = { address: registryAddress(network), username: "deploy", password: randomBytes(18).toString("hex") };
  // Cost 5 is bcrypt's least but one: each request is checked anew, and this password guards nothing.
  const line = `${registry.username}:${await hash(registry.password, 5)}\n`;
  await writeFile(join(folder, "htpasswd"), line, { mode: 0o600 });
  await writeFile(join(folder, "config.yml"), configuration(folder, registry.address));
  await startDaemon(network, {
    name,
    command: [join(debian.root, "usr/bin/docker-registry"), "serve", join(folder, "config.yml")],
    environment: debian.environment,
    ready: async () => (await statusOf(`http://${registry.address}/v2/`)) === 401,
  });
  return registry;
}

/** Stops the registry; its store stays until the instance goes. */
export async function stopRegistry(network: Network): Promise<void> {
  await stopDaemon(network, name);
}

function configuration(folder: string, address: string): string {
  return stringify({
    version: "0.1",
    log: { level: "warn" },
    storage: {
      filesystem: { rootdirectory: join(folder, "store") },
      delete: { enabled: true },
      maintenance: { uploadpurging: { enabled: false } },
    },
    http: { addr: address },
    auth: { htpasswd: { realm: "fairlead", path: join(folder, "htpasswd") } },
  });
}
