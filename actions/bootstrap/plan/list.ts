import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { integer, invalidInputs, lines } from "../../core/inputs.ts";

/** A repository that is named, and what is said of it. */
export interface Line {
  readonly owner: string;
  /** `owner/name`. */
  readonly repository: string;
  /** Branch or tag; the manifest decides when left out. */
  readonly ref?: string | undefined;
  /** File name of the workflow. */
  readonly workflow?: string | undefined;
  /** 1 when left out. */
  readonly wave?: number | undefined;
}

const form = "owner/repo[@ref] [workflow] [wave=N]";

/** Lines of the form `owner/repo[@ref] [workflow] [wave=N]`, also apart by `; ` as a form with one line needs it; throws an `Error` whose message completes "`repositories` …". */
export function repositoryLines(text: string): readonly Line[] {
  const parsed = lines(text.replaceAll(/;(?=\s|$)/g, "\n")).map(parseLine);
  if (parsed.length === 0) throw new Error("lists no repository");
  return parsed;
}

/** Whether a text names a file that holds the list: one word that ends as YAML files do. */
export function namesFile(text: string): boolean {
  return /^\S+\.ya?ml$/.test(text);
}

/** Reads the list from a YAML file. @throws FairleadError INPUT_INVALID */
export async function repositoryFile(file: string, workspace: string): Promise<readonly Line[]> {
  try {
    return await repositoriesIn(readFileSync(resolve(workspace, file), "utf8"));
  } catch (thrown) {
    throw invalidInputs([`\`repositories\` names the file ${file}, which ${(thrown as Error).message}`]);
  }
}

/**
 * The repositories of a YAML text: the key `repositories`, a list of lines, or of maps with `repository`, `ref`, `workflow`
 * and `wave`.
 *
 * @throws an `Error` whose message says what the text "has" or "is".
 */
export async function repositoriesIn(text: string): Promise<readonly Line[]> {
  const { load } = await import("js-yaml");
  const list = (load(text) as { repositories?: unknown } | null)?.repositories;
  if (!Array.isArray(list) || list.length === 0) throw new Error("has no list `repositories`");
  return list.map((entry: unknown) => (typeof entry === "string" ? parseLine(entry) : parseEntry(entry)));
}

function parseEntry(entry: unknown): Line {
  const { repository, ref, workflow, wave, ...others } = entry as Record<string, unknown>;
  const unknown = Object.keys(others);
  if (unknown.length > 0)
    throw new Error(`has the key \`${unknown[0]}\`, but knows repository, ref, workflow and wave`);
  const words = [
    `${repository}${ref === undefined ? "" : `@${ref}`}`,
    ...(workflow === undefined ? [] : [String(workflow)]),
    ...(wave === undefined ? [] : [`wave=${wave}`]),
  ];
  return parseLine(words.join(" "));
}

function parseLine(line: string): Line {
  const match = /^([A-Za-z0-9-]+)\/([\w.-]+?)(?:@(\S+))?((?:\s+\S+){0,2})$/.exec(line.trim());
  if (match === null) throw new Error(`has the line "${line}", but a line is ${form}`);
  const [, owner = "", name = "", ref, rest = ""] = match;
  const words = rest.split(/\s+/).filter((word) => word !== "");
  const waves = words.filter((word) => word.startsWith("wave="));
  const workflows = words.filter((word) => !word.startsWith("wave="));
  if (waves.length > 1 || workflows.length > 1) throw new Error(`has the line "${line}", but a line is ${form}`);
  const [wave] = waves;
  const [workflow] = workflows;
  return {
    owner,
    repository: `${owner}/${name}`,
    ...(ref === undefined ? {} : { ref }),
    ...(workflow === undefined ? {} : { workflow: workflowFile(workflow) }),
    ...(wave === undefined ? {} : { wave: integer(wave.slice("wave=".length)) }),
  };
}

/** The name of a workflow's file. */
export function workflowFile(value: string): string {
  if (/^[\w.-]+\.ya?ml$/.test(value)) return value;
  throw new Error(`names the workflow "${value}", but must name a file such as deploy.yml`);
}
