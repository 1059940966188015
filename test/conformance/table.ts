import { idsOf, openParts, type Reference, type Requirement, referencesOf, tested } from "./requirements.ts";

/** How one test ended. */
export interface Outcome {
  /** From the top of the repository. */
  readonly file: string;
  readonly name: string;
  readonly passed: boolean;
  /** What went wrong; empty when nothing did. */
  readonly message: string;
}

/** What the tests say of one requirement. */
export interface Row {
  readonly requirement: Requirement;
  readonly outcomes: readonly Outcome[];
  /** Tests that it names and that this run did not run. */
  readonly notRun: readonly Reference[];
  /**
   * `elsewhere`: nothing is open, but some of its tests need real parts and were not run. `partly`: what is tested passes,
   * and parts are still open. `missing`: a test is due here and there is none. `later`: no test, and none is due here.
   */
  readonly state: "passed" | "elsewhere" | "partly" | "failed" | "missing" | "later" | "out of scope";
}

/** Puts a requirement and the outcomes of its tests together. */
export function conclude(requirement: Requirement, outcomes: readonly Outcome[]): Row {
  const references = referencesOf(requirement);
  const isOf = ({ file, words }: Reference, outcome: Outcome) => outcome.file === file && outcome.name.includes(words);
  const own = outcomes.filter(
    (outcome) =>
      idsOf(outcome.name).includes(requirement.id) || references.some((reference) => isOf(reference, outcome)),
  );
  const notRun = references.filter((reference) => !own.some((outcome) => isOf(reference, outcome)));
  return { requirement, outcomes: own, notRun, state: stateOf(requirement, own, notRun) };
}

function stateOf(requirement: Requirement, outcomes: readonly Outcome[], notRun: readonly Reference[]): Row["state"] {
  const { id, tags, outOfScope } = requirement;
  if (outOfScope !== undefined) return "out of scope";
  if (outcomes.some(({ passed }) => !passed)) return "failed";
  const isDue = tags.some((tag) => tested.includes(tag));
  if (isDue && !outcomes.some(({ name }) => idsOf(name).includes(id))) return "missing";
  if (outcomes.length + notRun.length === 0) return "later";
  if (requirement.lacks !== undefined) return "partly";
  return notRun.length > 0 ? "elsewhere" : "passed";
}

const signs: Record<Row["state"], string> = {
  passed: "✓",
  elsewhere: "○",
  partly: "◐",
  failed: "✗",
  missing: "!",
  later: "·",
  "out of scope": "–",
};

/** The table for a terminal: a line for each requirement and test, then what is missing, then the sums. */
export function renderTable(rows: readonly Row[]): string {
  const missing = rows.filter(({ state }) => state === "missing");
  const ids = missing.map(({ requirement: { id, tags } }) => `${id} [${tags.join(" ")}]`);
  return [
    ...rows.filter(({ state }) => state !== "missing").flatMap(linesOf),
    "",
    `Without a test that is due: ${ids.join(", ") || "none"}.`,
    renderSums(rows),
  ].join("\n");
}

/** How many requirements are in which state, in a line. */
export function renderSums(rows: readonly Row[]): string {
  const states = Object.keys(signs) as Row["state"][];
  const sums = states.map((state) => `${rows.filter((row) => row.state === state).length} ${state}`);
  return `${rows.length} requirements: ${sums.join(", ")}.`;
}

function linesOf({ requirement, outcomes, notRun, state }: Row): string[] {
  const { id, says, lacks, outOfScope } = requirement;
  if (outOfScope !== undefined) return [`${signs[state]} ${id}  ${says}: ${outOfScope}`];
  const open = openParts(requirement);
  return [
    ...outcomes.map(({ name, passed, message }) => {
      const reason = passed ? "" : `\n         ${message.replaceAll("\n", "\n         ")}`;
      return `${passed ? signs.passed : signs.failed} ${id}  ${name.replace(/^(?:[A-Z]-\d{2},? )+/, "")}${reason}`;
    }),
    ...notRun.map(({ file, words }) => `${signs.elsewhere} ${id}  ${words} (${file})`),
    ...(lacks === undefined ? [] : [`${signs[state]} ${id}  ${[...open, lacks].join(": ")}`]),
  ];
}
