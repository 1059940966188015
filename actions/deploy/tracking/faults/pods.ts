import type { CoreV1Event, V1Pod } from "@kubernetes/client-node";
import { eventsOf } from "../snapshot.ts";
import { containersOf } from "./containers.ts";
import { awaitedSecret } from "./deliveries.ts";
import { type Fault, firstLine, placeOf, type Sight, twoSightings } from "./fault.ts";

/** Pods that no node takes, that cannot be set up on their node, or that were thrown off it. */
export function podFaults(sight: Sight): Fault[] {
  return [
    ...sight.workload.pods.flatMap((pod) => [...unscheduled(sight, pod), ...notSetUp(sight, pod)]),
    ...evicted(sight),
  ];
}

function unscheduled({ snapshot, workload }: Sight, pod: V1Pod): Fault[] {
  const condition = pod.status?.conditions?.find(
    ({ type, status, reason }) => type === "PodScheduled" && status === "False" && reason === "Unschedulable",
  );
  if (condition === undefined) return [];
  const comingNode = eventsOf(snapshot, pod.metadata?.uid).some(({ reason }) => reason === "TriggeredScaleUp");
  const message = firstLine(condition.message ?? "").replace(/\.?( no new claims to deallocate,)? preemption: .*$/, "");
  return [
    {
      key: `unschedulable ${pod.metadata?.name}`,
      tolerance: comingNode ? Number.POSITIVE_INFINITY : 60_000,
      cause: `no node takes the pod ${pod.metadata?.name}: ${message}`,
      ...schedulingFix(message),
      ...placeOf(workload),
      pod: pod.metadata?.name ?? "",
    },
  ];
}

/** What the scheduler says of nodes (kube-scheduler, plugins' statuses), and what can be done about it. */
const placements: readonly { readonly says: RegExp; readonly about: string; readonly fix: string }[] = [
  { says: /Insufficient (cpu|memory)/, about: "resources", fix: "lower `resources` in the manifest, or add a node" },
  { says: /free ports/, about: "ports", fix: "free the port of the node, or take another `hostPort`" },
  {
    says: /node affinity|node selector/,
    about: "nodeSelector",
    fix: "correct `nodeSelector` in the manifest, or label a node",
  },
  { says: /untolerated taint/, about: "tolerations", fix: "tolerate the taint with `tolerations`" },
  {
    says: /PersistentVolumeClaim/i,
    about: "volumes",
    fix: "check `storageClass` and the cluster's default class, since its claim has no volume",
  },
];

/** Nodes may be out of the question for several reasons; which of them should take the pod is not known. */
function schedulingFix(message: string): Pick<Fault, "fix" | "about"> {
  const fitting = placements.filter(({ says }) => says.test(message));
  const [first] = fitting;
  if (first === undefined) return { fix: "Correct the placement in the manifest, or add a node." };
  const fixes = fitting.map(({ fix }) => fix).join("; or ");
  return { about: first.about, fix: `${fixes.charAt(0).toUpperCase()}${fixes.slice(1)}.` };
}

interface SetUpRule {
  readonly reason: RegExp;
  readonly message?: RegExp;
  readonly tolerance: number;
  readonly fix: string;
  readonly about?: string;
}

const setUpRules: readonly SetUpRule[] = [
  {
    reason: /^FailedMount$/,
    message: /(secret|configmap) "[^"]+" not found|references non-existent (secret|config) key/,
    tolerance: 20_000,
    about: "files",
    fix: "Create what is missing, or correct its name in the manifest.",
  },
  {
    reason: /^(FailedMount|FailedAttachVolume)$/,
    tolerance: 90_000,
    about: "volumes",
    fix: "Check the volume on its node.",
  },
  {
    reason: /^FailedCreatePodSandBox$/,
    tolerance: 90_000,
    fix: "Check the network plugin and the runtime of the node.",
  },
];

/** A pod whose containers wait for its volumes or its network. */
function notSetUp(sight: Sight, pod: V1Pod): Fault[] {
  const { snapshot, workload } = sight;
  const waits = containersOf(pod).some(({ state }) =>
    /^(ContainerCreating|PodInitializing)$/.test(state?.waiting?.reason ?? ""),
  );
  if (!waits) return [];
  const events = eventsOf(snapshot, pod.metadata?.uid);
  const mount = events.findLast(({ reason }) => reason === "FailedMount");
  const awaited = awaitedSecret(sight, pod, mount?.message ?? "");
  if (awaited !== undefined) return [{ ...awaited, ...placeOf(workload), pod: pod.metadata?.name ?? "" }];
  return setUpRules.flatMap((rule) => {
    const event = events.findLast((one) => fits(one, rule));
    if (event === undefined) return [];
    const { fix, about, tolerance } = rule;
    return [
      {
        key: `set up ${pod.metadata?.name} ${fix}`,
        tolerance,
        cause: `the pod ${pod.metadata?.name} cannot be set up: ${firstLine(event.message ?? "")}`,
        fix,
        ...(about === undefined ? {} : { about }),
        ...placeOf(workload),
        pod: pod.metadata?.name ?? "",
      },
    ];
  });
}

function fits({ reason = "", message = "" }: CoreV1Event, rule: SetUpRule): boolean {
  return rule.reason.test(reason) && (rule.message?.test(message) ?? true);
}

function evicted({ workload }: Sight): Fault[] {
  const pods = workload.pods.filter(({ status }) => status?.reason === "Evicted");
  const [first] = pods;
  if (first === undefined || pods.length < 2) return [];
  return [
    {
      key: `evicted ${workload.name}`,
      tolerance: twoSightings,
      cause: `${pods.length} pods of ${workload.name} were evicted: ${firstLine(first.status?.message ?? "")}`,
      fix: "The node is short of what the message names: lower what the app uses, or free some on the node.",
      about: "resources",
      ...placeOf(workload),
      pod: first.metadata?.name ?? "",
    },
  ];
}
