import type { V1Lease } from "@kubernetes/client-node";
import { type Cluster, statusOf } from "../core/cluster.ts";
import type { WorkflowRun } from "../core/context.ts";
import { FairleadError } from "../core/errors.ts";

/** What stands in the Lease of a release: who deploys it now, and whether a person holds it. */
export interface LeaseState {
  /** Empty when nobody deploys. */
  readonly holder: string;
  readonly holderUrl: string;
  /** When the holder last said that it lives, milliseconds since 1970 by the holder's clock. */
  readonly renewedAt: number;
  readonly hold: Hold | undefined;
}

/** A person's word that nothing is to be deployed, kept on the Lease until it is resumed. */
export interface Hold {
  readonly who: string;
  readonly why: string;
  readonly since: string;
}

/** The names of a release's Lease. */
export interface LeaseName {
  readonly namespace: string;
  readonly release: string;
}

const holdAnnotation = "fairlead/hold";
const urlAnnotation = "fairlead/run-url";

/** Seconds for which a holder's word counts. */
export const leaseSeconds = 60;

/** The name under which a job holds a Lease; every attempt is another holder. */
export function holderOf({ repository, id, attempt, job }: WorkflowRun): string {
  return `${repository}#${id}/${attempt}/${job}`;
}

/** Reads a Lease; undefined when there is none. */
export async function readLease(cluster: Cluster, name: LeaseName): Promise<V1Lease | undefined> {
  const read = () => cluster.coordination.readNamespacedLease(addressOf(name));
  return await askForLeases(cluster, name, () => unless([404], read));
}

/** What a Lease says. */
export function stateOf({ metadata, spec }: V1Lease): LeaseState {
  const annotations = metadata?.annotations ?? {};
  const hold = annotations[holdAnnotation];
  return {
    holder: spec?.holderIdentity ?? "",
    holderUrl: annotations[urlAnnotation] ?? "",
    // Typed as a date, but the client gives the text that the API server sent.
    renewedAt: spec?.renewTime === undefined ? 0 : new Date(spec.renewTime).getTime(),
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
  holder: { readonly identity: string; readonly url: string },
): Promise<V1Lease | undefined> {
  const { MicroTime } = await microTime();
  const now = new MicroTime();
  const annotations = { ...seen?.metadata?.annotations, [urlAnnotation]: holder.url };
  const same = seen?.spec?.holderIdentity === holder.identity;
  const acquireTime = same && seen?.spec?.acquireTime ? seen.spec.acquireTime : now;
  const spec = { holderIdentity: holder.identity, leaseDurationSeconds: leaseSeconds, acquireTime, renewTime: now };
  const { name: leaseName, namespace } = addressOf(name);
  const body: V1Lease = { metadata: { ...seen?.metadata, name: leaseName, namespace, annotations }, spec };
  const write = () =>
    seen === undefined
      ? cluster.coordination.createNamespacedLease({ namespace, body })
      : cluster.coordination.replaceNamespacedLease({ name: leaseName, namespace, body });
  return await askForLeases(cluster, name, () => unless([404, 409], write));
}

/** Gives a Lease up when `identity` still holds it. One that carries a hold stays, without a holder. */
export async function dropLease(cluster: Cluster, name: LeaseName, identity: string): Promise<void> {
  const lease = await readLease(cluster, name);
  if (lease?.spec?.holderIdentity !== identity) return;
  const { name: leaseName, namespace } = addressOf(name);
  const { uid, resourceVersion } = lease.metadata ?? {};
  const preconditions = { ...(uid ? { uid } : {}), ...(resourceVersion ? { resourceVersion } : {}) };
  const free = { ...lease, spec: { ...lease.spec, holderIdentity: "" } };
  const give = (): Promise<unknown> =>
    stateOf(lease).hold === undefined
      ? cluster.coordination.deleteNamespacedLease({ name: leaseName, namespace, body: { preconditions } })
      : cluster.coordination.replaceNamespacedLease({ name: leaseName, namespace, body: free });
  // Somebody may have taken it over, or it is gone: it is not ours to give up any more then.
  await askForLeases(cluster, name, () => unless([404, 409], give));
}

/** Undefined for an answer with one of these statuses: an outcome here, and not an error that is worth another try. */
async function unless<T>(statuses: readonly number[], call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (thrown) {
    if (statuses.includes(statusOf(thrown) ?? 0)) return undefined;
    throw thrown;
  }
}

function addressOf({ namespace, release }: LeaseName) {
  return { namespace, name: `deploy-${release}` };
}

/** The class of `spec.renewTime`, loaded with the rest of the client. */
async function microTime() {
  const { V1MicroTime } = await import("@kubernetes/client-node");
  return { MicroTime: V1MicroTime };
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
