import { type Cluster, statusMessage } from "../../core/cluster.ts";
import { pathOf, type Resources } from "../../core/discovery.ts";
import { withoutDumps } from "../../core/dumps.ts";
import type { Application } from "../../validate/application.ts";
import { isMadeAnew, nameOf, type RenderedObject } from "../rendered/objects.ts";
import { type PodTemplate, workloadOf } from "../rendered/templates.ts";
import { creationRequest, dryRunRequest } from "./dry-run-request.ts";
import { type Obstacle, subjectOf } from "./obstacle.ts";
import type { Quotas } from "./quota.ts";

/**
 * Lets the API server judge every object of a release, and a pod of every template, without keeping anything: schema,
 * admission, quotas, immutable fields. Pod security and limits look at pods and not at what makes them, hence the pods.
 *
 * @param owned whether objects are applied by the server: fields of another manager are then a conflict.
 * @param quotas where what a rollout asks for is added up: what one pod of it is refused for is told there.
 */
export async function dryRun(
  cluster: Cluster,
  resources: Resources,
  objects: readonly RenderedObject[],
  templates: readonly PodTemplate[],
  application: Pick<Application, "namespace" | "components">,
  { owned, quotas }: { readonly owned: boolean; readonly quotas: Quotas },
): Promise<Obstacle[]> {
  const accounts = new Set(
    objects.filter(({ kind }) => kind === "ServiceAccount").map(({ metadata }) => metadata?.name),
  );
  const [ofObjects, ofPods] = await Promise.all([
    Promise.all(objects.map((object) => dryRunObject(cluster, resources, object, application, owned))),
    Promise.all(templates.map((template) => dryRunPod(cluster, template, accounts, quotas))),
  ]);
  // What is wrong with a template is told for its workload; its pod would say the same again.
  const refused = new Set(objects.filter((_, index) => ofObjects[index] !== undefined).map(nameOf));
  const pods = ofPods.filter((_, index) => !refused.has(templates[index]?.owner ?? ""));
  return [...ofObjects, ...pods].filter((obstacle) => obstacle !== undefined);
}

async function dryRunObject(
  cluster: Cluster,
  resources: Resources,
  object: RenderedObject,
  application: Pick<Application, "namespace" | "components">,
  owned: boolean,
): Promise<Obstacle | undefined> {
  const { namespace } = application;
  const resource = resources.find(object.apiVersion, object.kind);
  if (resource === undefined) {
    return {
      code: "PREFLIGHT_FAILED",
      cause: `the cluster knows no ${object.kind} (${object.apiVersion}), which ${nameOf(object)} is`,
      fix: "Install its custom resource definition, or leave out what needs it.",
      subject: subjectOf(object, namespace),
    };
  }
  const place = object.metadata?.namespace ?? namespace;
  const { status, body } = await cluster.call(
    isMadeAnew(object, application)
      ? creationRequest(pathOf(resource, place), object)
      : dryRunRequest(pathOf(resource, place, object.metadata?.name), object, owned),
  );
  return status < 300 ? undefined : obstacleOf(nameOf(object), status, body, subjectOf(object, namespace));
}

async function dryRunPod(
  cluster: Cluster,
  template: PodTemplate,
  accounts: ReadonlySet<string | undefined>,
  quotas: Quotas,
): Promise<Obstacle | undefined> {
  const { owner, namespace, metadata, spec, surges, rolled } = template;
  const { serviceAccountName, ...others } = spec;
  // An account of the same release is not there before the first install; what it may do is not judged here anyway.
  const account = accounts.has(serviceAccountName) ? {} : { serviceAccountName };
  const { labels, annotations } = metadata;
  const body = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { generateName: "fairlead-dry-run-", namespace, labels, annotations },
    spec: { ...others, ...account, restartPolicy: spec.restartPolicy ?? "Always" },
  };
  const path = `/api/v1/namespaces/${namespace}/pods?dryRun=All`;
  const answer = await cluster.call({ method: "POST", path, contentType: "application/json", body });
  // The pods that are there may make room before new ones come.
  const elsewhere = !surges || (rolled && quotas.has(namespace));
  if (answer.status < 300 || (elsewhere && /exceeded quota/.test(answer.body))) return undefined;
  // The account of a namespace that was just made comes a moment later.
  if (/serviceaccount "default" not found|error looking up service account \S+\/default/.test(answer.body))
    return undefined;
  return obstacleOf(`a pod of ${owner}`, answer.status, answer.body, { workload: workloadOf(template) });
}

function obstacleOf(
  what: string,
  status: number,
  body: string,
  subject: NonNullable<Obstacle["subject"]>,
): Obstacle | undefined {
  const said = shorten(statusMessage({ body }));
  // A webhook with effects of its own is not asked in a dry run; what it says is only known when it counts.
  if (/does not support dry run/.test(said)) return undefined;
  const rule = remedies.find(([pattern]) => pattern.test(said));
  const code = status === 403 && /cannot \w+ resource/.test(said) ? "CLUSTER_FORBIDDEN" : "PREFLIGHT_FAILED";
  return {
    code,
    cause: `the cluster would refuse ${what}: ${said}`,
    fix: rule?.[1].replace("NAME", kubectlName(subject)) ?? "Correct what the message names.",
    subject: rule?.[2] === undefined ? subject : { ...subject, about: rule[2] },
  };
}

/** What kubectl is given to find an object. */
function kubectlName({ workload }: NonNullable<Obstacle["subject"]>): string {
  return `${workload?.name} -n ${workload?.namespace}`;
}

const remedies: readonly (readonly [said: RegExp, fix: string, about?: string])[] = [
  [
    /updates to statefulset spec for fields other than/i,
    "A claim template, the service name and the selector of a StatefulSet cannot be changed: `kubectl delete statefulset NAME --cascade=orphan` keeps its pods and claims, and the next deploy takes them over; claims that grow are patched by hand.",
  ],
  [
    /selector.*field is immutable/i,
    "The selector of a workload cannot be changed: delete the workload first, or keep its name and its component as they were.",
  ],
  [/field is immutable/i, "This field cannot be changed: delete the object first, or give it another name."],
  [/exceeded quota/i, "Lower `resources` or `replicas` in the manifest, or raise the quota.", "resources"],
  [
    /violates PodSecurity/i,
    "Declare the level with `podSecurity` in the manifest, or drop what needs it.",
    "podSecurity",
  ],
  [/admission webhook|denied request/i, "The cluster's own rules refuse it: change what they name."],
  [/conflict with "/i, "Somebody else has set this field; leave it out of the manifest, or take it back from them."],
  [
    /must be less than or equal to .* limit/i,
    "Raise the limit or lower the request under `resources` in the manifest.",
    "resources",
  ],
];

function shorten(message: string): string {
  const cut = withoutDumps(message).replaceAll(/\s+/g, " ");
  return (cut.length > 600 ? `${cut.slice(0, 600)}…` : cut).replace(/\.$/, "");
}
