import { parseAllDocuments } from "yaml";
import { explainer } from "./explain.ts";
import { languageOf } from "./language.ts";
import schemas from "./recorded/kubernetes-objects.json" with { type: "json" };

/** What is wrong with rendered objects, and which kinds of them are not known here. */
export interface CheckedObjects {
  /** One sentence for each mistake, with the object and the key in it. */
  readonly mistakes: readonly string[];
  /** `apiVersion kind`. */
  readonly unknown: readonly string[];
}

/**
 * Gives what checks rendered objects against the schemas of Kubernetes 1.35, without a cluster. As the server does with
 * strict field validation, it refuses unknown keys.
 */
export function objectChecker(): (rendered: string) => CheckedObjects {
  const explainers = new Map<string, ReturnType<typeof explainer>>();
  const kinds: Readonly<Record<string, string>> = schemas.kinds;
  const explain = (name: string) => {
    const known = explainers.get(name);
    if (known !== undefined) return known;
    const { definitions } = schemas;
    const made = explainer(languageOf({ $ref: `#/definitions/${name}`, definitions }));
    explainers.set(name, made);
    return made;
  };
  return (rendered) => {
    const mistakes: string[] = [];
    const unknown = new Set<string>();
    for (const object of objectsOf(rendered)) {
      const kind = `${object.apiVersion} ${object.kind}`;
      const name = kinds[kind];
      if (name === undefined) unknown.add(kind);
      else {
        for (const { keys, message, hint } of explain(name)(object)) {
          const place = `${object.kind}/${object.metadata?.name}: ${keys.join(".")}`;
          mistakes.push(`${place}: ${message}${hint === "" ? "" : `; ${hint}`}`);
        }
      }
    }
    return { mistakes, unknown: [...unknown] };
  };
}

/** A rendered object, as far as every one of them is known. */
export interface KubernetesObject {
  readonly [key: string]: unknown;
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: { readonly name?: string };
}

/** The objects that Helm rendered. To the server a null is a key that is not there, and so it is here. */
export function objectsOf(rendered: string): KubernetesObject[] {
  const contents = [...parseAllDocuments(rendered)].map((document) => withoutNulls(document.toJS()));
  return contents.filter((content): content is KubernetesObject => typeof content === "object" && content !== null);
}

/** To the server a null is a key that is not there. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutNulls(inner)]));
}
