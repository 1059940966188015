import type { V1ConfigMap, V1Container, V1PodSpec, V1Secret } from "@kubernetes/client-node";
import { type Cluster, statusOf } from "../../core/cluster.ts";
import { targetsOf } from "../delivery/operator.ts";
import type { RenderedObject } from "../rendered/objects.ts";
import { type PodTemplate, workloadOf } from "../rendered/templates.ts";
import type { Obstacle } from "./obstacle.ts";

/** A Secret or ConfigMap that pods cannot start without; no key for the whole object. */
export interface Reference {
  readonly kind: "Secret" | "ConfigMap";
  readonly namespace: string;
  readonly name: string;
  readonly key?: string;
  /** `Deployment web`. */
  readonly owner: string;
}

/**
 * Looks whether every Secret and ConfigMap that pods need is part of the release, is delivered by an operator, or is in
 * the cluster, with the keys that are asked for.
 *
 * @param made names of Secrets that the deploy itself makes, as `namespace/name`.
 */
export async function checkReferences(
  cluster: Cluster,
  objects: readonly RenderedObject[],
  templates: readonly PodTemplate[],
  namespace: string,
  made: ReadonlySet<string>,
): Promise<Obstacle[]> {
  const references = templates.flatMap(referencesOf);
  const delivered = new Set([...made, ...deliveredSecrets(objects, namespace)]);
  const rendered = renderedKeys(objects, namespace);
  const open = references.filter(
    ({ kind, namespace, name }) => !(kind === "Secret" && delivered.has(`${namespace}/${name}`)),
  );
  const wanted = new Map(open.map((one) => [idOf(one), one]));
  const found = new Map(
    await Promise.all(
      [...wanted].map(async ([id, one]) => [id, rendered.get(id) ?? (await readKeys(cluster, one))] as const),
    ),
  );
  const faults = open.flatMap((one) => {
    const keys = found.get(idOf(one));
    return missing(one, keys);
  });
  return [...new Map(faults.map((fault) => [fault.cause, fault])).values()];
}

function missing(
  { kind, name, key, namespace, owner }: Reference,
  keys: ReadonlySet<string> | undefined | "unknown",
): Obstacle[] {
  if (keys === "unknown") return [];
  const subject = { workload: workloadOf({ owner, namespace }), about: "env" };
  const fix =
    kind === "Secret"
      ? "Create it, or correct `existingSecret` or the reference in the manifest."
      : "Create it, or correct `existingConfig` or the reference in the manifest.";
  if (keys === undefined) {
    return [
      {
        code: "PREFLIGHT_FAILED",
        cause: `${owner} needs the ${kind} ${name}, which is not in namespace ${namespace}`,
        fix,
        subject,
      },
    ];
  }
  if (key === undefined || keys.has(key)) return [];
  const there = [...keys].sort().join(", ") || "none";
  return [
    {
      code: "PREFLIGHT_FAILED",
      cause: `${owner} needs the key ${key} of the ${kind} ${name} in namespace ${namespace}, which has these keys: ${there}`,
      fix: "Add the key, or correct it in the manifest.",
      subject,
    },
  ];
}

/** Everything of Secrets and ConfigMaps that the pods of a template do not start without. */
export function referencesOf({ owner, namespace, spec }: PodTemplate): Reference[] {
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  const raw = [...containers.flatMap(ofContainer), ...ofVolumes(spec)];
  return raw
    .filter(({ optional }) => !optional)
    .map(({ kind, name, key }) => ({ kind, name, namespace, owner, ...(key === undefined ? {} : { key }) }));
}

interface RawReference {
  readonly kind: Reference["kind"];
  readonly name: string;
  readonly key?: string;
  readonly optional: boolean;
}

function ofContainer({ env = [], envFrom = [] }: V1Container): RawReference[] {
  return [
    ...env.flatMap(({ valueFrom }) => [
      ...refer(
        "Secret",
        valueFrom?.secretKeyRef?.name,
        valueFrom?.secretKeyRef?.optional,
        valueFrom?.secretKeyRef?.key,
      ),
      ...refer(
        "ConfigMap",
        valueFrom?.configMapKeyRef?.name,
        valueFrom?.configMapKeyRef?.optional,
        valueFrom?.configMapKeyRef?.key,
      ),
    ]),
    ...envFrom.flatMap(({ secretRef, configMapRef }) => [
      ...refer("Secret", secretRef?.name, secretRef?.optional),
      ...refer("ConfigMap", configMapRef?.name, configMapRef?.optional),
    ]),
  ];
}

function ofVolumes({ volumes = [] }: V1PodSpec): RawReference[] {
  return volumes.flatMap(({ secret, configMap, projected }) => [
    ...items("Secret", secret?.secretName, secret?.optional, secret?.items),
    ...items("ConfigMap", configMap?.name, configMap?.optional, configMap?.items),
    ...(projected?.sources ?? []).flatMap((source) => [
      ...items("Secret", source.secret?.name, source.secret?.optional, source.secret?.items),
      ...items("ConfigMap", source.configMap?.name, source.configMap?.optional, source.configMap?.items),
    ]),
  ]);
}

function items(
  kind: Reference["kind"],
  name: string | undefined,
  optional: boolean | undefined,
  list: readonly { key: string }[] = [],
) {
  return list.length === 0 ? refer(kind, name, optional) : list.flatMap(({ key }) => refer(kind, name, optional, key));
}

function refer(kind: Reference["kind"], name: string | undefined, optional = false, key?: string): RawReference[] {
  return name === undefined ? [] : [{ kind, name, optional, ...(key === undefined ? {} : { key }) }];
}

/** Secrets that an operator makes after the release is applied. */
function deliveredSecrets(objects: readonly RenderedObject[], fallback: string): string[] {
  return objects.flatMap((object) => {
    const { kind, spec, metadata } = object;
    if (kind !== "Certificate") return targetsOf(object, fallback);
    return [`${metadata?.namespace ?? fallback}/${(spec as { secretName?: string }).secretName}`];
  });
}

function renderedKeys(objects: readonly RenderedObject[], fallback: string): Map<string, ReadonlySet<string>> {
  const entries = objects
    .filter(({ kind }) => kind === "Secret" || kind === "ConfigMap")
    .map((object) => {
      const { kind, metadata } = object;
      const { data, stringData, binaryData } = object as { data?: object; stringData?: object; binaryData?: object };
      const keys = new Set([data, stringData, binaryData].flatMap((part) => Object.keys(part ?? {})));
      return [`${kind} ${metadata?.namespace ?? fallback}/${metadata?.name}`, keys] as const;
    });
  return new Map(entries);
}

/** The keys of an object in the cluster: undefined when it is not there, unknown when it may not be read. */
async function readKeys(cluster: Cluster, { kind, namespace, name }: Reference) {
  const root = `/api/v1/namespaces/${namespace}`;
  try {
    if (kind === "Secret") {
      const { data } = await cluster.read<V1Secret>({ path: `${root}/secrets/${name}` });
      return new Set(Object.keys(data ?? {}));
    }
    const { data, binaryData } = await cluster.read<V1ConfigMap>({ path: `${root}/configmaps/${name}` });
    return new Set([...Object.keys(data ?? {}), ...Object.keys(binaryData ?? {})]);
  } catch (thrown) {
    const status = statusOf((thrown as Error).cause);
    if (status === 404) return undefined;
    if (status === 403) return "unknown" as const;
    throw thrown;
  }
}

function idOf({ kind, namespace, name }: Reference): string {
  return `${kind} ${namespace}/${name}`;
}
