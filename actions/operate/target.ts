import type { V1Pod } from "@kubernetes/client-node";
import type { Application, Component } from "../validate/application.ts";
import { refused } from "./operation.ts";

/**
 * The component that an operation is about: the one that is named, or the only one of its kinds.
 *
 * @param kinds what the operation is possible for.
 * @throws FairleadError OPERATION_REFUSED when there is none, or it is not clear which.
 */
export function componentFor(
  { components, release }: Application,
  key: string | undefined,
  kinds: readonly Component["kind"][],
  operation: string,
): Component {
  const fitting = Object.entries(components).filter(([, { kind }]) => kinds.includes(kind));
  const names = fitting.map(([name]) => name).join(", ") || "none";
  if (key !== undefined) {
    const found = components[key];
    if (found === undefined) throw refused(`${release} has no component ${key}.`, `There are: ${names}.`);
    if (kinds.includes(found.kind)) return found;
    throw refused(`\`${operation}\` is not for a ${found.kind}, as ${key} is one.`, `It is for: ${names}.`);
  }
  const [only, ...others] = fitting;
  if (only === undefined) throw refused(`${release} has no component for \`${operation}\`.`, "See `status`.");
  if (others.length > 0) throw refused(`${release} has several components.`, `Name one with \`component\`: ${names}.`);
  return only[1];
}

/** The path of a workload in the API server. */
export function pathOf({ kind, namespace, name }: Pick<Component, "kind" | "namespace" | "name">): string {
  const group = kind === "Job" || kind === "CronJob" ? "batch" : "apps";
  return `/apis/${group}/v1/namespaces/${namespace}/${kind.toLowerCase()}s/${name}`;
}

/** The pods of a component. */
export function podsAmong(pods: readonly V1Pod[], { selector, namespace }: Component): V1Pod[] {
  return pods.filter(({ metadata }) => metadata?.namespace === namespace && isSelected(metadata?.labels, selector));
}

/** Whether labels fit a selector. */
export function isSelected(labels: Labels | undefined, selector: Labels): boolean {
  return Object.entries(selector).every(([key, value]) => labels?.[key] === value);
}

type Labels = Readonly<Record<string, string>>;
