import type { V1ObjectMeta, V1Secret } from "@kubernetes/client-node";
import { type Cluster, fieldManager, unless } from "../../core/cluster.ts";
import type { PlainRequest } from "../../core/connection.ts";
import { type Revision, type RunMark, revisionLabels, runOf, toRevision, verifiedLabels } from "./revision.ts";
import { decode, encode, metadataOf, pathOf, type ReleaseDocument, type SecretMetadata } from "./secret.ts";

/** Marks a revision as made by fairlead, and by which run; gives it as it is then. */
export async function markMade(
  cluster: Cluster,
  namespace: string,
  release: string,
  number: number,
  run: RunMark,
): Promise<Revision> {
  return await mark(cluster, namespace, release, number, { labels: revisionLabels(number), annotations: runOf(run) });
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
  const labels = verifiedLabels(number);
  await mark(cluster, namespace, release, number, { labels, annotations: run === undefined ? {} : runOf(run) });
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
  return toRevision(await cluster.read<SecretMetadata>(marking(namespace, release, number, metadata)));
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

/**
 * Rewrites a revision to `deployed`: a Helm that has installed, and could not write that down, ends as if it had (helm 4.2 and
 * 3.21, pkg/action/install.go), and the next one takes it for under way.
 */
export async function markDeployed(
  cluster: Cluster,
  namespace: string,
  release: string,
  number: number,
  description: string,
): Promise<void> {
  await markStatus(cluster, namespace, release, number, { status: "deployed", description });
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
