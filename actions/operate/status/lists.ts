import type { CoreV1Event, V1EndpointSlice } from "@kubernetes/client-node";
import type { Cluster, List } from "../../core/cluster.ts";
import { timeOf } from "../../deploy/tracking/snapshot.ts";
import type { Application, Component } from "../../validate/application.ts";
import type { Section } from "../outcome.ts";

/** A part of the status, and what is wrong in it, each a sentence without the full stop. */
export interface Finding {
  readonly section: Section;
  readonly wrong: readonly string[];
}

interface Listed<T> {
  readonly items: readonly T[] | null;
}

/**
 * What the API server lists in all namespaces of an application; nothing of a kind that it does not know.
 *
 * @throws as `Cluster.read`: what may not be seen must not look as if it were not there.
 */
async function listAll<T>(
  cluster: Cluster,
  application: Application,
  pathIn: (namespace: string) => string,
): Promise<T[]> {
  const lists = await Promise.all(
    Object.keys(application.namespaces).map(async (namespace): Promise<readonly T[]> => {
      const path = pathIn(namespace);
      const { status, body } = await cluster.call({ path });
      if (status === 404) return [];
      const list: Listed<T> = status === 200 ? JSON.parse(body) : await cluster.read({ path });
      return list.items ?? [];
    }),
  );
  return lists.flat();
}

/** What answers behind each Service of a component; that something does is one of the checks. */
export async function endpointsOf(cluster: Cluster, { components }: Application): Promise<Finding> {
  const served = Object.values(components).filter(({ service, ports }) => service !== undefined && ports.length > 0);
  const rows = await Promise.all(
    served.map(async ({ namespace, service }) => {
      const labelSelector = `kubernetes.io/service-name=${service?.name}`;
      const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
      const { items } = await cluster.read<List<V1EndpointSlice>>({ path, query: { labelSelector } });
      const endpoints = items.flatMap((slice) => slice.endpoints ?? []);
      const ready = endpoints.filter(({ conditions }) => conditions?.ready !== false);
      const ports = new Set(items.flatMap((slice) => (slice.ports ?? []).map(({ port }) => String(port))));
      return {
        service: service?.name ?? "",
        namespace,
        ready: `${ready.length}/${endpoints.length}`,
        addresses: ready.flatMap(({ addresses }) => addresses).join(", "),
        ports: [...ports].join(", "),
      };
    }),
  );
  return { section: { name: "Endpoints", rows }, wrong: [] };
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

interface Certificate {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec?: { readonly dnsNames?: readonly string[] };
  readonly status?: { readonly conditions?: readonly Condition[]; readonly notAfter?: string };
}

/** The certificates of a release: for which names, whether issued, and until when. */
export async function certificatesOf(cluster: Cluster, application: Application): Promise<Finding> {
  const certificates = await listAll<Certificate>(
    cluster,
    application,
    (namespace) => `/apis/cert-manager.io/v1/namespaces/${namespace}/certificates`,
  );
  const rows = certificates.map(({ metadata, spec, status }) => {
    const ready = status?.conditions?.find(({ type }) => type === "Ready");
    return {
      certificate: metadata.name,
      namespace: metadata.namespace,
      names: (spec?.dnsNames ?? []).join(", "),
      state: stateOf(ready),
      until: status?.notAfter ?? "",
    };
  });
  const wrong = certificates.flatMap(({ metadata: { name }, status }) => {
    const ready = status?.conditions?.find(({ type }) => type === "Ready");
    return ready?.status === "False"
      ? [`the certificate ${name} is not issued: ${ready.message ?? ready.reason ?? ""}`]
      : [];
  });
  return { section: { name: "Certificates", rows }, wrong };
}

function stateOf(ready: Condition | undefined): string {
  if (ready === undefined) return "no controller has answered";
  return ready.status === "True" ? "issued" : (ready.message ?? "not issued");
}

/** An autoscaler, as far as it is looked at (autoscaling/v2). */
export interface Autoscaler {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly minReplicas?: number;
    readonly maxReplicas: number;
    readonly scaleTargetRef: { readonly kind: string; readonly name: string };
  };
  readonly status?: {
    readonly currentReplicas?: number;
    readonly desiredReplicas?: number;
    readonly conditions?: readonly Condition[];
  };
}

/** Whether an autoscaler decides how many pods a component has. */
export function scales(
  { metadata, spec: { scaleTargetRef } }: Autoscaler,
  { kind, name, namespace }: Pick<Component, "kind" | "name" | "namespace">,
): boolean {
  return metadata.namespace === namespace && scaleTargetRef.kind === kind && scaleTargetRef.name === name;
}

/** All autoscalers in the namespaces of an application. */
export async function listAutoscalers(cluster: Cluster, application: Application): Promise<Autoscaler[]> {
  return await listAll(
    cluster,
    application,
    (namespace) => `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers`,
  );
}

/** The autoscalers of a release, and why one does not work. */
export async function autoscalersOf(cluster: Cluster, application: Application): Promise<Finding> {
  const found = await listAutoscalers(cluster, application);
  const rows = found.map(({ metadata, spec, status }) => ({
    autoscaler: metadata.name,
    namespace: metadata.namespace,
    of: `${spec.scaleTargetRef.kind}/${spec.scaleTargetRef.name}`,
    bounds: `${spec.minReplicas ?? 1}-${spec.maxReplicas}`,
    pods: `${status?.currentReplicas ?? 0}, wants ${status?.desiredReplicas ?? 0}`,
    state: idleBecause(status?.conditions) ?? "works",
  }));
  return { section: { name: "Autoscalers", rows }, wrong: [] };
}

/** An autoscaler that cannot measure keeps the number of pods: worth a look, no fault of the app. */
function idleBecause(conditions: readonly Condition[] = []): string | undefined {
  const idle = conditions.find(({ type, status }) => /^(AbleToScale|ScalingActive)$/.test(type) && status === "False");
  return idle?.message ?? idle?.reason;
}

/** Warnings that a person reads. */
const mostEvents = 30;

/** The warnings of the last hour, newest first: the API server keeps no more by default. */
export async function eventsOf(cluster: Cluster, application: Application): Promise<Finding> {
  const events = await listAll<CoreV1Event>(
    cluster,
    application,
    (namespace) => `/api/v1/namespaces/${namespace}/events?fieldSelector=type%3DWarning`,
  );
  const timed = events
    .map((event) => ({ event, time: timeOfEvent(event) }))
    .sort((one, other) => other.time - one.time);
  const rows = timed.slice(0, mostEvents).map(({ event, time }) => ({
    seen: time === 0 ? "" : new Date(time).toISOString().replace(/\.\d+Z$/, "Z"),
    times: String(event.series?.count ?? event.count ?? 1),
    object: `${event.involvedObject.kind}/${event.involvedObject.name}`,
    reason: event.reason ?? "",
    message: event.message ?? "",
  }));
  return { section: { name: "Warnings", rows }, wrong: [] };
}

function timeOfEvent({ series, lastTimestamp, eventTime, metadata }: CoreV1Event): number {
  return timeOf(series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp);
}
