import type { KubernetesObject } from "@kubernetes/client-node";
import { isHook } from "../rendered/objects.ts";

/**
 * An object that asks Infisical's operator to make Secrets: InfisicalSecret (v1alpha1, which names them in one of two ways)
 * or InfisicalStaticSecret (v1beta1).
 */
export interface DeliveryRequest extends KubernetesObject {
  readonly spec?: {
    readonly managedSecretReference?: ManagedSecret;
    readonly managedKubeSecretReferences?: readonly ManagedSecret[];
    readonly targets?: readonly { readonly name?: string; readonly namespace?: string }[];
  };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

interface ManagedSecret {
  readonly secretName?: string;
  readonly secretNamespace?: string;
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly message?: string;
  readonly observedGeneration?: number;
}

/** The kinds, and how paths of the API server call them. */
const plurals: Readonly<Record<string, string>> = {
  InfisicalSecret: "infisicalsecrets",
  InfisicalStaticSecret: "infisicalstaticsecrets",
};

/** Whether an object asks the operator for Secrets and stays: a hook's is gone when a rollout begins. */
export function isRequest(object: KubernetesObject): boolean {
  return (object.kind ?? "") in plurals && !isHook(object);
}

/** The path of all requests beside this one, `/apis/secrets.infisical.com/v1alpha1/namespaces/prod-web/infisicalsecrets`. */
export function pathOfRequests({ apiVersion, kind = "", metadata }: KubernetesObject, fallback: string): string {
  return `/apis/${apiVersion}/namespaces/${metadata?.namespace ?? fallback}/${plurals[kind]}`;
}

/** The Secrets that a request makes, as `namespace/name`. */
export function targetsOf({ spec, metadata }: DeliveryRequest, fallback: string): string[] {
  const namespace = metadata?.namespace ?? fallback;
  const { managedSecretReference, managedKubeSecretReferences = [], targets = [] } = spec ?? {};
  const first = managedSecretReference === undefined ? [] : [managedSecretReference];
  return [
    ...[...first, ...managedKubeSecretReferences].map((one) => `${one.secretNamespace ?? namespace}/${one.secretName}`),
    ...targets.map((target) => `${target.namespace ?? namespace}/${target.name}`),
  ];
}

/** How far the operator is with a request; `silent` when it has not looked at it. */
export type DeliveryState =
  | { readonly state: "silent" | "working" | "delivered" }
  | { readonly state: "failed"; readonly said: string };

/** The conditions that tell of the whole, and those without which there is nothing to tell (operator 0.11.5, conditions.go). */
const outcomes = /\/(ReadyToSyncSecrets|LastReconcileStatus)$/;
const beginnings = /\/LoadedInfisicalToken$/;

/** What the operator's status says; what it says of an older generation does not count where it tells the generation. */
export function deliveryState({ metadata, status }: DeliveryRequest): DeliveryState {
  const conditions = (status?.conditions ?? []).filter(
    ({ observedGeneration = 0 }) => observedGeneration === 0 || observedGeneration >= (metadata?.generation ?? 0),
  );
  if (conditions.length === 0) return { state: "silent" };
  const failed = conditions.find(
    ({ type, status }) => status === "False" && (outcomes.test(type) || beginnings.test(type)),
  );
  if (failed !== undefined) return { state: "failed", said: failed.message?.replace(/\.$/, "") ?? failed.type };
  const done = conditions.some(({ type, status }) => status === "True" && outcomes.test(type));
  return { state: done ? "delivered" : "working" };
}
