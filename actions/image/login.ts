import { readFile, symlink } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { writePrivateFile } from "../core/files.ts";
import type { Environment } from "../core/inputs.ts";

/** The user of a registry. */
export interface Login {
  /** Host, with port and path where there are any. */
  readonly registry: string;
  readonly username: string;
  readonly password: string;
}

interface DockerConfig {
  readonly auths?: Readonly<Record<string, unknown>>;
  readonly credHelpers?: Readonly<Record<string, string>>;
  readonly [key: string]: unknown;
}

/**
 * Logs in for this step alone: the runner's own Docker configuration with one login more, in a folder of its own.
 * The runner's builders, contexts, plugins and other logins keep working, and its files are not touched.
 *
 * @param folder an empty one, for this login alone.
 * @param environment the variables that docker would run with.
 * @returns the variables that make docker and buildx use it.
 */
export async function logIn(login: Login, folder: string, environment: Environment): Promise<Environment> {
  const original = environment["DOCKER_CONFIG"] || join(environment["HOME"] || homedir(), ".docker");
  const config = addLogin(await readConfig(join(original, "config.json")), login);
  await writePrivateFile(folder, "config.json", JSON.stringify(config));
  // Links to nothing are fine: docker takes them for folders that are not there.
  for (const name of ["cli-plugins", "contexts"]) await symlink(join(original, name), join(folder, name));
  return { DOCKER_CONFIG: folder, BUILDX_CONFIG: environment["BUILDX_CONFIG"] || join(original, "buildx") };
}

/** A Docker configuration with the login in it. */
export function addLogin(config: DockerConfig, { registry, username, password }: Login): DockerConfig {
  const key = loginKey(registry);
  const auth = Buffer.from(`${username}:${password}`).toString("base64");
  return {
    ...config,
    auths: { ...config.auths, [key]: { auth } },
    // An empty helper means: look in this file, also where the runner keeps its logins in a credential store.
    credHelpers: { ...config.credHelpers, [key]: "" },
  };
}

/** The key that docker keeps a login under: the host, but for Docker Hub. */
function loginKey(registry: string): string {
  const host = registry.split("/")[0] ?? registry;
  return host === "docker.io" || host === "index.docker.io" ? "https://index.docker.io/v1/" : host;
}

async function readConfig(file: string): Promise<DockerConfig> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch {
    // None, or one that docker could not read either.
    return {};
  }
}
