import type { KubernetesObject } from "@kubernetes/client-node";
import type { Application, Component } from "../../validate/application.ts";

/** A rendered object, as loose as YAML is. */
export interface RenderedObject extends KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** The objects of a rendered release. */
export async function readObjects(rendered: string): Promise<RenderedObject[]> {
  const { loadAll } = await import("js-yaml");
  return (loadAll(rendered) as (RenderedObject | null | undefined)[]).filter(
    (object): object is RenderedObject => typeof object?.kind === "string" && typeof object.apiVersion === "string",
  );
}

/** How an object is called in a sentence. */
export function nameOf({ kind, metadata }: KubernetesObject): string {
  return `${kind} ${metadata?.name}`;
}

/** Whether Helm makes it before or after the rest of a release, and anew each time. */
export function isHook({ metadata }: KubernetesObject): boolean {
  return metadata?.annotations?.["helm.sh/hook"] !== undefined;
}

/**
 * Whether each deploy makes it anew: a hook, or a Job for every deploy. Such a Job has the revision in its name, and
 * `helm template` renders each as if it were the first.
 */
export function isMadeAnew(object: KubernetesObject, { components }: Pick<Application, "components">): boolean {
  const { kind, metadata } = object;
  const isJob = kind === "Job" && Object.values(components).some((one) => isEveryDeploy(one, metadata?.name));
  return isJob || isHook(object);
}

function isEveryDeploy({ when, name }: Component, rendered: string | undefined): boolean {
  return when === "every-deploy" && rendered === `${name}-1`;
}

/** The name of a Job without the hash of its content, which one that runs on a change carries after it. */
export function withoutHash(name: string): string {
  return name.replace(/-[0-9a-f]{10}$/, "");
}
