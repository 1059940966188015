import type { Fault } from "../tracking/faults/fault.ts";

/** A command for a person, and what it is for. */
export interface NextStep {
  readonly what: string;
  readonly command: string;
}

/** What a command has to know of a run. */
interface Facts {
  readonly status: string;
  readonly release: string;
  readonly namespace: string;
  readonly revision: number;
  readonly previousRevision: number;
  /** Where the application answers; `http://web.prod.svc:8080` only from inside the cluster. */
  readonly addresses: readonly string[];
  /** Whether a revision was made that failed and is there still. */
  readonly kept: boolean;
}

/** What to run next, ready to be copied; nothing where no release is known. */
export function nextSteps(facts: Facts, fault: Fault | undefined): NextStep[] {
  const { release, namespace, status } = facts;
  if (release === "" || status === "planned") return [];
  return [...ofFailure(facts, fault), ...always(release, namespace), ...waysIn(facts), ...wayBack(facts)];
}

/** The failed pods are still there only when nothing was rolled back; after that, what serves can be looked at. */
function ofFailure({ kept }: Facts, fault: Fault | undefined): NextStep[] {
  if (fault === undefined) return [];
  const { namespace } = fault.workload;
  const workload = `${fault.workload.kind.toLowerCase()}/${fault.workload.name}`;
  if (!kept || fault.pod === undefined) {
    return [
      { what: "What it logs", command: `kubectl logs ${workload} --all-containers --tail=50 -n ${namespace}` },
      { what: "What the cluster says of it", command: `kubectl describe ${workload} -n ${namespace}` },
    ];
  }
  const container = fault.container === undefined ? "--all-containers" : `-c ${fault.container}`;
  return [
    {
      what: "What it logged before it ended",
      command: `kubectl logs ${fault.pod} ${container} --previous -n ${namespace}`,
    },
    { what: "What the cluster says of the pod", command: `kubectl describe pod ${fault.pod} -n ${namespace}` },
  ];
}

function always(release: string, namespace: string): NextStep[] {
  return [
    { what: "What runs now", command: `kubectl get all -n ${namespace}` },
    { what: "Its revisions, and what became of each", command: `helm history ${release} -n ${namespace}` },
  ];
}

/** An address without a route is opened on the machine of whoever runs the command. */
function waysIn({ addresses, revision }: Facts): NextStep[] {
  if (revision === 0) return [];
  return addresses.flatMap((address) => {
    const [, service, namespace, port = "80"] = /^http:\/\/([^.]+)\.([^.]+)\.svc(?::(\d+))?$/.exec(address) ?? [];
    if (service === undefined) return [];
    const local = Number(port) < 1024 ? Number(port) + 8000 : port;
    const command = `kubectl port-forward -n ${namespace} svc/${service} ${local}:${port}`;
    return [{ what: `${service} at localhost:${local}`, command }];
  });
}

function wayBack({ status, kept, release, namespace, revision, previousRevision }: Facts): NextStep[] {
  const wanted = kept || (status === "deployed" && previousRevision !== revision);
  if (!wanted || previousRevision === 0) return [];
  const command = `helm rollback ${release} ${previousRevision} -n ${namespace}`;
  return [{ what: "Back to the revision before", command }];
}
