import { formatDuration } from "../core/duration.ts";
import { FairleadError } from "../core/errors.ts";
import type { Application } from "../validate/application.ts";

/** Milliseconds for a deploy when neither the user nor the manifest asks for more. */
const defaultTimeout = 180_000;
/** Milliseconds for what comes before a container starts: scheduling, pulling its image. */
const beforeStart = 60_000;

/**
 * Milliseconds for a deploy: what the user says, else at least as long as the slowest component may take to start.
 *
 * @throws FairleadError INPUT_INVALID when the user gives less time than the manifest allows a component.
 */
export function deadlineOf({ components }: Pick<Application, "components">, timeout: number | undefined): number {
  const starts = Object.entries(components).map(([key, { health }]) => ({
    key,
    within: (health?.startup.within ?? 0) * 1_000,
  }));
  const slowest = starts.reduce((most, one) => (one.within > most.within ? one : most), { key: "", within: 0 });
  const needed = slowest.within + beforeStart;
  if (timeout === undefined) return Math.max(defaultTimeout, needed);
  const stated = starts.filter(({ key }) => components[key]?.health?.startup.stated);
  const broken = stated.find(({ within }) => within > timeout);
  if (broken === undefined) return timeout;
  throw new FairleadError({
    code: "INPUT_INVALID",
    message: `\`timeout\` is ${formatDuration(timeout)}, but ${broken.key} may take ${formatDuration(broken.within)} to start (\`health.startup.within\`).`,
    fix: `Raise \`timeout\` to ${formatDuration(needed)}, leave it out, or lower \`health.startup.within\`.`,
  });
}
