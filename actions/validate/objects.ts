import { parseAllDocuments } from "yaml";
import { usualVersion } from "./kubernetes-versions.ts";
import { type ObjectSchemas, objectSchemas, versionsThat } from "./object-schemas.ts";
import type { Finding } from "./problem.ts";
import { checkTogether } from "./together.ts";
import { joinWords } from "./words.ts";

/** Something wrong with a rendered object; its keys lead from the root of the object, and its message names both. */
export interface Mistake extends Finding {
  readonly object: KubernetesObject;
}

/** What is wrong with rendered objects, and which kinds of them are not known here. */
export interface CheckedObjects {
  readonly mistakes: readonly Mistake[];
  /** `apiVersion kind`. */
  readonly unknown: readonly string[];
}

/**
 * Gives what checks rendered objects against the schemas of a version of Kubernetes, and of the custom resources that the
 * chart renders, without a cluster. As the server does with strict field validation, it refuses unknown keys.
 */
export function objectChecker(version = usualVersion): (rendered: string) => CheckedObjects {
  const schemas = objectSchemas(version);
  return (rendered) => {
    const objects = objectsOf(rendered);
    const kinds = objects.map((object) => ({ object, kind: `${object.apiVersion} ${object.kind}` }));
    const unknown = kinds.filter(({ kind }) => schemas.kind(kind) === "unchecked").map(({ kind }) => kind);
    const mistakes = kinds.flatMap(({ object, kind }) => checkObject(object, kind, schemas, version));
    return { mistakes: [...mistakes, ...checkTogether(objects)], unknown: [...new Set(unknown)] };
  };
}

function checkObject(object: KubernetesObject, kind: string, schemas: ObjectSchemas, version: string): Mistake[] {
  const known = schemas.kind(kind);
  if (known === "unchecked") return [];
  const named = nameOf(object);
  if (known === "absent") {
    const message = `${named}: Kubernetes ${version} has no ${kind}`;
    return [
      {
        object,
        code: "APP_OBJECT_INVALID",
        keys: ["apiVersion"],
        target: "value",
        message,
        hint: adviceFor(kind, schemas),
      },
    ];
  }
  return known.explain(object).map((finding) => ({
    ...finding,
    object,
    code: "APP_OBJECT_INVALID",
    message: `${named}: ${finding.keys.join(".")}: ${finding.message} (${known.product})`,
    hint: finding.hint || versionHint(object, kind, finding),
  }));
}

/** Where a kind is that this version does not have. */
function adviceFor(kind: string, schemas: ObjectSchemas): string {
  const here = schemas.apiVersionsOf(kind.slice(kind.indexOf(" ") + 1));
  if (here.length > 0) return `it is in ${joinWords(here, "and")}`;
  const versions = versionsThat((other) => other.kind(kind) !== "absent");
  return versions.length === 0
    ? ""
    : `Kubernetes ${joinWords(versions, "and")} ${versions.length === 1 ? "has" : "have"} it`;
}

/** The other versions of Kubernetes that find nothing wrong in the same place. */
function versionHint(object: KubernetesObject, kind: string, finding: Finding): string {
  const place = finding.keys.join("\n");
  const versions = versionsThat((schemas) => {
    const known = schemas.kind(kind);
    return typeof known === "object" && !known.explain(object).some(({ keys }) => keys.join("\n") === place);
  });
  return versions.length === 0
    ? ""
    : `Kubernetes ${joinWords(versions, "and")} ${versions.length === 1 ? "takes" : "take"} it`;
}

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
