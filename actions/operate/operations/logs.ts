import type { V1Pod } from "@kubernetes/client-node";
import type { List } from "../../core/cluster.ts";
import { messageOf } from "../../core/errors.ts";
import { scopeOf } from "../../deploy/rollout.ts";
import { containersOf } from "../../deploy/tracking/faults/containers.ts";
import { instanceSelector } from "../../deploy/tracking/store.ts";
import type { Component } from "../../validate/application.ts";
import { newestOf } from "../history.ts";
import { type Operation, refused } from "../operation.ts";
import type { Outcome, Section } from "../outcome.ts";
import { maskSecretsOf } from "../secrets.ts";
import { componentFor, podsAmong } from "../target.ts";

/** Of each container, the last lines and bytes that are read. */
const tailLines = "2000";
const limitBytes = String(4 * 1024 * 1024);

/**
 * Reads what all containers of all pods of a component wrote, of all components where none is named; with `previous`, what
 * they wrote before they were started again, with `pattern`, only the lines that match. Secrets of the pods are masked.
 *
 * @throws FairleadError OPERATION_REFUSED when there is no pod.
 */
export async function logs(operation: Operation): Promise<Outcome> {
  const { application, inputs, cluster, context } = operation;
  const { components, release } = application;
  const all = ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"] as const;
  const chosen =
    inputs.component === undefined
      ? Object.values(components)
      : [componentFor(application, inputs.component, all, "logs")];
  const pods = await listPods(operation);
  const wanted = chosen.flatMap((component) => podsAmong(pods, component));
  const names = chosen.map(({ name }) => name).join(", ");
  if (wanted.length === 0) throw refused(`${release} has no pod of ${names}.`, "See `status`.");
  await Promise.all(
    wanted.map(({ metadata, spec }) => maskSecretsOf(cluster, context.masker, metadata?.namespace ?? "", spec)),
  );
  const sections = (await Promise.all(wanted.map((pod) => readPod(operation, pod)))).flat();
  const lines = sections.reduce((sum, { text }) => sum + (text === "" ? 0 : text.split("\n").length), 0);
  const matching = inputs.pattern === undefined ? "" : ` that match ${inputs.pattern.source}`;
  const before = inputs.previous ? " before the last restart" : "";
  return {
    status: lines === 0 ? "empty" : "read",
    said: `${lines} lines${matching} of ${wanted.length} pods of ${names}${before}`,
    revision: newestOf(operation),
    sections,
  };
}

/** All pods of an application. */
export async function listPods({ application, cluster }: Operation): Promise<V1Pod[]> {
  const { instance, namespaces } = scopeOf(application);
  const labelSelector = instanceSelector(instance);
  const lists = await Promise.all(
    namespaces.map((namespace) =>
      cluster.read<List<V1Pod>>({ path: `/api/v1/namespaces/${namespace}/pods`, query: { labelSelector } }),
    ),
  );
  return lists.flatMap(({ items }) => items);
}

async function readPod({ cluster, inputs, context }: Operation, pod: V1Pod): Promise<(Section & { text: string })[]> {
  const { name = "", namespace = "" } = pod.metadata ?? {};
  const { previous, pattern } = inputs;
  const ran = containersOf(pod).filter(({ restartCount, state }) => (previous ? restartCount > 0 : !state?.waiting));
  return await Promise.all(
    ran.map(async ({ name: container }) => {
      const path = `/api/v1/namespaces/${namespace}/pods/${name}/log`;
      const query = { container, previous: String(previous), tailLines, limitBytes };
      const text = await cluster.readText({ path, query }).catch((thrown) => {
        context.signal.throwIfAborted();
        context.runner.annotate("warning", `No log of ${container} in ${name}: ${messageOf(thrown)}`, "Logs");
        return "";
      });
      // A secret is masked before lines are chosen: one of several lines is known as a whole.
      const lines = context.masker.redact(text).trimEnd().split("\n");
      const kept = pattern === undefined ? lines : lines.filter((line) => pattern.test(line));
      return { name: `${container} in ${name}`, text: kept.join("\n") };
    }),
  );
}

/** A pod that a command can run in now. */
export function readyPodOf(pods: readonly V1Pod[], component: Component): V1Pod | undefined {
  return podsAmong(pods, component).find(
    ({ metadata, status }) =>
      metadata?.deletionTimestamp === undefined &&
      status?.containerStatuses?.some(
        (one) => one.name === component.containerName && one.state?.running !== undefined,
      ),
  );
}
