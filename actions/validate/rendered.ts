import { parseAllDocuments } from "yaml";
import type { Finding } from "./problem.ts";

/** A rendered object, as far as every one of them is known. */
export interface KubernetesObject {
  readonly [key: string]: unknown;
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

/** Something wrong with a rendered object; its keys lead from the root of the object, and its message names both. */
export interface Mistake extends Finding {
  readonly object: KubernetesObject;
}

/** An object as people name it: `Deployment/web`. */
export function nameOf({ kind, metadata }: KubernetesObject): string {
  return `${kind}/${metadata?.name}`;
}

/** The objects that Helm rendered. To the server a null is a key that is not there, and so it is here. */
export function objectsOf(rendered: string): KubernetesObject[] {
  const contents = [...parseAllDocuments(rendered)].map((document) => withoutNulls(document.toJS()));
  return contents.filter((content): content is KubernetesObject => typeof content === "object" && content !== null);
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutNulls(inner)]));
}
