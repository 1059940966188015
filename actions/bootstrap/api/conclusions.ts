/** What GitHub says of a run that is not over (its OpenAPI document, `workflow-run`, and the parameter `status` of lists). */
const unfinished = new Set(["queued", "in_progress", "requested", "waiting", "pending"]);
/** How a run can end (the same document, `check-run`, `conclusion`). A deploy that was not carried out is no success. */
const failures = new Set([
  "action_required",
  "cancelled",
  "failure",
  "neutral",
  "skipped",
  "stale",
  "startup_failure",
  "timed_out",
]);

/** Whether a run is over, and how it ended. */
export type Ending =
  | { readonly over: false; readonly known: boolean }
  | { readonly over: true; readonly succeeded: boolean; readonly conclusion: string; readonly known: boolean };

/** Reads the two words of a run. What is not known is no end, or no success, and is said aloud by whoever asked. */
export function endingOf({ status, conclusion }: { status: string; conclusion?: string | undefined }): Ending {
  if (status !== "completed") return { over: false, known: unfinished.has(status) };
  const word = conclusion ?? "nothing";
  return {
    over: true,
    succeeded: word === "success",
    conclusion: word,
    known: word === "success" || failures.has(word),
  };
}

/** A word of GitHub as people write it. */
export function spoken(word: string): string {
  return word.replaceAll("_", " ");
}
