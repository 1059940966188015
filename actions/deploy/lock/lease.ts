import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { V1Lease, V1MicroTime } from "@kubernetes/client-node";
import { type Cluster, unless } from "../../core/cluster.ts";
import type { PlainRequest } from "../../core/connection.ts";
import type { WorkflowRun } from "../../core/context.ts";
import { FairleadError } from "../../core/errors.ts";

/** What stands in the Lease of a release: who deploys it now, and whether a person holds it. */
export interface LeaseState {
  /** Empty when nobody deploys. */
  readonly holder: string;
  readonly holderUrl: string;
  /** When the holder last said that it lives, milliseconds since 1970 by the holder's clock. */
  readonly renewedAt: number;
  /** Milliseconds for which that counts. */
  readonly duration: number;
  readonly hold: Hold | undefined;
}

/** A person's word that nothing is to be deployed, kept on the Lease until it is resumed. */
export interface Hold {
  readonly who: string;
  readonly why: string;
  readonly since: string;
}

/** Who takes a Lease. */
export interface Holder {
  readonly identity: string;
  /** Address of its run. */
  readonly url: string;
  /** Milliseconds for which its word counts; {@link usualLease} if left out. Leases count in whole seconds. */
  readonly lease?: number;
}

/** The names of a release's Lease. */
export interface LeaseName {
  readonly namespace: string;
  readonly release: string;
}

const holdAnnotation = "fairlead/hold";
const urlAnnotation = "fairlead/run-url";

/** Milliseconds for which a holder's word counts. */
export const usualLease = 60_000;

/** A name under which a step holds a Lease, another one each time: the jobs of a matrix have all else in common. */
export function newHolder({ repository, id, attempt, job }: WorkflowRun): string {
  return `${repository}#${id}/${attempt}/${job}/${randomBytes(4).toString("hex")}`;
}

/** Reads a Lease; undefined when there is none. */
export async function readLease(cluster: Cluster, name: LeaseName): Promise<V1Lease | undefined> {
  const read = () => cluster.send<V1Lease>({ path: pathOf(name) });
  return await askForLeases(cluster, name, () => unless([404], read));
}

/** What a Lease says. */
export function stateOf({ metadata, spec }: V1Lease): LeaseState {
  const annotations = metadata?.annotations ?? {};
  const hold = annotations[holdAnnotation];
  return {
    holder: spec?.holderIdentity ?? "",
    holderUrl: annotations[urlAnnotation] ?? "",
    // Typed as a date, but it is the text that the API server sent.
    renewedAt: spec?.renewTime === undefined ? 0 : new Date(spec.renewTime).getTime(),
    duration: spec?.leaseDurationSeconds === undefined ? usualLease : spec.leaseDurationSeconds * 1_000,
    hold: hold === undefined ? undefined : JSON.parse(hold),
  };
}

/**
 * Writes a holder into a Lease, made if there was none. Gives undefined when somebody else was faster: the resource
 * version in what was read makes the write fail then.
 */
export async function takeLease(
  cluster: Cluster,
  name: LeaseName,
  seen: V1Lease | undefined,
  { identity, url, lease = usualLease }: Holder,
): Promise<V1Lease | undefined> {
  // Typed as a date, but written as the API server wants it: with microseconds.
  const now = new Date().toISOString().replace("Z", "000Z") as unknown as V1MicroTime;
  const annotations = { ...seen?.metadata?.annotations, [urlAnnotation]: url };
  const same = seen?.spec?.holderIdentity === identity;
  const acquireTime = same && seen?.spec?.acquireTime ? seen.spec.acquireTime : now;
  const leaseDurationSeconds = Math.ceil(lease / 1_000);
  const spec = { holderIdentity: identity, leaseDurationSeconds, acquireTime, renewTime: now };
  const { namespace } = name;
  const body: V1Lease = { metadata: { ...seen?.metadata, name: leaseNameOf(name), namespace, annotations }, spec };
  const request: PlainRequest =
    seen === undefined ? { method: "POST", path: leasesIn(name), body } : { method: "PUT", path: pathOf(name), body };
  const write = () => cluster.send<V1Lease>(request);
  return await askForLeases(cluster, name, () => unless([404, 409], write));
}

/** Gives a Lease up when `identity` still holds it. One that carries a hold stays, without a holder. */
export async function dropLease(cluster: Cluster, name: LeaseName, identity: string): Promise<void> {
  const path = pathOf(name);
  await askForLeases(cluster, name, async () => {
    // Read within each try: a write in between, as a person's hold, makes ours fail with a conflict.
    const lease = await unless([404], () => cluster.send<V1Lease>({ path }));
    if (lease?.spec?.holderIdentity !== identity) return;
    const { uid, resourceVersion } = lease.metadata ?? {};
    const preconditions = { ...(uid ? { uid } : {}), ...(resourceVersion ? { resourceVersion } : {}) };
    const free = { ...lease, spec: { ...lease.spec, holderIdentity: "" } };
    const request: PlainRequest =
      stateOf(lease).hold === undefined
        ? { method: "DELETE", path, body: { preconditions } }
        : { method: "PUT", path, body: free };
    await unless([404], () => cluster.send(request));
  });
}

/**
 * Writes a person's hold on a release into its Lease, which is made for it if there is none, or takes it away. Whoever
 * deploys meanwhile stays the holder, and goes on. Gives the Lease as it was before; a hold of somebody else in it stays,
 * and nothing was written.
 */
export async function writeHold(
  cluster: Cluster,
  name: LeaseName,
  hold: Hold | undefined,
): Promise<LeaseState | undefined> {
  const { namespace } = name;
  const before = await askForLeases(cluster, name, async () => {
    // Read within each try, as in `dropLease`.
    const lease = await unless([404], () => cluster.send<V1Lease>({ path: pathOf(name) }));
    const before = lease === undefined ? undefined : stateOf(lease);
    // Our own, after a try whose answer was lost.
    if (before !== undefined && hold !== undefined && isDeepStrictEqual(before.hold, hold))
      return { ...before, hold: undefined };
    if (before?.hold !== undefined && hold !== undefined) return before;
    const { [holdAnnotation]: _, ...others } = lease?.metadata?.annotations ?? {};
    const annotations = hold === undefined ? others : { ...others, [holdAnnotation]: JSON.stringify(hold) };
    const metadata = { ...lease?.metadata, name: leaseNameOf(name), namespace, annotations };
    const body: V1Lease = { ...lease, metadata, spec: lease?.spec ?? { holderIdentity: "" } };
    if (lease !== undefined) await cluster.send({ method: "PUT", path: pathOf(name), body });
    else if (hold !== undefined) await cluster.send({ method: "POST", path: leasesIn(name), body });
    return before;
  });
  // A Lease that nobody has and that says nothing is of no use.
  if (hold === undefined && before?.holder === "") await dropLease(cluster, name, "");
  return before;
}

function leaseNameOf({ release }: LeaseName): string {
  return `deploy-${release}`;
}

function leasesIn({ namespace }: LeaseName): string {
  return `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
}

function pathOf(name: LeaseName): string {
  return `${leasesIn(name)}/${leaseNameOf(name)}`;
}

async function askForLeases<T>(cluster: Cluster, { namespace }: LeaseName, call: () => Promise<T>): Promise<T> {
  try {
    return await cluster.ask(call);
  } catch (thrown) {
    if (!(thrown instanceof FairleadError) || thrown.code !== "CLUSTER_FORBIDDEN") throw thrown;
    throw new FairleadError({
      code: "CLUSTER_FORBIDDEN",
      message: `${thrown.message} Without Leases, two deploys of one release could not be kept apart.`,
      fix: "Apply the Role in the log, and bind it to the user of the kubeconfig.",
      details: leaseRole(namespace),
      cause: thrown,
    });
  }
}

function leaseRole(namespace: string): string {
  return `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: fairlead-lease
  namespace: ${namespace}
rules:
  - apiGroups: [coordination.k8s.io]
    resources: [leases]
    verbs: [get, create, update, delete]`;
}
