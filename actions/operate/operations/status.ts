import { readLease, stateOf } from "../../deploy/lock/lease.ts";
import { isPending } from "../../deploy/releases/revision.ts";
import { scopeOf } from "../../deploy/rollout.ts";
import { openStore } from "../../deploy/tracking/store.ts";
import { type Workload, workloadsOf } from "../../deploy/tracking/workloads.ts";
import { historyOf, newestOf } from "../history.ts";
import type { Operation } from "../operation.ts";
import type { Outcome, Section } from "../outcome.ts";
import { checksOf } from "../status/checks.ts";
import { driftOf } from "../status/drift.ts";
import { autoscalersOf, certificatesOf, endpointsOf, eventsOf, type Finding } from "../status/lists.ts";
import { nodesOf } from "../status/nodes.ts";
import { claimRows, podRows, workloadRows } from "../status/rows.ts";
import { sayHold } from "./hold.ts";

/**
 * Looks at everything that belongs to a release: its revisions and who holds or deploys it, its workloads and pods, its
 * checks, what answers behind its Services, claims, certificates, autoscalers, nodes, warnings, and what is not as it was deployed.
 */
export async function status(operation: Operation): Promise<Outcome> {
  const { cluster, application, revisions } = operation;
  const { release, namespace } = application;
  if (revisions.length === 0) {
    const said = `There is no release ${release} in the namespace ${namespace}`;
    return { status: "absent", said, revision: 0, sections: [await leaseSection(operation)] };
  }
  using store = await openStore(cluster, scopeOf(application));
  const snapshot = store.snapshot();
  const workloads = workloadsOf(snapshot);
  const [history, lease, nodes, drift, checks, ...lists] = await Promise.all([
    historyOf(operation),
    leaseSection(operation),
    nodesOf(cluster, snapshot),
    driftOf(operation),
    checksOf(operation, store),
    endpointsOf(cluster, application),
    certificatesOf(cluster, application),
    autoscalersOf(cluster, application),
    eventsOf(cluster, application),
  ]);
  const found: readonly Finding[] = [nodes, drift, checks, ...lists];
  const wrong = [
    ...releaseFaults(operation),
    ...workloadFaults(operation, workloads),
    ...found.flatMap(({ wrong }) => wrong),
  ];
  const revision = newestOf(operation);
  const address = application.url === "" ? "" : `, ${application.url}`;
  return {
    status: wrong.length === 0 ? "healthy" : "unhealthy",
    said: `${release} revision ${revision} is ${wrong.length === 0 ? `healthy${address}` : `not healthy: ${wrong.join("; ")}`}`,
    revision,
    sections: [
      lease,
      { name: "Workloads", rows: workloadRows(workloads) },
      checks.section,
      { name: "Pods", rows: podRows(snapshot) },
      ...lists.slice(0, 1).map(({ section }) => section),
      { name: "Claims", rows: claimRows(snapshot) },
      ...lists.slice(1).map(({ section }) => section),
      nodes.section,
      drift.section,
      history,
    ],
  };
}

/** Who works on a release, and who holds it. */
async function leaseSection({ cluster, application }: Operation): Promise<Section> {
  const lease = await readLease(cluster, application);
  const { holder, holderUrl, hold } =
    lease === undefined ? { holder: "", holderUrl: "", hold: undefined } : stateOf(lease);
  const rows = [
    { what: "Release", value: `${application.release} in the namespace ${application.namespace}` },
    ...application.addresses.map((address) => ({ what: "Address", value: address })),
    ...(holder === "" ? [] : [{ what: "Deployed now by", value: `${holder} ${holderUrl}` }]),
    ...(hold === undefined ? [] : [{ what: "Held", value: sayHold(hold) }]),
  ];
  return { name: "Release", rows };
}

function releaseFaults({ revisions }: Operation): string[] {
  const [newest] = revisions;
  if (newest === undefined || newest.status === "deployed") return [];
  const { number, status, words } = newest;
  const why = words?.description ? ` (${words.description})` : "";
  return [isPending(newest) ? `revision ${number} is ${status}` : `revision ${number} is ${status}${why}`];
}

/** What is not ready, and what is not there at all. */
function workloadFaults({ application }: Operation, workloads: readonly Workload[]): string[] {
  const open = workloads.flatMap(({ kind, name, unfinished }) =>
    unfinished === undefined ? [] : [`${kind} ${name}: ${unfinished}`],
  );
  const lasting = Object.values(application.components).filter(({ kind }) =>
    /^(Deployment|StatefulSet|DaemonSet)$/.test(kind),
  );
  const absent = lasting.filter(
    ({ kind, name, namespace }) =>
      !workloads.some((one) => one.kind === kind && one.name === name && one.namespace === namespace),
  );
  const stopped = workloads.filter(({ kind, wanted }) => /^(Deployment|StatefulSet)$/.test(kind) && wanted === 0);
  return [
    ...open,
    ...absent.map(({ kind, name }) => `${kind} ${name} is not there`),
    ...stopped.map(({ kind, name }) => `${kind} ${name} is stopped`),
  ];
}
