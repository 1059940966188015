import {
  boolean,
  choice,
  duration,
  type Environment,
  integer,
  invalidInputs,
  lines,
  optional,
  type Parse,
  readInputs,
  required,
  text,
  webAddress,
} from "../core/inputs.ts";

/** What can be done with a release that runs. */
export const operations = [
  "status",
  "rollback",
  "hold",
  "resume",
  "restart",
  "scale",
  "run",
  "logs",
  "stop",
  "remove",
] as const;
/** One of them. */
export type OperationName = (typeof operations)[number];

/** How many pods are asked for: a number, or the bounds of an autoscaler. */
export interface Replicas {
  readonly min: number;
  readonly max: number;
}

/** What `operate` is asked for. */
export interface OperateInputs {
  readonly operation: OperationName;
  readonly manifest: string;
  readonly environment: string;
  /** Text, base64, or the path of a file. */
  readonly kubeconfig: string;
  /** File with the key `cluster`. */
  readonly cluster?: string | undefined;
  /** Release and namespace in place of the manifest's. */
  readonly release?: string | undefined;
  readonly namespace?: string | undefined;
  readonly component?: string | undefined;
  /** The revision to go back to; the verified one before, if left out. */
  readonly revision?: number | undefined;
  readonly replicas?: Replicas | undefined;
  /** Program and arguments. */
  readonly command?: readonly string[] | undefined;
  /** Whether the command gets a Job of its own even where a pod runs. */
  readonly job: boolean;
  /** Whether the logs are those of the run before the last restart. */
  readonly previous: boolean;
  readonly pattern?: RegExp | undefined;
  readonly reason?: string | undefined;
  /** Whether a rollback keeps later deploys away. */
  readonly hold: boolean;
  /** What is to be deleted beside the release, as `kind/name`. */
  readonly confirm: readonly string[];
  /** Milliseconds; computed when left out. */
  readonly timeout?: number | undefined;
  /** Milliseconds to wait for a deploy of the release. */
  readonly lockTimeout: number;
  readonly toolMirror?: string | undefined;
}

const replicas: Parse<Replicas> = (value) => {
  const [, min = "", max = min] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(value) ?? [];
  if (min === "" || Number(max) < Number(min)) throw new Error(`is "${value}", but must be as 3, or 2-6`);
  return { min: Number(min), max: Number(max) };
};

/** A JSON array is a program with its arguments; anything else is a line for the shell of the container. */
const command: Parse<readonly string[]> = (value) => {
  if (!value.startsWith("[")) return ["sh", "-c", value];
  const words: unknown = parseJson(value);
  if (!Array.isArray(words) || words.length === 0 || words.some((word) => typeof word !== "string"))
    throw new Error("starts with [, but is no JSON array of texts");
  return words;
};

function parseJson(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

const pattern: Parse<RegExp> = (value) => {
  try {
    return new RegExp(value);
  } catch (thrown) {
    throw new Error(`is no regular expression: ${(thrown as Error).message}`);
  }
};

const declarations = {
  operation: required(choice(...operations)),
  manifest: required(text),
  environment: required(text),
  kubeconfig: required(text),
  cluster: optional(text),
  release: optional(text),
  namespace: optional(text),
  component: optional(text),
  revision: optional(integer),
  replicas: optional(replicas),
  command: optional(command),
  job: optional(boolean),
  previous: optional(boolean),
  pattern: optional(pattern),
  reason: optional(text),
  hold: optional(boolean),
  confirm: optional(lines),
  timeout: optional(duration),
  lockTimeout: required(duration),
  toolMirror: optional(webAddress),
};

/** What an operation cannot do without. */
const needed: Readonly<Partial<Record<OperationName, readonly (keyof OperateInputs)[]>>> = {
  hold: ["reason"],
  scale: ["replicas"],
  run: ["command"],
};

/**
 * Reads the inputs of `actions/operate`; those that an operation does not use are ignored, because a form in the browser
 * has all of them.
 *
 * @throws FairleadError INPUT_INVALID.
 */
export function operateInputs(environment: Environment): OperateInputs {
  const read = readInputs(environment, declarations);
  const { job = false, previous = false, hold = true, confirm = [], ...others } = read;
  const inputs = { ...others, job, previous, hold, confirm };
  const missing = (needed[inputs.operation] ?? []).filter((name) => inputs[name] === undefined);
  if (missing.length > 0)
    throw invalidInputs(missing.map((name) => `\`${name}\` is missing, which \`${inputs.operation}\` needs`));
  return inputs;
}
