import {
  boolean,
  duration,
  type Environment,
  integer,
  invalidInputs,
  lines,
  optional,
  pairs,
  readInputs,
  required,
  text,
} from "../core/inputs.ts";

/** A workflow to dispatch. */
export interface Target {
  readonly owner: string;
  /** `owner/name`. */
  readonly repository: string;
  /** Branch or tag; the repository's default branch when left out. */
  readonly ref?: string | undefined;
  /** File name of the workflow. */
  readonly workflow: string;
}

/** What bootstrap needs. */
export interface BootstrapInputs {
  readonly targets: readonly Target[];
  /** Secrets, by owner in lower case. */
  readonly tokens: Readonly<Record<string, string>>;
  readonly concurrency: number;
  readonly wait: boolean;
  /** Milliseconds for everything. */
  readonly timeout: number;
  readonly dryRun: boolean;
  /** Address of GitHub's REST API, without a slash at its end. */
  readonly apiUrl: string;
}

/**
 * Reads the inputs of the action, and the tokens that are in its environment.
 *
 * @throws FairleadError INPUT_INVALID
 */
export function readBootstrapInputs(environment: Environment): BootstrapInputs {
  const { repositories, workflow, ref, tokens, apiUrl, ...inputs } = readInputs(environment, {
    repositories: required(repositoryLines),
    workflow: required(workflowFile),
    ref: optional(text),
    tokens: optional(pairs),
    concurrency: required(atLeastOne),
    wait: required(boolean),
    timeout: required(duration),
    dryRun: required(boolean),
    apiUrl: optional(webAddress),
  });
  const targets = repositories.map((line) => ({ ...line, workflow: line.workflow ?? workflow, ref: line.ref ?? ref }));
  const twice = duplicates(targets);
  if (twice.length > 0) throw invalidInputs([`\`repositories\` lists ${twice.join(", ")} twice`]);
  return {
    ...inputs,
    targets,
    tokens: { ...tokensOf(environment, targets), ...byOwner(tokens ?? {}) },
    apiUrl: (apiUrl ?? environment["GITHUB_API_URL"] ?? "https://api.github.com").replace(/\/+$/, ""),
  };
}

/** The environment variable that holds the token of an owner. */
export function tokenVariable(owner: string): string {
  return `GITHUB_TOKEN_${owner.toUpperCase().replaceAll("-", "_")}`;
}

type Line = Omit<Target, "workflow"> & { readonly workflow?: string };

function repositoryLines(value: string): readonly Line[] {
  const parsed = lines(value).map(parseLine);
  if (parsed.length === 0) throw new Error("lists no repository");
  return parsed;
}

function parseLine(line: string): Line {
  const match = /^([A-Za-z0-9-]+)\/([\w.-]+?)(?:@(\S+))?(?:\s+(\S+))?$/.exec(line);
  if (match === null) throw new Error(`has the line "${line}", but a line is owner/repo[@ref] [workflow]`);
  const [, owner = "", name = "", ref, workflow] = match;
  return {
    owner,
    repository: `${owner}/${name}`,
    ...(ref === undefined ? {} : { ref }),
    ...(workflow === undefined ? {} : { workflow: workflowFile(workflow) }),
  };
}

function workflowFile(value: string): string {
  if (/^[\w.-]+\.ya?ml$/.test(value)) return value;
  throw new Error(`names the workflow "${value}", but must name a file such as deploy.yml`);
}

function atLeastOne(value: string): number {
  const number = integer(value);
  if (number > 0) return number;
  throw new Error("is 0, but must be at least 1");
}

function webAddress(value: string): string {
  if (/^https?:$/.test(URL.parse(value)?.protocol ?? "")) return value;
  throw new Error(`is "${value}", but must be an address such as https://github.example.com/api/v3`);
}

function duplicates(targets: readonly Target[]): string[] {
  const names = targets.map(({ repository, ref, workflow }) => `${repository.toLowerCase()}@${ref ?? ""} ${workflow}`);
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

function tokensOf(environment: Environment, targets: readonly Target[]): Record<string, string> {
  const found = targets.map(({ owner }) => [owner, environment[tokenVariable(owner)] ?? ""] as const);
  return byOwner(Object.fromEntries(found.filter(([, token]) => token !== "")));
}

// GitHub's names of owners do not differ by case.
function byOwner(tokens: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(tokens).map(([owner, token]) => [owner.toLowerCase(), token]));
}
