import type { V1PodSpec, V1PodTemplateSpec, V1StatefulSetSpec } from "@kubernetes/client-node";
import { isHook, nameOf, type RenderedObject } from "./objects.ts";

/** The template of the pods that an object makes, and what it belongs to. */
export interface PodTemplate {
  readonly owner: string;
  readonly namespace: string;
  readonly metadata: NonNullable<V1PodTemplateSpec["metadata"]>;
  readonly spec: V1PodSpec;
  /** Whether a new pod comes beside the old ones, and not in the place of one. */
  readonly surges: boolean;
  /** Whether it belongs to the rollout, and not to a hook or to a CronJob that runs when it does. */
  readonly rolled: boolean;
}

/** The pod templates in objects: of workloads, and of the Jobs that a CronJob makes. */
export function podTemplates(objects: readonly RenderedObject[], namespace: string): PodTemplate[] {
  return objects.flatMap((object) => {
    const template = templateOf(object);
    if (template?.spec === undefined || template.spec === null) return [];
    const place = object.metadata?.namespace ?? namespace;
    const { metadata = {}, spec } = template;
    const rolled = object.kind !== "CronJob" && !isHook(object);
    return [{ owner: nameOf(object), namespace: place, metadata, spec, surges: surges(object), rolled }];
  });
}

/** What a template belongs to, taken apart. */
export function workloadOf({ owner, namespace }: Pick<PodTemplate, "owner" | "namespace">) {
  const [kind = "", name = ""] = owner.split(" ");
  return { kind, name, namespace };
}

function templateOf({ kind, metadata, spec }: RenderedObject): V1PodTemplateSpec | undefined {
  if (kind === "CronJob") {
    const { jobTemplate } = spec as { jobTemplate?: { spec?: { template?: V1PodTemplateSpec } } };
    return jobTemplate?.spec?.template;
  }
  if (kind === "StatefulSet") return withClaims(spec as Partial<V1StatefulSetSpec>, metadata?.name);
  const workloads = ["Deployment", "DaemonSet", "Job"];
  return workloads.includes(kind) ? (spec as { template?: V1PodTemplateSpec }).template : undefined;
}

/** The template with a volume for each claim, as the controller gives them to the first pod of a StatefulSet. */
function withClaims({ template, volumeClaimTemplates = [] }: Partial<V1StatefulSetSpec>, owner = "") {
  if (!template?.spec) return template;
  const claims = volumeClaimTemplates.map(({ metadata: { name = "" } = {} }) => ({
    name,
    persistentVolumeClaim: { claimName: `${name}-${owner}-0` },
  }));
  const names = new Set(claims.map(({ name }) => name));
  const others = (template.spec.volumes ?? []).filter(({ name }) => !names.has(name));
  return { ...template, spec: { ...template.spec, volumes: [...others, ...claims] } };
}

function surges({ kind, spec }: RenderedObject): boolean {
  if (kind !== "Deployment") return kind === "Job";
  const { strategy } = spec as { strategy?: { type?: string; rollingUpdate?: { maxSurge?: unknown } } };
  const { maxSurge } = strategy?.rollingUpdate ?? {};
  return strategy?.type !== "Recreate" && maxSurge !== 0 && maxSurge !== "0%";
}
