import type { Cluster } from "../../core/cluster.ts";
import type { Masker } from "../../core/masking.ts";
import { dockerHub, type RegistryLogin } from "../../core/registry.ts";
import type { PodTemplate } from "../rendered/templates.ts";

/** Logins by the host of a registry. */
export type Logins = ReadonlyMap<string, RegistryLogin>;

/**
 * The logins in the pull secrets that a pod names and that are in the cluster. One that is missing or may not be read
 * gives none: the kubelet too goes on without it.
 */
export async function readLogins(
  cluster: Cluster,
  { namespace, spec }: Pick<PodTemplate, "namespace" | "spec">,
  masker: Masker,
): Promise<Logins> {
  const names = (spec.imagePullSecrets ?? []).flatMap(({ name }) => (name ? [name] : []));
  const answers = await Promise.all(
    names.map((name) => cluster.call({ path: `/api/v1/namespaces/${namespace}/secrets/${name}` })),
  );
  const found = answers.flatMap(({ status, body }) => (status === 200 ? loginsIn(JSON.parse(body)) : []));
  for (const [, { password }] of found) masker.add(password);
  return new Map(found);
}

interface DockerConfig {
  readonly auths?: Readonly<Record<string, { username?: string; password?: string; auth?: string }>>;
}

/** Reads a Secret of the type `kubernetes.io/dockerconfigjson`; people write it by hand, so it may hold anything. */
export function loginsIn({
  data = {},
}: {
  readonly data?: Readonly<Record<string, string>>;
}): [string, RegistryLogin][] {
  try {
    const { auths = {} }: DockerConfig = JSON.parse(decode(data[".dockerconfigjson"] ?? ""));
    return Object.entries(auths).flatMap(([server, { auth = "", ...given }]) => {
      const pair = decode(auth);
      const { username = pair.slice(0, pair.indexOf(":")), password = pair.slice(pair.indexOf(":") + 1) } = given;
      return username && password ? [[hostOf(server), { username, password }] as [string, RegistryLogin]] : [];
    });
  } catch {
    return [];
  }
}

/** `https://index.docker.io/v1/` and `registry.example.com/team` stand in these files beside plain hosts. */
function hostOf(server: string): string {
  const host = server.replace(/^https?:\/\//, "").split("/")[0] ?? "";
  return /^(index\.)?docker\.io$/.test(host) ? dockerHub : host;
}

function decode(base64: string): string {
  return Buffer.from(base64, "base64").toString("utf8");
}
