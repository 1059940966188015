import type { V1PersistentVolumeClaim, V1Secret } from "@kubernetes/client-node";
import type { Cluster } from "../../core/cluster.ts";
import type { Lock } from "../../deploy/lock/keep.ts";
import { pullSecretName } from "../../deploy/namespace.ts";
import { scopeOf } from "../../deploy/rollout.ts";
import type { Application } from "../../validate/application.ts";
import { readObject, remove as removeObject } from "../objects.ts";
import { type Operation, refused } from "../operation.ts";
import type { Outcome } from "../outcome.ts";
import { isSelected } from "../target.ts";

/** Something that outlives a release, as `confirm` names it. */
interface Kept {
  readonly name: string;
  readonly path: string;
  /** Why it cannot be deleted with this release. */
  readonly obstacle?: string;
}

/**
 * Removes a release. Its claims, Secrets and namespaces stay, each unless `confirm` names it, since what is in them cannot be
 * brought back.
 *
 * @throws FairleadError OPERATION_REFUSED when `confirm` names what is not this application's, before anything is removed.
 */
export async function remove(operation: Operation, lock: Lock): Promise<Outcome> {
  const { application, cluster, context, helm, inputs, timeout } = operation;
  const { release, namespace } = application;
  const all = await keptBy(operation);
  const confirmed = new Set(inputs.confirm.map((line) => choose(all, line, application)));
  // In the order of the list, whatever that of the lines is: namespaces last.
  const chosen = all.filter((one) => confirmed.has(one));
  await lock.confirm();
  await helm.uninstall(release, namespace, timeout);
  for (const { path } of chosen) await removeObject(cluster, path);
  const left = all.filter((one) => !confirmed.has(one));
  const rows = [
    ...chosen.map(({ name }) => ({ object: name, what: "deleted" })),
    ...left.map(({ name }) => ({ object: name, what: "kept" })),
  ];
  const also = chosen.length === 0 ? "" : `, with ${chosen.map(({ name }) => name).join(", ")}`;
  const kept = left.length === 0 ? "" : `; kept: ${left.map(({ name }) => name).join(", ")}`;
  const hosts = [...new Set(application.ingress.map(({ host }) => host))];
  if (hosts.length > 0) {
    const records = `Nobody removes the DNS records of ${hosts.join(", ")}; they may lead to what comes after.`;
    context.runner.annotate("notice", records, "Left behind");
  }
  const said = `${release} is removed${also}${kept}`;
  return { status: "removed", said, revision: 0, sections: [{ name: "Beside the release", rows }] };
}

function choose(all: readonly Kept[], line: string, { release }: Application): Kept {
  const found = all.find(({ name }) => name === line);
  if (found === undefined) {
    const known = all.map(({ name }) => name).join(", ") || "none";
    throw refused(`\`confirm\` names ${line}, which ${release} does not have.`, `It may name: ${known}.`);
  }
  if (found.obstacle === undefined) return found;
  throw refused(`${line} cannot be deleted: ${found.obstacle}.`, "Remove that first, or keep it.");
}

/** Everything of an application that an uninstall leaves; namespaces last, since the others are in them. */
async function keptBy(operation: Operation): Promise<Kept[]> {
  const { application } = operation;
  const parts = Object.keys(application.namespaces).map((namespace) => keptIn(operation, namespace));
  const [found, volumes] = await Promise.all([Promise.all(parts), volumesOf(operation)]);
  return [
    ...found.flatMap(({ claims }) => claims),
    ...volumes,
    ...found.flatMap(({ secrets }) => secrets),
    ...found.map(({ own }) => own),
  ];
}

/** The volumes of `storage`, each a folder on a node: a claim that is made anew only gets a volume that is made anew. */
async function volumesOf({ application, cluster }: Operation): Promise<Kept[]> {
  const names = Object.values(application.components).flatMap(({ storage }) => storage?.volume ?? []);
  const all = names.map((name) => keptAt("volume", name, "/api/v1/persistentvolumes"));
  const there = await Promise.all(all.map(({ path }) => readObject(cluster, path)));
  return all.filter((_, index) => there[index] !== undefined);
}

async function keptIn(operation: Operation, namespace: string) {
  const { application, cluster } = operation;
  const root = `/api/v1/namespaces/${namespace}`;
  const [claims, secrets] = await Promise.all([
    listItems<V1PersistentVolumeClaim>(cluster, `${root}/persistentvolumeclaims`),
    listItems<V1Secret>(cluster, `${root}/secrets`),
  ]);
  const isOwnClaim = ({ metadata }: V1PersistentVolumeClaim) => isOwn(application, namespace, metadata?.labels);
  // What another object owns goes with it.
  const isOwnSecret = ({ metadata }: V1Secret) =>
    metadata?.ownerReferences === undefined &&
    (metadata?.labels?.["fairlead-release"] === application.release ||
      secretNames(application).has(metadata?.name ?? ""));
  const others = secrets.flatMap(({ metadata }) => {
    const { owner, name = "" } = metadata?.labels ?? {};
    return owner === "helm" && name !== application.release ? [name] : [];
  });
  return {
    claims: claims
      .filter(isOwnClaim)
      .map(({ metadata }) => keptAt("claim", metadata?.name, `${root}/persistentvolumeclaims`)),
    secrets: secrets.filter(isOwnSecret).map(({ metadata }) => keptAt("secret", metadata?.name, `${root}/secrets`)),
    own: { name: `namespace/${namespace}`, path: root, ...obstacleIn(namespace, others) },
  };
}

function keptAt(kind: string, name: string | undefined, collection: string): Kept {
  return { name: `${kind}/${name}`, path: `${collection}/${name}` };
}

/** Namespaces of the cluster itself, and those with a release of somebody else. */
function obstacleIn(namespace: string, others: readonly string[]): { readonly obstacle?: string } {
  if (/^(default|kube-.*)$/.test(namespace)) return { obstacle: "it is the cluster's own" };
  if (others.length > 0) return { obstacle: `it holds the release ${[...new Set(others)].join(", ")}` };
  return {};
}

/** The chart labels its claims; a StatefulSet labels what it makes from a template as it selects its pods. */
function isOwn(application: Application, namespace: string, labels: Readonly<Record<string, string>> = {}): boolean {
  if (labels["app.kubernetes.io/instance"] === scopeOf(application).instance) return true;
  const sets = Object.values(application.components).filter(({ kind }) => kind === "StatefulSet");
  return sets.some((set) => set.namespace === namespace && isSelected(labels, set.selector));
}

/** Secrets that others made for the application: the pull secret, certificates, what Infisical's operator delivers. */
function secretNames(application: Application): ReadonlySet<string> {
  const certificates = application.ingress.flatMap(({ tlsName }) => tlsName ?? []);
  const delivered = Object.values(application.secrets).flatMap(({ existing, secretName }) =>
    existing ? [] : [secretName],
  );
  return new Set([pullSecretName(application.name), ...certificates, ...delivered]);
}

async function listItems<T>(cluster: Cluster, path: string): Promise<readonly T[]> {
  const { items } = await cluster.read<{ readonly items: readonly T[] | null }>({ path });
  return items ?? [];
}
