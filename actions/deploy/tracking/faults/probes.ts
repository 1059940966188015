import type { CoreV1Event, V1ContainerStatus, V1Pod, V1Probe } from "@kubernetes/client-node";
import { eventsOf } from "../snapshot.ts";
import { containerFault, type Fault, firstLine, type Sight, twoSightings } from "./fault.ts";

/** Containers that run, but never become ready, and those that the kubelet ends because they did not start in time. */
export function probeFaults(sight: Sight): Fault[] {
  if (sight.workload.kind === "Job") return [];
  return sight.workload.pods.flatMap((pod) =>
    (pod.status?.containerStatuses ?? []).flatMap((status) => [
      ...neverStarted(sight, pod, status),
      ...neverReady(sight, pod, status),
    ]),
  );
}

/** The kubelet has waited as long as the manifest allows (`health.startup.within`); another start would take as long. */
function neverStarted(sight: Sight, pod: V1Pod, { name }: V1ContainerStatus): Fault[] {
  const events = eventsOfContainer(sight, pod, name);
  const killed = events.findIndex(
    ({ reason, message = "" }) => reason === "Killing" && message.includes("failed startup probe"),
  );
  if (killed < 0) return [];
  // The next start is probed at once, and what is answered again moves the one event that there was before.
  const answer = answerIn(events.slice(0, killed)) ?? answerIn(events);
  const cause = `the container ${name} did not start within ${sight.patience.startup / 1_000} s: ${probeAnswer(answer)}`;
  return [
    containerFault(sight, pod, name, {
      key: `startup ${pod.metadata?.name} ${name}`,
      tolerance: twoSightings,
      about: "health",
      cause,
      fix: "Correct `port` or `health` in the manifest, or give it more time with `health.startup.within`.",
    }),
  ];
}

function neverReady(sight: Sight, pod: V1Pod, { name, ready, state, started }: V1ContainerStatus): Fault[] {
  if (ready || state?.running === undefined) return [];
  const { startup } = sight.patience;
  const { startupProbe, readinessProbe } = pod.spec?.containers.find((one) => one.name === name) ?? {};
  const starting = startupProbe !== undefined && started !== true;
  // The kubelet ends what does not start by itself, but counts probes and not the time that they hang.
  const budget = starting ? startup : Math.max(startupProbe === undefined ? startup : 0, spanOf(readinessProbe));
  const answer = answerIn(eventsOfContainer(sight, pod, name));
  const failed = starting ? "did not start" : "runs, but did not become ready";
  return [
    containerFault(sight, pod, name, {
      key: `unready ${pod.metadata?.name} ${name} ${started} ${state.running.startedAt}`,
      tolerance: budget + grace,
      usual: true,
      about: "health",
      cause: `the container ${name} ${failed} within ${Math.round(budget / 1_000)} s: ${probeAnswer(answer)}`,
      fix: "Correct `port` or `health` in the manifest, or give it more time with `health.startup.within`.",
    }),
  ];
}

/** Milliseconds for the kubelet to say the same. */
const grace = 2_000;

/** Milliseconds until a probe has failed as often as it may. */
function spanOf(probe: V1Probe | undefined): number {
  const { initialDelaySeconds = 0, periodSeconds = 10, failureThreshold = 3, timeoutSeconds = 1 } = probe ?? {};
  return (initialDelaySeconds + periodSeconds * failureThreshold + timeoutSeconds) * 1_000;
}

function eventsOfContainer({ snapshot }: Sight, pod: V1Pod, container: string): CoreV1Event[] {
  return eventsOf(snapshot, pod.metadata?.uid).filter(({ involvedObject }) =>
    involvedObject.fieldPath?.includes(`{${container}}`),
  );
}

/** What a probe was answered last, refused, a status, or nothing in time, as the kubelet says it. */
function answerIn(events: readonly CoreV1Event[]): string | undefined {
  return events.findLast(({ reason }) => reason === "Unhealthy")?.message;
}

/** A probe's event as a sentence (texts of kubelet's prober and of Go's HTTP client). */
export function probeAnswer(message = ""): string {
  const url = /"(https?:\/\/[^"]+)"/.exec(message)?.[1];
  const path = url === undefined ? "its probe" : `GET ${new URL(url).pathname}`;
  const port = /dial tcp [^ ]*:(\d+)/.exec(message)?.[1] ?? (url === undefined ? undefined : new URL(url).port);
  const status = /statuscode: (\d+)/i.exec(message)?.[1];
  if (message === "") return "its probe has not been answered yet";
  if (/connection refused/.test(message)) return `nothing listens on port ${port}`;
  if (status !== undefined) return `its probe is answered with status ${status}`;
  if (/deadline exceeded|Timeout exceeded|i\/o timeout/i.test(message)) return `${path} is not answered in time`;
  return firstLine(message.replace(/^(Readiness|Startup|Liveness) probe failed: /, "")) || "its probe fails";
}
