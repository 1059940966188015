import type { V1CronJob, V1Deployment } from "@kubernetes/client-node";
import { isHook, type RenderedObject, withoutHash } from "../deploy/rendered/objects.ts";
import type { Application, Component } from "../validate/application.ts";

const kinds: ReadonlySet<string> = new Set(["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"]);

/** The workloads among the objects of a release as components, where nothing tells more of them; hooks are none that stay. */
export function componentsAmong(objects: readonly RenderedObject[], namespace: string): Application["components"] {
  const workloads = objects.filter((object) => kinds.has(object.kind) && !isHook(object));
  return Object.fromEntries(
    workloads.map((object) => {
      const component = componentOf(object, namespace);
      return [object.metadata?.labels?.["app.kubernetes.io/component"] ?? component.name, component];
    }),
  );
}

function componentOf({ kind, metadata, spec: given }: RenderedObject, namespace: string): Component {
  const spec = given as (V1Deployment["spec"] & V1CronJob["spec"]) | undefined;
  const template = spec?.jobTemplate?.spec?.template ?? spec?.template;
  const name = metadata?.name ?? "";
  const [container] = template?.spec?.containers ?? [];
  return {
    ...{ kind: kind as Component["kind"], namespace: metadata?.namespace ?? namespace },
    name: kind === "Job" ? withoutHash(name) : name,
    selector: spec?.selector?.matchLabels ?? template?.metadata?.labels ?? {},
    ...{ containerName: container?.name ?? "", image: container?.image ?? "" },
    ...{ ports: [], httpPort: "", initContainers: [], pulls: false },
    ...(spec?.replicas === undefined ? {} : { replicas: spec.replicas }),
  };
}

/** The namespaces of a release and of its objects. */
export function namespacesOf(objects: readonly RenderedObject[], namespace: string): Application["namespaces"] {
  const names = new Set([namespace, ...objects.flatMap(({ metadata }) => metadata?.namespace ?? [])]);
  return Object.fromEntries([...names].map((name) => [name, { podSecurity: "restricted" }]));
}
