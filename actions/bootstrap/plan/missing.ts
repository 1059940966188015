import type { Cluster } from "../../core/cluster.ts";
import { aboutTarget, type Outcome, type Target } from "../target.ts";
import type { Surveyed } from "./survey.ts";

/** A list whose items have nothing but their metadata (Kubernetes API concepts, "Metadata only fetches"). */
const metadataOnly = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
const pageSize = 500;

interface Page {
  readonly metadata?: { readonly continue?: string };
  readonly items: readonly { readonly metadata: { readonly namespace?: string; readonly labels?: Labels } }[] | null;
}
type Labels = Readonly<Record<string, string>>;

/** The releases of a cluster that have a revision in use, as `namespace/name`. A release that never got so far is missing. */
export async function existingReleases(cluster: Pick<Cluster, "read">): Promise<Set<string>> {
  const releases = new Set<string>();
  let next: string | undefined = "";
  while (next !== undefined) {
    const selection = { labelSelector: "owner=helm,status=deployed", limit: String(pageSize) };
    const query: Record<string, string> = next === "" ? selection : { ...selection, continue: next };
    const { items, metadata }: Page = await cluster.read({ path: "/api/v1/secrets", query, accept: metadataOnly });
    for (const { metadata: about } of items ?? []) releases.add(`${about.namespace}/${about.labels?.["name"]}`);
    next = metadata?.continue || undefined;
  }
  return releases;
}

/** Splits targets into those that have an environment without a release, and those that need not be deployed. */
export function splitMissing(targets: readonly Target[], surveyed: readonly Surveyed[], existing: ReadonlySet<string>) {
  const declared = new Map(surveyed.map((one) => [one.repository?.name, one.declared]));
  const isThere = ({ repository, environments }: Target) =>
    environments.length > 0 &&
    environments.every((environment) => {
      const release = declared.get(repository)?.environments[environment]?.release;
      return release !== undefined && existing.has(`${release.namespace}/${release.name}`);
    });
  const there = targets.filter(isThere);
  return {
    missing: targets.filter((target) => !there.includes(target)),
    skipped: there.map(
      (target): Outcome => ({
        ...aboutTarget(target),
        ...{ status: "skipped", dispatched: false, seconds: 0, reason: "Its release is there." },
      }),
    ),
  };
}
