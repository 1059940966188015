import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { V1Secret } from "@kubernetes/client-node";
import { applyRequest, type Cluster, type List } from "../../core/cluster.ts";
import type { Context } from "../../core/context.ts";
import { FairleadError, messageOf } from "../../core/errors.ts";
import type { Application } from "../../validate/application.ts";
import { readReleaseTexts } from "../releases/read.ts";
import type { SetValues } from "./values.ts";

/** The Secret of one set: a name that stands for exactly this content, and where it is needed. */
export interface DeliveredSecret {
  readonly set: string;
  readonly name: string;
  readonly namespaces: readonly string[];
  /** By key, in base64. */
  readonly data: Readonly<Record<string, string>>;
}

/** What Secrets of a release are found by; their namespace may hold those of other releases. */
const releaseLabel = "fairlead-release";
const releaseNamespaceLabel = "fairlead-release-namespace";
const setLabel = "fairlead-set";

type Release = Pick<Application, "release" | "namespace" | "namespaces">;

/**
 * Gives each set the name of the Secret that holds its content already, else a new one, so that a change of a value is a
 * change of the name. The suffix is random and not a digest of the content: names stand in pods, events, releases and logs,
 * where a digest would let anyone guess a short value by trying.
 */
export async function nameSecrets(
  cluster: Cluster,
  application: Release,
  sets: readonly SetValues[],
): Promise<readonly DeliveredSecret[]> {
  if (sets.length === 0) return [];
  const known = await listDelivered(cluster, application);
  return sets.map(({ name: set, set: { baseName, copies }, values }) => {
    const entries = [...values].map(([key, value]) => [key, Buffer.from(value).toString("base64")] as const);
    const data = Object.fromEntries(entries);
    const namespaces = [...new Set(copies.map(({ namespace }) => namespace))];
    const name = nameOfContent(known, { set, namespaces, data }) ?? `${baseName}-${randomBytes(5).toString("hex")}`;
    return { set, name, namespaces, data };
  });
}

/** A Secret of the same set that holds this content, unless one of the same name holds another somewhere. */
function nameOfContent(
  known: readonly V1Secret[],
  { set, namespaces, data }: Omit<DeliveredSecret, "name">,
): string | undefined {
  const relevant = known.filter(
    ({ metadata }) => metadata?.labels?.[setLabel] === set && namespaces.includes(metadata.namespace ?? ""),
  );
  const same = relevant.filter((secret) => isDeepStrictEqual(secret.data ?? {}, data));
  const others = new Set(relevant.filter((secret) => !same.includes(secret)).map(({ metadata }) => metadata?.name));
  return same.map(({ metadata }) => metadata?.name).find((name) => !others.has(name));
}

/** What the deploy adds to the values: names only, because values are kept in the release. */
export function secretNames(secrets: readonly DeliveredSecret[]): Readonly<Record<string, unknown>> {
  if (secrets.length === 0) return {};
  return { "deploy.secrets": Object.fromEntries(secrets.map(({ set, name }) => [set, name])) };
}

/** The objects that are applied, one for each namespace. */
export function secretObjects({ release, namespace: home }: Release, secrets: readonly DeliveredSecret[]) {
  return secrets.flatMap(({ set, name, namespaces, data }) =>
    namespaces.map((namespace) => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        name,
        namespace,
        labels: {
          "app.kubernetes.io/managed-by": "fairlead",
          [releaseLabel]: release,
          [releaseNamespaceLabel]: home,
          [setLabel]: set,
        },
      },
      type: "Opaque",
      immutable: true,
      data,
    })),
  );
}

/** Applies the Secrets in every namespace that needs them; one that is there already stays as it is. */
export async function applySecrets(
  cluster: Cluster,
  application: Release,
  secrets: readonly DeliveredSecret[],
): Promise<void> {
  const objects = secretObjects(application, secrets);
  await Promise.all(
    objects.map((object) => {
      const { namespace, name } = object.metadata;
      return cluster.read(applyRequest(`/api/v1/namespaces/${namespace}/secrets/${name}`, object));
    }),
  );
}

/**
 * Deletes the Secrets of a release that no revision in its history refers to, so that every rollback finds its own. What
 * cannot be deleted now is left to the next deploy, with a notice.
 *
 * @param current those of the newest revision, which are not even looked at.
 */
export async function pruneSecrets(
  { cluster, application, context }: { cluster: Cluster; application: Release; context: Context },
  current: readonly DeliveredSecret[],
): Promise<void> {
  try {
    await prune(cluster, application, new Set(current.map(({ name }) => name)));
  } catch (thrown) {
    context.signal.throwIfAborted();
    const said = `Secrets that are not used any more were left for now: ${messageOf(thrown)}`;
    context.runner.annotate("notice", said, "Secrets");
  }
}

async function prune(cluster: Cluster, application: Release, current: ReadonlySet<string>): Promise<void> {
  const older = (await listDelivered(cluster, application)).filter(
    ({ metadata }) => !current.has(metadata?.name ?? ""),
  );
  if (older.length === 0) return;
  const kept = await readReleaseTexts(cluster, application.namespace, application.release);
  const unused = older.filter(({ metadata }) => !kept.some((text) => text.includes(metadata?.name ?? "")));
  await Promise.all(unused.map((secret) => deleteSecret(cluster, secret)));
}

async function deleteSecret(cluster: Cluster, { metadata }: V1Secret): Promise<void> {
  const { name, namespace, uid } = metadata ?? {};
  const path = `/api/v1/namespaces/${namespace}/secrets/${name}`;
  await cluster.read({ method: "DELETE", path, body: { preconditions: { uid } } });
}

async function listDelivered(cluster: Cluster, { release, namespace: home, namespaces }: Release) {
  const labelSelector = `${releaseLabel}=${release},${releaseNamespaceLabel}=${home}`;
  const lists = await Promise.all(
    Object.keys(namespaces).map((namespace) =>
      cluster
        .read<List<V1Secret>>({ path: `/api/v1/namespaces/${namespace}/secrets`, query: { labelSelector } })
        .catch(leftToPreflight),
    ),
  );
  return lists.flatMap(({ items }) => items);
}

/** What may not be read is told by the preflight, with the Role that is missing. */
function leftToPreflight(thrown: unknown): List<V1Secret> {
  if (thrown instanceof FairleadError && thrown.code === "CLUSTER_FORBIDDEN") return { items: [] };
  throw thrown;
}
