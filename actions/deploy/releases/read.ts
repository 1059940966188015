import type { V1Secret } from "@kubernetes/client-node";
import type { Cluster, List } from "../../core/cluster.ts";
import { type Revision, toRevision } from "./revision.ts";
import {
  type ApplyMethod,
  applyMethodOf,
  decode,
  decodeText,
  metadataOf,
  pathOf,
  type SecretMetadata,
} from "./secret.ts";

/** All revisions of a release, newest first. */
export async function listRevisions(cluster: Cluster, namespace: string, release: string): Promise<Revision[]> {
  const { items } = await cluster.read<{ items: readonly SecretMetadata[] | null }>({
    path: `/api/v1/namespaces/${namespace}/secrets`,
    query: { labelSelector: `owner=helm,name=${release}` },
    accept: metadataOf("PartialObjectMetadataList"),
  });
  // No items are null here.
  const revisions = (items ?? []).map(toRevision).sort((left, right) => right.number - left.number);
  const decided = revisions.some((one) => one.verified || (!one.ours && one.status === "deployed"));
  return await Promise.all(
    revisions.map(async (revision, index) => {
      const open = !decided && !revision.ours && revision.status === "superseded";
      if (index > 0 && !open) return revision;
      const document = await readDocument(cluster, namespace, release, revision.number);
      const { info, config, manifest } = document;
      const applyMethod = applyMethodOf(document);
      const words = {
        description: info.description,
        applyMethod,
        environment: config?.environment,
        rendered: manifest,
      };
      return { ...revision, words };
    }),
  );
}

/** A release somewhere in a cluster, as far as the metadata of its revisions tells. */
export interface FoundRelease {
  readonly release: string;
  readonly namespace: string;
  /** The number of its newest revision. */
  readonly newest: number;
  /** The repository that made it last, when fairlead did. */
  readonly repository: string | undefined;
}

/**
 * Every release in a namespace, or in the whole cluster; of one name, if that is given.
 *
 * @throws FairleadError CLUSTER_FORBIDDEN when the Secrets there may not be listed.
 */
export async function findReleases(
  cluster: Pick<Cluster, "read">,
  { namespace, release }: { readonly namespace?: string | undefined; readonly release?: string | undefined },
): Promise<FoundRelease[]> {
  const { items } = await cluster.read<{ items: readonly SecretMetadata[] | null }>({
    path: namespace === undefined ? "/api/v1/secrets" : `/api/v1/namespaces/${namespace}/secrets`,
    query: { labelSelector: release === undefined ? "owner=helm" : `owner=helm,name=${release}` },
    accept: metadataOf("PartialObjectMetadataList"),
  });
  const found = new Map<string, FoundRelease>();
  const oldestFirst = (items ?? [])
    .map((item) => ({ item, revision: toRevision(item) }))
    .sort((left, right) => left.revision.number - right.revision.number);
  for (const { item, revision } of oldestFirst) {
    const { namespace: place = "", labels } = item.metadata ?? {};
    const name = labels?.["name"] ?? "";
    const key = `${place}/${name}`;
    // A revision that Helm made by hand has no mark.
    const repository = revision.madeBy?.repository ?? found.get(key)?.repository;
    found.set(key, { release: name, namespace: place, newest: revision.number, repository });
  }
  return [...found.values()];
}

/** What a revision is made of. */
export interface ReleaseContent {
  /** All its objects as Helm rendered them, hooks included. */
  readonly rendered: string;
  /** Version of its chart; empty when Helm did not keep it. */
  readonly chart: string;
}

/** The same with what it was made from. */
export interface KeptRelease extends ReleaseContent {
  /** Its objects without its hooks. */
  readonly manifest: string;
  readonly applyMethod: ApplyMethod;
  /** What Helm says of it. */
  readonly description: string;
  /** The values that it was given, and what its chart says of the cluster by itself. */
  readonly values: unknown;
  readonly facts: unknown;
}

/** What a revision is made of. */
export async function readContentOf(
  cluster: Pick<Cluster, "read">,
  namespace: string,
  release: string,
  number: number,
): Promise<KeptRelease> {
  const document = await readDocument(cluster, namespace, release, number);
  const { manifest, hooks = [], chart, config: values = {}, info } = document;
  const rendered = [manifest, ...hooks.map((hook) => hook.manifest)].join("\n---\n");
  return {
    rendered,
    manifest,
    applyMethod: applyMethodOf(document),
    chart: chart?.metadata?.version ?? "",
    description: info.description,
    values,
    facts: chart?.values?.cluster,
  };
}

/** The images that a revision was deployed with, by component. */
export async function readImagesOf(
  cluster: Cluster,
  namespace: string,
  release: string,
  number: number,
): Promise<Readonly<Record<string, string>>> {
  return (await readDocument(cluster, namespace, release, number)).config?.deploy?.images ?? {};
}

async function readDocument(cluster: Pick<Cluster, "read">, namespace: string, release: string, number: number) {
  const { data } = await cluster.read<V1Secret>({ path: pathOf(namespace, release, number) });
  return decode(data?.["release"] ?? "");
}

/** Everything that Helm keeps of each revision of a release: its values, its objects, its hooks. */
export async function readReleaseTexts(cluster: Cluster, namespace: string, release: string): Promise<string[]> {
  const query = { labelSelector: `owner=helm,name=${release}` };
  const { items } = await cluster.read<List<V1Secret>>({ path: `/api/v1/namespaces/${namespace}/secrets`, query });
  return items.map(({ data }) => decodeText(data?.["release"] ?? ""));
}
