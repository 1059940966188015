import { idsOf, type Requirement, tested } from "./requirements.ts";

/** How one test ended. */
export interface Outcome {
  readonly name: string;
  readonly passed: boolean;
  /** What went wrong; empty when nothing did. */
  readonly message: string;
}

/** What the tests say of one requirement. */
export interface Row {
  readonly requirement: Requirement;
  readonly outcomes: readonly Outcome[];
  /**
   * `partly`: what is tested passes, and parts are still open. `missing`: a test is due here and there is none. `elsewhere`: its
   * tests need a cluster, and were not run. `later`: no test, and none is due here.
   */
  readonly state: "passed" | "partly" | "failed" | "missing" | "elsewhere" | "later" | "out of scope";
}

/**
 * Puts a requirement and the outcomes of its tests together.
 *
 * @param notRun the ids of tests that were left out.
 */
export function conclude(
  requirement: Requirement,
  outcomes: readonly Outcome[],
  notRun: ReadonlySet<string> = new Set(),
): Row {
  const own = outcomes.filter(({ name }) => idsOf(name).includes(requirement.id));
  const state = stateOf(requirement, own);
  return { requirement, outcomes: own, state: state === "later" && notRun.has(requirement.id) ? "elsewhere" : state };
}

function stateOf({ tags, open = [], outOfScope }: Requirement, outcomes: readonly Outcome[]): Row["state"] {
  if (outOfScope !== undefined) return "out of scope";
  if (outcomes.some(({ passed }) => !passed)) return "failed";
  if (outcomes.length > 0) return open.length > 0 ? "partly" : "passed";
  return tags.some((tag) => tested.includes(tag)) ? "missing" : "later";
}

const signs: Record<Row["state"], string> = {
  passed: "✓",
  partly: "◐",
  failed: "✗",
  missing: "!",
  elsewhere: "○",
  later: "·",
  "out of scope": "–",
};

/** The table for a terminal: a line for each requirement and test, then the ids without a test, then the sums. */
export function renderTable(rows: readonly Row[]): string {
  const sum = (state: Row["state"]) => rows.filter((row) => row.state === state).length;
  const ids = (state: Row["state"]) =>
    rows.filter((row) => row.state === state).map(({ requirement: { id, tags } }) => `${id} [${tags.join(" ")}]`);
  const states = Object.keys(signs) as Row["state"][];
  return [
    ...rows.filter(({ state }) => !["later", "missing", "elsewhere"].includes(state)).flatMap(linesOf),
    "",
    `Without a test that is due: ${ids("missing").join(", ") || "none"}.`,
    `With a test on a real cluster, not run: ${ids("elsewhere").join(", ") || "none"}.`,
    `Without a test, of other parts: ${ids("later").join(", ") || "none"}.`,
    `${rows.length} requirements: ${states.map((state) => `${sum(state)} ${state}`).join(", ")}.`,
  ].join("\n");
}

function linesOf({ requirement, outcomes, state }: Row): string[] {
  const { id, says, open = [], outOfScope } = requirement;
  if (outOfScope !== undefined) return [`${signs[state]} ${id}  ${says}: ${outOfScope}`];
  const left = open.length > 0 ? ` (open: ${open.join(", ")})` : "";
  return outcomes.map(({ name, passed, message }) => {
    const reason = passed ? left : `\n         ${message.replaceAll("\n", "\n         ")}`;
    return `${passed ? signs[state] : signs.failed} ${id}  ${name.replace(/^(?:[A-Z]-\d{2},? )+/, "")}${reason}`;
  });
}
