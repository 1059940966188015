import { gunzipSync, gzipSync } from "node:zlib";
import type { V1ObjectMeta, V1Secret } from "@kubernetes/client-node";
import { type Cluster, fieldManager, type List, unless } from "../core/cluster.ts";
import type { PlainRequest } from "../core/connection.ts";
import { timeOf } from "./tracking/snapshot.ts";

/** One revision of a release, as Helm keeps it in a Secret. */
export interface Revision {
  readonly number: number;
  /** `deployed`, `superseded`, `failed`, `pending-upgrade`, … */
  readonly status: string;
  /** Whether fairlead made this revision, and whether it saw it healthy. */
  readonly ours: boolean;
  readonly verified: boolean;
  /** When Helm began with it, milliseconds since 1970 by the cluster's clock. */
  readonly createdAt: number;
  /** The run that made it, when fairlead did. */
  readonly madeBy: RunMark | undefined;
  /** What Helm says of it; read for the newest revision, and where the choice of a baseline hangs on it. */
  readonly words?: RevisionWords;
}

/** What stands in the document of a revision only, which holds the whole release and may have a mebibyte. */
export interface RevisionWords {
  readonly description: string;
  /** Whether the API server merged its objects (`ssa`), or Helm did (`csa`, and all of Helm 3). */
  readonly applyMethod: "ssa" | "csa";
  /** The environment that its manifest was resolved for; absent for what was not made from a manifest. */
  readonly environment?: string | undefined;
  /** Its objects as Helm rendered them, without its hooks. */
  readonly rendered: string;
}

/** A workflow run as a revision remembers it. */
export interface RunMark {
  readonly repository: string;
  readonly workflow: string;
  readonly number: number;
  readonly commit: string;
}

/** The status of a release that Helm removes. */
const uninstalling = "uninstalling";

/** Labels by which fairlead knows its revisions. Helm copies labels into the next revision, hence the numbers. */
const revisionLabel = "fairlead-revision";
const verifiedLabel = "fairlead-verified";
const runAnnotation = "fairlead/run";

/** The labels that a revision is applied with. */
export function revisionLabels(number: number): Record<string, string> {
  return { [revisionLabel]: String(number) };
}

/** The part of Helm's release document that is read and written here (helm pkg/release/v1). */
interface ReleaseDocument {
  apply_method?: string;
  version: number;
  /** The rendered objects, without hooks. */
  manifest: string;
  hooks?: readonly { readonly manifest: string }[];
  /** The values that it was given. */
  config?: { readonly environment?: string; readonly deploy?: { readonly images?: Readonly<Record<string, string>> } };
  chart?: { readonly metadata?: { readonly version?: string }; readonly values?: { readonly cluster?: unknown } };
  info: { status: string; description: string };
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
  readonly applyMethod: RevisionWords["applyMethod"];
  /** What Helm says of it. */
  readonly description: string;
  /** The values that it was given, and what its chart says of the cluster by itself. */
  readonly values: unknown;
  readonly facts: unknown;
}

/** Objects with nothing but their metadata (Kubernetes API concepts, "Metadata only fetches"): a release may be large. */
function metadataOf(kind: "PartialObjectMetadata" | "PartialObjectMetadataList"): string {
  return `application/json;as=${kind};g=meta.k8s.io;v=v1`;
}

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

function applyMethodOf({ apply_method }: ReleaseDocument): RevisionWords["applyMethod"] {
  return apply_method === "ssa" ? "ssa" : "csa";
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

/** The Secret of a revision as far as a list of metadata shows it. */
type SecretMetadata = Pick<V1Secret, "metadata">;

/** A revision from the Secret that Helm keeps it in. */
export function toRevision({
  metadata: { labels = {}, annotations = {}, creationTimestamp } = {},
}: SecretMetadata): Revision {
  const number = labels["version"] ?? "0";
  const status = labels["status"] ?? "unknown";
  return {
    number: Number(number),
    status,
    ours: labels[revisionLabel] === number,
    verified: labels[verifiedLabel] === number,
    // An uninstall works on a revision that was made before; Helm stamps what it writes over.
    createdAt: status === uninstalling ? Number(labels["modifiedAt"] ?? 0) * 1_000 : timeOf(creationTimestamp),
    madeBy: parseMark(annotations[runAnnotation]),
  };
}

/** People can edit annotations; one that is no mark any more counts as none. */
function parseMark(text: string | undefined): RunMark | undefined {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The revision that a failed deploy goes back to: the newest that was verified; where there is none, the newest that
 * fairlead did not make and that Helm finished. A revision of a run that was lost is neither.
 */
export function baselineOf(revisions: readonly Revision[]): Revision | undefined {
  const newestFirst = [...revisions].sort((left, right) => right.number - left.number);
  const foreign = newestFirst.filter((revision) => !revision.ours);
  return (
    newestFirst.find((revision) => revision.verified) ??
    foreign.find((revision) => revision.status === "deployed") ??
    foreign.find(
      ({ status, words }) =>
        status === "superseded" && /^(Install complete|Upgrade complete|Rollback to)/.test(words?.description ?? ""),
    )
  );
}

/** Whether Helm began with a revision, or to remove it, and has not ended, or was killed. */
export function isPending({ status }: Revision): boolean {
  return status.startsWith("pending-") || status === uninstalling;
}

/** Marks a revision as made by fairlead, and by which run. */
export async function markMade(cluster: Cluster, namespace: string, release: string, number: number, run: RunMark) {
  await mark(cluster, namespace, release, number, { labels: revisionLabels(number), annotations: runOf(run) });
}

/**
 * Marks a revision as seen healthy, and as made by fairlead.
 *
 * @param run who made what a rollback brought back: Helm does not copy annotations into the next revision.
 */
export async function markVerified(
  cluster: Cluster,
  namespace: string,
  release: string,
  number: number,
  run?: RunMark | undefined,
): Promise<void> {
  const labels = { ...revisionLabels(number), [verifiedLabel]: String(number) };
  await mark(cluster, namespace, release, number, { labels, annotations: run === undefined ? {} : runOf(run) });
}

function runOf(run: RunMark): Record<string, string> {
  return { [runAnnotation]: JSON.stringify(run) };
}

/**
 * Writes down again by which run a revision was made: Helm drops annotations when it marks a revision as superseded. One that
 * Helm has deleted since needs none.
 */
export async function keepMark(cluster: Cluster, namespace: string, release: string, revision: Revision | undefined) {
  if (revision?.madeBy === undefined) return;
  await cluster.call(marking(namespace, release, revision.number, { annotations: runOf(revision.madeBy) }));
}

async function mark(cluster: Cluster, namespace: string, release: string, number: number, metadata: Marks) {
  await cluster.read(marking(namespace, release, number, metadata));
}

type Marks = Pick<V1ObjectMeta, "labels" | "annotations">;

/** Adds to the metadata of a revision, by one call that carries nothing else of it. */
function marking(namespace: string, release: string, number: number, metadata: Marks): PlainRequest {
  return {
    method: "PATCH",
    path: pathOf(namespace, release, number),
    query: { fieldManager },
    accept: metadataOf("PartialObjectMetadata"),
    contentType: "application/merge-patch+json",
    body: { metadata },
  };
}

/** Rewrites a revision to `failed`, with the cause as its description, so that `helm history` tells the truth. */
export async function markFailed(cluster: Cluster, namespace: string, release: string, number: number, cause: string) {
  await markStatus(cluster, namespace, release, number, { status: "failed", description: cause });
}

async function markStatus(
  cluster: Cluster,
  namespace: string,
  release: string,
  number: number,
  info: Partial<ReleaseDocument["info"]> & { readonly status: string },
): Promise<void> {
  await patch(cluster, namespace, release, number, (secret) => {
    const document = decode(secret.data?.["release"] ?? "");
    document.info = { ...document.info, ...info };
    const labels = { ...secret.metadata?.labels, status: info.status };
    const data = { ...secret.data, release: encode(document) };
    return { ...secret, data, metadata: { ...secret.metadata, labels } };
  });
}

/** A revision that is another one but for this. */
export interface Restated {
  readonly number: number;
  readonly description: string;
  readonly manifest: string;
}

/**
 * Writes a revision down again as a newer one with other objects, though none is applied: Helm compares the next objects with
 * these. The new one takes over its status, but not that it was seen healthy.
 */
export async function restate(
  cluster: Cluster,
  { namespace, release }: { readonly namespace: string; readonly release: string },
  { number: from, status }: Revision,
  { number, description, manifest }: Restated,
): Promise<void> {
  const { metadata, type, data } = await cluster.read<V1Secret>({ path: pathOf(namespace, release, from) });
  const document = decode(data?.["release"] ?? "");
  const info = { ...document.info, description };
  const labels = { ...metadata?.labels, ...revisionLabels(number), version: String(number) };
  const path = pathOf(namespace, release, number);
  const name = path.slice(path.lastIndexOf("/") + 1);
  const body = {
    apiVersion: "v1",
    kind: "Secret",
    type,
    metadata: { name, namespace, labels },
    data: { release: encode({ ...document, version: number, manifest, info }) },
  };
  const collection = path.slice(0, path.lastIndexOf("/"));
  // A try whose answer was lost has made it.
  await cluster.ask(() => unless([409], () => cluster.send({ method: "POST", path: collection, body })));
  if (status === "deployed") await markStatus(cluster, namespace, release, from, { status: "superseded" });
}

async function patch(
  cluster: Cluster,
  namespace: string,
  release: string,
  number: number,
  change: (secret: V1Secret) => V1Secret,
): Promise<void> {
  const path = pathOf(namespace, release, number);
  await cluster.ask(async () => {
    // Read within each try: the resource version in it makes a write over somebody else's change fail.
    const secret = await cluster.send<V1Secret>({ path });
    await cluster.send({ method: "PUT", path, body: change(secret) });
  });
}

/** The path of the Secret in which Helm keeps a revision. */
function pathOf(namespace: string, release: string, number: number): string {
  return `/api/v1/namespaces/${namespace}/secrets/sh.helm.release.v1.${release}.v${number}`;
}

function decode(data: string): ReleaseDocument {
  return JSON.parse(decodeText(data));
}

/** Helm stores gzipped JSON as base64, which the Secret holds as base64 once more. */
function decodeText(data: string): string {
  const inner = Buffer.from(Buffer.from(data, "base64").toString("latin1"), "base64");
  return gunzipSync(inner).toString("utf8");
}

function encode(document: ReleaseDocument): string {
  const inner = gzipSync(JSON.stringify(document)).toString("base64");
  return Buffer.from(inner, "latin1").toString("base64");
}
