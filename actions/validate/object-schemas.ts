import { explainer } from "./explain.ts";
import { kubernetesVersions } from "./kubernetes-versions.ts";
import { languageOf, type Schema } from "./language.ts";
import { patched } from "./merge-patch.ts";
import type { Finding } from "./problem.ts";
import custom from "./recorded/custom-resources.json" with { type: "json" };
import kubernetes from "./recorded/kubernetes-objects.json" with { type: "json" };

/** How a kind of objects is checked. */
export interface KindCheck {
  /** Who defines it, with a version. */
  readonly product: string;
  explain(object: unknown): Finding[];
}

/** What is known of the kinds of objects that a cluster of one version of Kubernetes takes. */
export interface ObjectSchemas {
  /**
   * @param kind `apiVersion kind`.
   * @returns `absent` when Kubernetes has no such kind in this version, `unchecked` when its schema is not known here.
   */
  kind(kind: string): KindCheck | "absent" | "unchecked";
  /** The `apiVersion`s that have a kind of this name. */
  apiVersionsOf(kindName: string): string[];
}

interface Release {
  /** By `apiVersion kind`: the name of its definition, or nothing. */
  readonly kinds: Readonly<Record<string, string>>;
  readonly definitions: Readonly<Record<string, Schema>>;
}

const differences: Readonly<Record<string, { readonly kinds?: object }>> = kubernetes.differences;
/** The groups of Kubernetes itself, of all versions. */
const groups: ReadonlySet<string> = new Set(
  [kubernetes.whole, ...Object.values(differences)].flatMap(({ kinds = {} }) => Object.keys(kinds)).map(groupOf),
);
const customKinds: Readonly<Record<string, { readonly product: string; readonly schema: Schema }>> = custom.kinds;

/** The schemas of one of the `kubernetesVersions`; each is prepared when an object first needs it. */
export function objectSchemas(version: string): ObjectSchemas {
  const { kinds, definitions } = patched(kubernetes.whole, differences[version] ?? {}) as Release;
  const shared = { ...definitions, ...custom.definitions };
  const prepared = new Map<string, KindCheck>();
  const prepare = (kind: string): KindCheck | undefined => {
    const definition = kinds[kind];
    const ofCustom = customKinds[kind];
    const schema = definition ? { $ref: `#/definitions/${definition}` } : ofCustom?.schema;
    if (schema === undefined) return undefined;
    const explain = explainer(languageOf({ ...schema, definitions: shared }));
    return { product: ofCustom?.product ?? `Kubernetes ${version}`, explain };
  };
  return {
    kind: (kind) => {
      const known = prepared.get(kind) ?? prepare(kind);
      if (known === undefined) return isOfKubernetes(kind) && kinds[kind] === undefined ? "absent" : "unchecked";
      prepared.set(kind, known);
      return known;
    },
    apiVersionsOf: (kindName) =>
      Object.keys(kinds)
        .filter((kind) => kind.endsWith(` ${kindName}`))
        .map((kind) => kind.slice(0, kind.indexOf(" "))),
  };
}

/** Whether a kind is in a group of Kubernetes itself, in whatever version; others come with controllers. */
function isOfKubernetes(kind: string): boolean {
  return groups.has(groupOf(kind));
}

/** Of `apps/v1 Deployment`, `apps`; of what is in the group without a name, nothing. */
function groupOf(kind: string): string {
  const apiVersion = kind.split(" ", 1)[0] ?? "";
  return apiVersion.includes("/") ? (apiVersion.split("/", 1)[0] ?? "") : "";
}

/** The versions of Kubernetes for whose schemas something holds, as words; empty for none. */
export function versionsThat(holds: (schemas: ObjectSchemas) => boolean): string[] {
  return kubernetesVersions.filter((version) => holds(objectSchemas(version)));
}
