import { usualVersion } from "./kubernetes-versions.ts";
import { type ObjectSchemas, objectSchemas, versionsThat } from "./object-schemas.ts";
import type { Finding } from "./problem.ts";
import { type KubernetesObject, type Mistake, nameOf, objectsOf } from "./rendered.ts";
import { checkTogether } from "./together.ts";
import { joinWords } from "./words.ts";

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
