import { type KubernetesObject, type Mistake, nameOf } from "./rendered.ts";

/** Finds what only several objects together show: the same object twice, and a Service in front of no pod. */
export function checkTogether(objects: readonly KubernetesObject[]): Mistake[] {
  return [...twice(objects), ...withoutPods(objects)];
}

/** Helm applies both, one over the other, and no error says so. */
function twice(objects: readonly KubernetesObject[]): Mistake[] {
  const seen = new Set<string>();
  return objects.flatMap((object) => {
    const { kind, metadata } = object;
    // A kind is the same object in all versions of its group.
    const group = object.apiVersion?.replace(/\/?[^/]*$/, "");
    const identity = JSON.stringify([group, kind, metadata?.namespace, metadata?.name]);
    if (!seen.has(identity)) {
      seen.add(identity);
      return [];
    }
    const message = `${nameOf(object)} is rendered twice in namespace ${metadata?.namespace ?? "of the release"}`;
    const hint = "give one of them another name";
    return [{ object, code: "APP_OBJECT_TWICE", keys: ["metadata", "name"], target: "value", message, hint }];
  });
}

/** A Service whose selector fits no pod of the release answers nobody, and is accepted all the same. */
function withoutPods(objects: readonly KubernetesObject[]): Mistake[] {
  const pods = objects.flatMap((object) => {
    const labels = podLabels(object);
    return labels === undefined ? [] : [{ namespace: object.metadata?.namespace, labels }];
  });
  return objects.flatMap((object) => {
    const selector = Object.entries(mapping(mapping(object["spec"])["selector"]));
    if (object.kind !== "Service" || object.apiVersion !== "v1" || selector.length === 0 || pods.length === 0)
      return [];
    const found = pods.some(
      ({ namespace, labels }) =>
        namespace === object.metadata?.namespace && selector.every(([key, value]) => labels[key] === value),
    );
    if (found) return [];
    const asked = selector.map(([key, value]) => `${key}=${value}`).join(",");
    const message = `${nameOf(object)}: spec.selector: no pod has the labels ${asked}`;
    return [{ object, code: "APP_SERVICE_NO_POD", keys: ["spec", "selector"], target: "value", message, hint: "" }];
  });
}

/** The labels of the pods that an object makes; undefined for one that makes none. */
function podLabels({ kind, metadata, spec }: KubernetesObject): Readonly<Record<string, unknown>> | undefined {
  if (kind === "Pod") return metadata?.labels ?? {};
  const job = kind === "CronJob" ? mapping(mapping(spec)["jobTemplate"])["spec"] : spec;
  const template = mapping(job)["template"];
  return template === undefined ? undefined : mapping(mapping(mapping(template)["metadata"])["labels"]);
}

function mapping(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
