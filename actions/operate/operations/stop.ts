import { formatDuration } from "../../core/duration.ts";
import { FairleadError } from "../../core/errors.ts";
import { poll } from "../../core/retry.ts";
import type { Lock } from "../../deploy/lock/keep.ts";
import { withoutHash } from "../../deploy/rendered/objects.ts";
import { remaining, type Watching } from "../../deploy/rollout.ts";
import { interval } from "../../deploy/tracking/tracker.ts";
import type { Component } from "../../validate/application.ts";
import { newestOf } from "../history.ts";
import { change, readObject, remove } from "../objects.ts";
import { failed, type Operation, openWatching } from "../operation.ts";
import { stopOrder } from "../order.ts";
import type { Outcome } from "../outcome.ts";
import { listAutoscalers, scales } from "../status/lists.ts";
import { pathOf, podsAmong } from "../target.ts";

/**
 * Ends all pods of an application, those first that come `after` others, and keeps everything else: claims, configuration,
 * Services, the release itself. What has no number of pods of its own is deleted: a DaemonSet, a CronJob, a Job that
 * runs, what an autoscaler decides. The next deploy makes it all run again, also of the same commit.
 */
export async function stop(operation: Operation, lock: Lock): Promise<Outcome> {
  const { application, context } = operation;
  const { components, release } = application;
  using watching = await openWatching(operation);
  const rows: Record<string, string>[] = [];
  for (const step of stopOrder(components)) {
    await lock.confirm();
    const chosen = step.flatMap((key) => components[key] ?? []);
    const done = await Promise.all(chosen.map((component) => stopOne(operation, watching, component)));
    context.runner.info(`Stopping ${step.join(", ")}`);
    rows.push(...done.map((what, index) => ({ component: step[index] ?? "", what })));
    const failure = await untilGone(watching, chosen);
    if (failure !== undefined) {
      const said = failure.message.replace(/\.$/, "");
      return { status: "failed", said, revision: newestOf(operation), sections: [{ name: "Stopped", rows }], failure };
    }
  }
  const said = `${release} is stopped and its data is kept; the next deploy, or \`scale\`, starts it again`;
  return { status: "stopped", said, revision: newestOf(operation), sections: [{ name: "Stopped", rows }] };
}

async function stopOne(
  { cluster, application }: Operation,
  { store }: Watching,
  component: Component,
): Promise<string> {
  const { kind, name, namespace } = component;
  if (kind === "Job") {
    // One that has ended holds nothing, and would run again.
    const open = store
      .snapshot()
      .jobs.filter(
        ({ metadata, status }) =>
          metadata?.namespace === namespace &&
          withoutHash(metadata.name ?? "") === name &&
          !status?.conditions?.some((one) => /^(Complete|Failed)$/.test(one.type) && one.status === "True"),
      );
    const paths = open.map(({ metadata }) => pathOf({ kind, namespace, name: metadata?.name ?? "" }));
    await Promise.all(paths.map((path) => remove(cluster, path)));
    return open.length === 0 ? "has ended" : "deleted while it ran";
  }
  if ((await readObject(cluster, pathOf(component))) === undefined) return "is not there";
  if (kind === "Deployment" || kind === "StatefulSet") {
    const autoscaled = (await listAutoscalers(cluster, application)).some((one) => scales(one, component));
    // An autoscaler leaves zero alone, and no deploy says a number beside it.
    if (autoscaled) await remove(cluster, pathOf(component));
    if (autoscaled) return "deleted, since an autoscaler decides its number of pods";
    await change(cluster, pathOf(component), { spec: { replicas: 0 } });
    return "scaled to 0 pods";
  }
  await remove(cluster, pathOf(component));
  return "deleted";
}

/** Waits until the pods of these components have ended; gives what to tell when they do not in time. */
async function untilGone(watching: Watching, components: readonly Component[]): Promise<FairleadError | undefined> {
  const { store, context, end } = watching;
  const timeout = remaining(end);
  const onTimeout = (left: string) =>
    failed(`Not everything has ended within ${formatDuration(timeout)}: ${left}.`, "Raise `timeout`, or see `status`.");
  const waiting = poll({ interval, timeout, signal: context.signal, onTimeout }, async () => {
    const pods = components.flatMap((component) => podsAmong(store.snapshot().pods, component));
    // A Job that has ended keeps its pods; one that is being deleted counts until it is gone.
    const left = pods.filter(
      ({ metadata, status }) =>
        metadata?.deletionTimestamp !== undefined || !/^(Succeeded|Failed)$/.test(status?.phase ?? ""),
    );
    if (left.length === 0) return { done: undefined };
    return { waiting: left.map(({ metadata }) => metadata?.name).join(", ") };
  });
  return await waiting.catch((thrown) => {
    context.signal.throwIfAborted();
    if (thrown instanceof FairleadError) return thrown;
    throw thrown;
  });
}
