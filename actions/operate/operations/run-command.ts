import { randomBytes } from "node:crypto";
import type {
  V1Container,
  V1CronJob,
  V1Deployment,
  V1Job,
  V1PodSpec,
  V1PodTemplateSpec,
} from "@kubernetes/client-node";
import type { List } from "../../core/cluster.ts";
import { formatDuration } from "../../core/duration.ts";
import { messageOf } from "../../core/errors.ts";
import type { Lock } from "../../deploy/lock/keep.ts";
import { withoutHash } from "../../deploy/rendered/objects.ts";
import type { Component } from "../../validate/application.ts";
import { type Following, followLog } from "../follow.ts";
import { newestOf } from "../history.ts";
import { create, readObject, remove } from "../objects.ts";
import { failed, type Operation, openWatching, refused } from "../operation.ts";
import type { Outcome } from "../outcome.ts";
import { type Output, openOutput } from "../output.ts";
import { maskSecretsOf } from "../secrets.ts";
import { componentFor, pathOf } from "../target.ts";
import { expectedOf, watchOne } from "../watching.ts";
import { listPods, readyPodOf } from "./logs.ts";

const kinds = ["Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job"] as const;

/**
 * Runs a command once: in a pod of a component, or, where none runs or the input `job` asks for it, in a Job that is made from
 * its template and removed after. What it prints is shown as it comes; everything that the component knows from Secrets is
 * masked in it.
 *
 * @throws FairleadError OPERATION_REFUSED when the component is not there.
 */
export async function runCommand(operation: Operation, lock: Lock): Promise<Outcome> {
  const { application, inputs, cluster, context } = operation;
  const component = componentFor(application, inputs.component, kinds, "run");
  const template = await templateOf(operation, component);
  await maskSecretsOf(cluster, context.masker, component.namespace, template.spec);
  const pod = inputs.job ? undefined : readyPodOf(await listPods(operation), component);
  await lock.confirm();
  const output = openOutput(context);
  const { place, code, cause } =
    pod === undefined
      ? await runInJob(operation, component, template, output)
      : await runInside(operation, component, pod.metadata?.name ?? "", output);
  const said = `The command in ${place} ${code === 0 ? "succeeded" : `failed: ${cause}`}`;
  const sections = [{ name: "Output", text: output.end(), shown: true }];
  const revision = newestOf(operation);
  if (code === 0) return { status: "succeeded", said, revision, sections };
  const failure = failed(`${said}.`, "Its output is in the log.");
  return { status: "failed", said, revision, sections, failure };
}

interface Ran {
  readonly place: string;
  readonly code: number;
  /** Why it failed, without the full stop. */
  readonly cause: string;
}

/** The live template: what runs now, with the Secrets of the revision that runs now. */
async function templateOf(operation: Operation, component: Component): Promise<V1PodTemplateSpec> {
  const { kind, name, namespace } = component;
  const { cluster } = operation;
  const found =
    kind === "Job"
      ? (await cluster.read<List<V1Job>>({ path: `/apis/batch/v1/namespaces/${namespace}/jobs` })).items.find(
          ({ metadata }) => metadata?.name !== undefined && withoutHash(metadata.name) === name,
        )
      : await readObject<V1Deployment & V1CronJob>(cluster, pathOf(component));
  const spec = found?.spec as (V1Deployment["spec"] & V1CronJob["spec"]) | undefined;
  const template = spec?.jobTemplate?.spec?.template ?? spec?.template;
  if (template === undefined) throw refused(`The ${kind} ${name} is not there.`, "Deploy it again.");
  return template;
}

async function runInside(
  { cluster, inputs, context, timeout }: Operation,
  component: Component,
  pod: string,
  { write }: Output,
): Promise<Ran> {
  const { namespace, containerName: container } = component;
  const request = { namespace, pod, container, command: inputs.command ?? [], onOutput: write };
  const limit = AbortSignal.timeout(timeout);
  try {
    const { code } = await cluster.run(request, AbortSignal.any([context.signal, limit]));
    return { place: pod, code, cause: `exit code ${code}` };
  } catch (thrown) {
    context.signal.throwIfAborted();
    const late = `it did not end within ${formatDuration(timeout)}, and may still run in the pod`;
    return { place: pod, code: -1, cause: limit.aborted ? late : messageOf(thrown) };
  }
}

/** Watches a Job as a deploy watches its own, so that what keeps it from starting is told at once. */
async function runInJob(
  operation: Operation,
  component: Component,
  template: V1PodTemplateSpec,
  { write }: Output,
): Promise<Ran> {
  const { cluster, lasting, application, context, timeout, inputs } = operation;
  const { namespace } = component;
  const name = `${component.name.slice(0, 50)}-run-${randomBytes(3).toString("hex")}`;
  const jobs = `/apis/batch/v1/namespaces/${namespace}/jobs`;
  const body = jobFrom(template, component, {
    name,
    command: inputs.command ?? [],
    seconds: Math.ceil(timeout / 1_000),
  });
  using watching = await openWatching(operation, { instance: name, namespaces: [namespace] });
  const missing = ownVolumesOf(template);
  if (missing.length > 0) {
    const words = `The Job runs without ${missing.join(", ")}: each pod of ${component.name} has a volume of its own there.`;
    context.runner.annotate("notice", words, "Run");
  }
  const job = await create(cluster, jobs, body);
  context.runner.info(`The Job ${name} is made`);
  const only = { namespace, instance: name, container: component.containerName };
  let following: Following | undefined;
  try {
    following = await followLog(cluster, only, write);
    const expected = expectedOf({ ...component, kind: "Job", name }, job);
    const alone = { ...watching, application: { ...application, components: {} } };
    const fault = await watchOne(alone, expected);
    await following.finish();
    return { place: `the Job ${name}`, code: fault === undefined ? 0 : 1, cause: fault?.cause ?? "" };
  } finally {
    following?.stop();
    await remove(lasting, `${jobs}/${name}`, 0).catch((thrown) => {
      context.runner.annotate("warning", `The Job ${name} was not removed: ${messageOf(thrown)}`, "Run");
    });
  }
}

/**
 * A Job that runs one command with what a component has: image, environment, volumes, place. Its labels are its own, so that no
 * Service sends it requests; containers beside, probes and ports are left out, and so are the volumes that a StatefulSet makes
 * for each of its pods.
 */
export function jobFrom(
  template: V1PodTemplateSpec,
  { containerName }: Pick<Component, "containerName">,
  { name, command, seconds }: { readonly name: string; readonly command: readonly string[]; readonly seconds: number },
): V1Job {
  const labels = { "app.kubernetes.io/instance": name, "app.kubernetes.io/managed-by": "fairlead" };
  const { containers = [], initContainers = [], ...spec }: Partial<V1PodSpec> = template.spec ?? {};
  const withVolumes = withoutOwnVolumes(template);
  const own = containers
    .filter((one) => one.name === containerName)
    .map((container) => {
      const { args: _, ports, livenessProbe, readinessProbe, startupProbe, lifecycle, ...kept } = container;
      return { ...withVolumes(kept), command: [...command] };
    });
  const first = initContainers.length === 0 ? {} : { initContainers: initContainers.map(withVolumes) };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, labels },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: seconds,
      // Where nobody is left to remove it.
      ttlSecondsAfterFinished: 3_600,
      template: { metadata: { labels }, spec: { ...spec, ...first, containers: own, restartPolicy: "Never" } },
    },
  };
}

/** Where pods of this template have a volume that is not in it: one that a StatefulSet makes for each pod. */
export function ownVolumesOf({ spec }: V1PodTemplateSpec): string[] {
  const names = namesOfVolumes(spec);
  const mounts = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].flatMap(
    ({ volumeMounts = [] }) => volumeMounts,
  );
  return [...new Set(mounts.filter(({ name }) => !names.has(name)).map(({ mountPath }) => mountPath))];
}

/** Makes a container mount nothing but volumes that are in the template. */
function withoutOwnVolumes({ spec }: V1PodTemplateSpec): (container: V1Container) => V1Container {
  const names = namesOfVolumes(spec);
  return ({ volumeMounts, ...container }) =>
    volumeMounts === undefined
      ? container
      : { ...container, volumeMounts: volumeMounts.filter(({ name }) => names.has(name)) };
}

function namesOfVolumes(spec: V1PodSpec | undefined): ReadonlySet<string> {
  return new Set((spec?.volumes ?? []).map(({ name }) => name));
}
