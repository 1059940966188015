import { isDeepStrictEqual } from "node:util";
import { oneLine } from "../problem.ts";
import { type Effect, effectsOf } from "./effects.ts";
import { createHider, type Hider } from "./hide.ts";
import { hostsOf } from "./hosts.ts";
import { changedKeys, type KeyChange } from "./keys.ts";
import { unifiedDiff } from "./patch.ts";
import { at, type Tree, textAt } from "./tree.ts";

/** How one rendered object differs. */
export interface ObjectChange {
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty for an object of the whole cluster. */
  readonly namespace: string;
  readonly name: string;
  readonly change: "added" | "changed" | "removed";
  readonly effects: readonly Effect[];
  /** The keys that differ; none for an object that is added or removed. */
  readonly keys: readonly KeyChange[];
  /** Unified diff, without secrets. */
  readonly diff: string;
}

/** How two renders of an environment differ. */
export interface RenderChanges {
  readonly objects: readonly ObjectChange[];
  /** Hosts that are routed no more; whoever keeps their DNS records does not remove these. */
  readonly hosts: readonly string[];
  /** The namespaces that the application leaves for others, with all that runs there. */
  readonly left: readonly string[];
}

/** Compares what was rendered for one environment. Objects are the same when group, kind, namespace and name are. */
export function compareObjects(before: readonly Tree[], after: readonly Tree[]): RenderChanges {
  const hider = createHider();
  const left = namespacesLeft(before, after);
  // Helm leaves alone what a release of another namespace made.
  const [from, to] = [left.length > 0 ? [] : before, after].map(
    (objects) => new Map(objects.map((one) => [keyOf(one), one])),
  );
  const keys = [...new Set([...(from?.keys() ?? []), ...(to?.keys() ?? [])])];
  const changed = keys.filter((key) => !isDeepStrictEqual(from?.get(key), to?.get(key)));
  const scaled = scaledIn(after);
  const objects = changed.map((key) => objectChange(from?.get(key), to?.get(key), scaled, hider));
  const hosts = hostsOf(after);
  return { objects: pairRenamed(objects), hosts: [...hostsOf(before)].filter((host) => !hosts.has(host)), left };
}

/** What autoscalers decide the number of pods of. */
function scaledIn(objects: readonly Tree[]): ReadonlySet<string> {
  const scalers = objects.filter((object) => textAt(object, "kind") === "HorizontalPodAutoscaler");
  return new Set(scalers.map((scaler) => workloadKey(scaler, at(scaler, "spec", "scaleTargetRef"))));
}

/** What an autoscaler would name, in its own namespace. */
function workloadKey(object: Tree, named: unknown): string {
  return [textAt(object, "metadata", "namespace"), textAt(named, "kind"), textAt(named, "name")].join("\n");
}

function objectChange(
  before: Tree | undefined,
  after: Tree | undefined,
  scaled: ReadonlySet<string>,
  hider: Hider,
): ObjectChange {
  const object = after ?? before ?? {};
  const [kind, name] = [textAt(object, "kind"), textAt(object, "metadata", "name")];
  const isScaled = scaled.has(workloadKey(object, { kind, name }));
  const [oldShown, newShown] = [before, after].map((one) => (one === undefined ? undefined : hider.object(one)));
  return {
    ...{ apiVersion: textAt(object, "apiVersion"), kind, namespace: textAt(object, "metadata", "namespace"), name },
    change: before === undefined ? "added" : after === undefined ? "removed" : "changed",
    effects: effectsOf(before, after, isScaled),
    keys: before === undefined || after === undefined ? [] : changedKeys(oldShown, newShown),
    diff: unifiedDiff(oneLine(`${kind}/${name}`), oldShown, newShown),
  };
}

/** What makes an object the same as another. */
function keyOf(object: Tree): string {
  const group = textAt(object, "apiVersion").split("/").slice(0, -1).join("/");
  const [kind, name] = [textAt(object, "kind"), textAt(object, "metadata", "name")];
  // A Job that runs on a change has a hash of its content in its name.
  const stem = kind === "Job" ? name.replace(/-[0-9a-f]{10}$/, "") : name;
  return [group, kind, textAt(object, "metadata", "namespace"), stem].join("\n");
}

/** All namespaces that were used, when none of them is used now: a release then is a new one. */
function namespacesLeft(before: readonly Tree[], after: readonly Tree[]): string[] {
  const [old, now] = [before, after].map((objects) => objects.map((object) => textAt(object, "metadata", "namespace")));
  const used = [...new Set(old)].filter((namespace) => namespace !== "").sort();
  return now?.some((namespace) => namespace !== "") && !used.some((namespace) => now.includes(namespace)) ? used : [];
}

/** Where one object of a kind goes and one comes in its namespace, the second takes the place of the first. */
function pairRenamed(changes: readonly ObjectChange[]): ObjectChange[] {
  const place = ({ kind, namespace }: ObjectChange) => `${kind}\n${namespace}`;
  const alike = (one: ObjectChange, change: "added" | "removed") =>
    changes.filter((other) => other.change === change && place(other) === place(one));
  return changes.map((one) => {
    const [gone, ...moreGone] = alike(one, "removed");
    const [come, ...moreCome] = alike(one, "added");
    const single = gone !== undefined && come !== undefined && moreGone.length + moreCome.length === 0;
    if (!single || one.change === "changed") return one;
    const text = one === come ? `takes the place of ${gone.name}` : `${come.name} takes its place`;
    return { ...one, effects: [{ kind: "replaced", text }, ...one.effects] };
  });
}

/** The objects that differ, counted by what became of them, as `2 changed, 1 added`. */
export function countOf(objects: readonly Pick<ObjectChange, "change">[]): string {
  const counts = (["changed", "added", "removed"] as const).map((change) => {
    const count = objects.filter((object) => object.change === change).length;
    return count === 0 ? [] : [`${count} ${change}`];
  });
  return counts.flat().join(", ");
}

const untilReplaced = "; a deploy is refused until the object is deleted, or has another name";

/** What is worth a warning beside the line of an environment. */
export function warningsOf(changes: RenderChanges): string[] {
  return [...gapsOf(changes), ...lossesOf(changes)];
}

/** What fails while the change is made. */
export function gapsOf({ objects }: RenderChanges): string[] {
  return sentences(objects, ["interrupts"]);
}

/** What is lost, is left behind, or cannot be changed. */
export function lossesOf({ objects, hosts, left }: RenderChanges): string[] {
  return [
    ...left.map((namespace) => `what is deployed in namespace ${namespace} stays there until it is removed`),
    ...hosts.map((host) => `${host} is routed no more; its DNS record stays until somebody removes it`),
    ...sentences(objects, ["refused", "leaves-data", "loses-data"]),
  ];
}

function sentences(objects: readonly ObjectChange[], kinds: readonly Effect["kind"][]): string[] {
  return objects.flatMap(({ kind, name, effects }) =>
    effects
      .filter((effect) => kinds.includes(effect.kind))
      .map((effect) => `${kind}/${name}: ${effect.text}${effect.kind === "refused" ? untilReplaced : ""}`),
  );
}
