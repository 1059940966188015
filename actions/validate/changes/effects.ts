import { isDeepStrictEqual } from "node:util";
import { at, isTree, listAt, type Tree, textAt } from "./tree.ts";

/** What a change does to what runs. */
export interface Effect {
  /**
   * `runs` a Job; `restarts` pods; `refused`: the API server does not change such a field, so the object must be replaced
   * by hand; `replaced` by an object of another name; `scaled` by an autoscaler from now on; `interrupts`
   * requests; `leaves-data` in a volume that nothing uses any more; `loses-data`.
   */
  readonly kind: "runs" | "restarts" | "refused" | "replaced" | "scaled" | "interrupts" | "leaves-data" | "loses-data";
  /** A few words for people. */
  readonly text: string;
}

/**
 * The effects of one object that is added (no `before`), removed (no `after`), changed, or has got another name.
 *
 * @param scaled whether an autoscaler decides its number of pods, where the object does not say it.
 */
export function effectsOf(before: Tree | undefined, after: Tree | undefined, scaled = false): Effect[] {
  if (before === undefined) return after?.["kind"] === "Job" ? [{ kind: "runs", text: "runs" }] : [];
  if (after === undefined) return removal(before);
  const renamed = textAt(before, "metadata", "name") !== textAt(after, "metadata", "name");
  if (renamed && after["kind"] === "Job") return [{ kind: "runs", text: "runs again" }];
  const kept = scaled ? keptNumber(before, after) : [];
  return [
    ...restart(before, after),
    ...kept,
    ...missedPorts(before, after),
    ...refusals(before, after),
    ...abandonedData(before, after, scaled),
  ];
}

/** A Service that finds its pods by numbers of ports asks all of them for the new one at once. */
function missedPorts(before: Tree, after: Tree): Effect[] {
  if (textAt(after, "kind") !== "Service") return [];
  const old = new Map(listAt(before, "spec", "ports").map((port) => [textAt(port, "name"), at(port, "targetPort")]));
  return listAt(after, "spec", "ports").flatMap((port): Effect[] => {
    const [from, to] = [old.get(textAt(port, "name")), at(port, "targetPort")];
    if (typeof from !== "number" || typeof to !== "number" || from === to) return [];
    const text = `requests fail until the rollout is over, unless the old pods listen on ${to} as well as on ${from}`;
    return [{ kind: "interrupts", text }];
  });
}

/** A deploy keeps the pods that there are until the autoscaler looks. */
function keptNumber(before: Tree, after: Tree): Effect[] {
  const [from, to] = [before, after].map((object) => at(object, "spec", "replicas"));
  const given = from !== undefined && to === undefined;
  return given ? [{ kind: "scaled", text: "keeps its number of pods for its autoscaler" }] : [];
}

function restart(before: Tree, after: Tree): Effect[] {
  const kind = textAt(after, "kind");
  if (isDeepStrictEqual(at(before, "spec", "template"), at(after, "spec", "template"))) return [];
  if (kind === "Job") return isHook(after) ? [{ kind: "runs", text: "runs again" }] : [];
  if (!["Deployment", "StatefulSet", "DaemonSet"].includes(kind)) return [];
  const strategy = textAt(after, "spec", "strategy", "type") || textAt(after, "spec", "updateStrategy", "type");
  if (strategy === "OnDelete") return [{ kind: "restarts", text: "restarts a pod when somebody deletes it" }];
  return [{ kind: "restarts", text: strategy === "Recreate" ? "restarts, all pods at once" : "restarts" }];
}

/** Fields that the API server lets nobody change (its validation of updates). */
const immutable: Readonly<Record<string, readonly (readonly string[])[]>> = {
  Deployment: [["spec", "selector"]],
  DaemonSet: [["spec", "selector"]],
  Service: [["spec", "clusterIP"]],
  RoleBinding: [["roleRef"]],
  ClusterRoleBinding: [["roleRef"]],
  Job: [
    ...["selector", "template", "completions", "completionMode", "podFailurePolicy", "successPolicy"],
    ...["backoffLimitPerIndex", "managedBy"],
  ].map((key) => ["spec", key]),
  PersistentVolume: ["hostPath", "nfs", "csi", "local", "nodeAffinity", "volumeMode"].map((key) => ["spec", key]),
};

/** Kinds of whose `spec` only these keys can be changed. */
const mutable: Readonly<Record<string, readonly string[]>> = {
  StatefulSet: [
    ...["replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit"],
    ...["persistentVolumeClaimRetentionPolicy", "minReadySeconds"],
  ],
  PersistentVolumeClaim: ["resources", "volumeAttributesClassName"],
};

function refusals(before: Tree, after: Tree): Effect[] {
  const kind = textAt(after, "kind");
  const free = mutable[kind];
  const specKeys = [before, after].flatMap((object) => Object.keys((at(object, "spec") ?? {}) as Tree));
  const fixed = free === undefined ? [] : [...new Set(specKeys)].filter((key) => !free.includes(key));
  // Helm deletes the last run of a hook before it makes the next one.
  const paths = isHook(after) ? [] : [...(immutable[kind] ?? []), ...fixed.map((key) => ["spec", key])];
  if (before["immutable"] === true) paths.push(["data"], ["binaryData"], ["stringData"]);
  const changed = paths.filter((path) => !isDeepStrictEqual(at(before, ...path), at(after, ...path)));
  const shrinks = kind === "PersistentVolumeClaim" && bytesOf(requestOf(after)) < bytesOf(requestOf(before));
  return [
    ...changed.map((path): Effect => ({ kind: "refused", text: `${path.join(".")} cannot be changed in place` })),
    ...(shrinks ? [{ kind: "refused", text: "a claim cannot shrink" } as const] : []),
  ];
}

function isHook(object: Tree): boolean {
  return textAt(object, "metadata", "annotations", "helm.sh/hook") !== "";
}

function requestOf(claim: Tree): string {
  return textAt(claim, "spec", "resources", "requests", "storage");
}

const factors: Readonly<Record<string, number>> = {
  ...{ "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

/** A size in Kubernetes' notation; NaN, which is never less, for what is none. */
function bytesOf(quantity: string): number {
  const [, digits = "", unit = ""] = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/.exec(quantity) ?? [];
  return digits === "" ? Number.NaN : Number(digits) * (factors[unit] ?? Number.NaN);
}

function removal(before: Tree): Effect[] {
  const kept = textAt(before, "metadata", "annotations", "helm.sh/resource-policy") === "keep";
  const kind = textAt(before, "kind");
  if (kind === "StatefulSet" && claimTemplates(before).length > 0) {
    const deleted = textAt(before, "spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted") === "Delete";
    return deleted
      ? [{ kind: "loses-data", text: "its claims are deleted with it" }]
      : [{ kind: "leaves-data", text: "its claims stay, unused" }];
  }
  if (!["PersistentVolumeClaim", "PersistentVolume", "Namespace"].includes(kind)) return [];
  if (kept) return [{ kind: "leaves-data", text: "stays in the cluster, unused" }];
  return [{ kind: "loses-data", text: kind === "Namespace" ? "everything in it is deleted" : "its data are deleted" }];
}

/** Volumes that pods had and have no more; their data are there still, but not for the application. */
function abandonedData(before: Tree, after: Tree, scaled: boolean): Effect[] {
  const gone = [...volumesOf(before)].filter((volume) => !volumesOf(after).has(volume));
  const effects: Effect[] = gone.map((volume) => ({ kind: "leaves-data", text: `no longer mounts ${volume}` }));
  const from = Number(at(before, "spec", "replicas") ?? 1);
  const to = Number(at(after, "spec", "replicas") ?? (scaled ? from : 1));
  const deletes = textAt(after, "spec", "persistentVolumeClaimRetentionPolicy", "whenScaled") === "Delete";
  if (deletes && claimTemplates(after).length > 0 && to < from) {
    effects.push({ kind: "loses-data", text: "the claims of the pods that go are deleted" });
  }
  return effects;
}

/** Where a workload keeps data that outlive its pods, in words. */
function volumesOf(workload: Tree): Set<string> {
  const found = listAt(workload, "spec", "template", "spec", "volumes").flatMap((volume) => {
    const claim = textAt(volume, "persistentVolumeClaim", "claimName");
    const path = textAt(volume, "hostPath", "path");
    return [claim === "" ? [] : [`claim ${claim}`], path === "" ? [] : [`${path} of the node`]].flat();
  });
  return new Set([...found, ...claimTemplates(workload).map((name) => `the claims ${name}-…`)]);
}

function claimTemplates(workload: Tree): string[] {
  return listAt(workload, "spec", "volumeClaimTemplates")
    .filter(isTree)
    .map((claim) => textAt(claim, "metadata", "name"));
}
