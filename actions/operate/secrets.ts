import type { V1PodSpec, V1Secret } from "@kubernetes/client-node";
import type { Cluster } from "../core/cluster.ts";
import type { Masker } from "../core/masking.ts";

/**
 * Masks everything that the pods of a component know from Secrets, before anything that they print is shown.
 *
 * @throws FairleadError CLUSTER_FORBIDDEN when a Secret may not be read: what cannot be masked must not be printed.
 */
export async function maskSecretsOf(
  cluster: Cluster,
  masker: Masker,
  namespace: string,
  spec: V1PodSpec | undefined,
): Promise<void> {
  await Promise.all(
    secretsIn(spec).map(async (name) => {
      for (const value of await readValues(cluster, namespace, name)) masker.add(value);
    }),
  );
}

async function readValues(cluster: Cluster, namespace: string, name: string): Promise<string[]> {
  const path = `/api/v1/namespaces/${namespace}/secrets/${name}`;
  const { status, body } = await cluster.call({ path });
  // What is optional, or was deleted since, is in nobody's environment that could be masked.
  if (status === 404) return [];
  if (status !== 200) await cluster.read({ path });
  const { data = {} }: V1Secret = JSON.parse(body);
  return Object.values(data).map((value) => Buffer.from(value, "base64").toString("utf8"));
}

/** The names of all Secrets that a pod reads, into its environment or as files. */
export function secretsIn(spec: V1PodSpec | undefined): string[] {
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  const names = [
    ...containers.flatMap(({ env = [], envFrom = [] }) => [
      ...env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name),
      ...envFrom.map(({ secretRef }) => secretRef?.name),
    ]),
    ...(spec?.volumes ?? []).flatMap(({ secret, projected }) => [
      secret?.secretName,
      ...(projected?.sources ?? []).map((source) => source.secret?.name),
    ]),
  ];
  return [...new Set(names.filter((name) => name !== undefined))];
}
