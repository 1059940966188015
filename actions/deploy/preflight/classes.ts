import type { Cluster } from "../../core/cluster.ts";
import { nameOf, type RenderedObject } from "../rendered/objects.ts";
import { listAt } from "./listed.ts";
import { type Obstacle, subjectOf } from "./obstacle.ts";

interface ClaimSpec {
  readonly storageClassName?: string;
  readonly volumeName?: string;
}

/** Looks whether the classes and issuers that objects name are in the cluster, and a default where they name none. */
export async function checkClasses(
  cluster: Cluster,
  objects: readonly RenderedObject[],
  namespace: string,
): Promise<Obstacle[]> {
  const checks = await Promise.all([
    storageClasses(cluster, objects, namespace),
    ingressClasses(cluster, objects, namespace),
    issuers(cluster, objects, namespace),
  ]);
  return checks.flat();
}

async function storageClasses(
  cluster: Cluster,
  objects: readonly RenderedObject[],
  namespace: string,
): Promise<Obstacle[]> {
  const claims = objects.flatMap((object) => claimsOf(object).map((claim) => ({ object, claim })));
  // A claim that names its volume needs no class that makes one.
  const needy = claims.filter(({ claim }) => !claim.volumeName && claim.storageClassName !== "");
  if (needy.length === 0) return [];
  const listed = await listAt<Named>(cluster, "/apis/storage.k8s.io/v1/storageclasses");
  if (listed === undefined) return [];
  const names = listed.map(({ metadata }) => metadata?.name ?? "");
  const hasDefault = listed.some(
    ({ metadata }) => metadata?.annotations?.["storageclass.kubernetes.io/is-default-class"] === "true",
  );
  const there = names.join(", ") || "none";
  return needy.flatMap(({ object, claim: { storageClassName } }) => {
    const [owner, subject] = [nameOf(object), subjectOf(object, namespace, "volumes")];
    if (storageClassName === undefined) return hasDefault ? [] : [{ ...noDefault(owner, there), subject }];
    if (names.includes(storageClassName)) return [];
    const cause = `${owner} asks for the storage class ${storageClassName}, which the cluster does not have; it has: ${there}`;
    return [{ code: "PREFLIGHT_FAILED", cause, fix: "Correct `storageClass` in the manifest.", subject }];
  });
}

function noDefault(owner: string, there: string): Obstacle {
  return {
    code: "PREFLIGHT_FAILED",
    cause: `${owner} claims a volume without a storage class, and the cluster has no default one; it has: ${there}`,
    fix: "Name one with `storageClass` in the manifest.",
  };
}

function claimsOf({ kind, spec }: RenderedObject): ClaimSpec[] {
  if (kind === "PersistentVolumeClaim") return [spec as ClaimSpec];
  const { volumeClaimTemplates = [] } = (spec ?? {}) as { volumeClaimTemplates?: { spec: ClaimSpec }[] };
  return kind === "StatefulSet" ? volumeClaimTemplates.map((template) => template.spec) : [];
}

async function ingressClasses(
  cluster: Cluster,
  objects: readonly RenderedObject[],
  namespace: string,
): Promise<Obstacle[]> {
  const asked = objects.flatMap((object) => {
    const { ingressClassName } = (object.spec ?? {}) as { ingressClassName?: string };
    return object.kind === "Ingress" && ingressClassName !== undefined
      ? [{ owner: nameOf(object), ingressClassName, subject: subjectOf(object, namespace, "ingress.className") }]
      : [];
  });
  if (asked.length === 0) return [];
  const listed = await listAt<Named>(cluster, "/apis/networking.k8s.io/v1/ingressclasses");
  if (listed === undefined) return [];
  const names = listed.map(({ metadata }) => metadata?.name ?? "");
  return asked
    .filter(({ ingressClassName }) => !names.includes(ingressClassName))
    .map(({ owner, ingressClassName, subject }) => ({
      code: "PREFLIGHT_FAILED",
      cause: `${owner} asks for the ingress class ${ingressClassName}, which the cluster does not have; it has: ${names.join(", ") || "none"}`,
      fix: "Correct `ingress.className` in the manifest, or install its controller.",
      subject,
    }));
}

async function issuers(cluster: Cluster, objects: readonly RenderedObject[], fallback: string): Promise<Obstacle[]> {
  const asked = new Map(
    objects.flatMap((object) => {
      const { kind, spec, metadata } = object;
      const { issuerRef } = (spec ?? {}) as { issuerRef?: { kind?: string; name?: string } };
      if (kind !== "Certificate" || issuerRef?.name === undefined) return [];
      const place = issuerRef.kind === "ClusterIssuer" ? "" : `/namespaces/${metadata?.namespace ?? fallback}`;
      const plural = issuerRef.kind === "ClusterIssuer" ? "clusterissuers" : "issuers";
      const path = `/apis/cert-manager.io/v1${place}/${plural}/${issuerRef.name}`;
      const subject = subjectOf(object, fallback, "ingress.tls.issuer");
      return [[path, { name: `${issuerRef.kind ?? "Issuer"} ${issuerRef.name}`, subject }] as const];
    }),
  );
  const answers = await Promise.all(
    [...asked].map(async ([path, one]) => ({ ...one, ...(await cluster.call({ path })) })),
  );
  return (
    answers
      // A 404 without the name in it means that cert-manager's kinds are not installed, which the dry run tells.
      .filter(({ status, body, name }) => status === 404 && body.includes(name.split(" ")[1] ?? name))
      .map(({ name, subject }) => ({
        code: "PREFLIGHT_FAILED",
        cause: `certificates are to come from the ${name}, which the cluster does not have`,
        fix: "Correct `ingress.issuer` in the cluster's values, or create it.",
        subject,
      }))
  );
}

interface Named {
  readonly metadata?: { readonly name?: string; readonly annotations?: Readonly<Record<string, string>> };
}
