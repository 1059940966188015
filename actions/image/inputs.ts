import {
  boolean,
  type Environment,
  integer,
  invalidInputs,
  lines,
  optional,
  type Parse,
  pairs,
  readInputs,
  required,
  text,
  webAddress,
} from "../core/inputs.ts";

/** What building and pushing an image needs. */
export interface ImageInputs {
  /** Host, with port and path where there are any. */
  readonly registry: string;
  /** Both or none; without them the runner's own logins are used. */
  readonly username?: string | undefined;
  /** A secret. */
  readonly password?: string | undefined;
  readonly name: string;
  /** The full commit when left out. */
  readonly tags?: readonly string[] | undefined;
  /** Folder, absolute or relative to the workspace. */
  readonly context: string;
  /** Dockerfile, absolute or relative to the workspace; the one in the context when left out. */
  readonly file?: string | undefined;
  readonly target?: string | undefined;
  readonly platforms?: readonly string[] | undefined;
  readonly buildArgs?: Readonly<Record<string, string>> | undefined;
  /** Values by the id that a Dockerfile mounts them under. */
  readonly secrets?: Readonly<Record<string, string>> | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly provenance?: string | undefined;
  readonly push: boolean;
  readonly builder?: string | undefined;
  /** Further tries after the first one, for failures of network or registry. */
  readonly retries: number;
  readonly toolMirror?: string | undefined;
}

/**
 * Reads the inputs of the action from its environment.
 *
 * @throws FairleadError INPUT_INVALID
 */
export function readImageInputs(environment: Environment): ImageInputs {
  const inputs = readInputs(environment, {
    registry: required(registry),
    username: optional(text),
    password: optional(text),
    name: required(repositoryName),
    tags: optional(tags),
    context: required(text),
    file: optional(text),
    target: optional(text),
    platforms: optional(lines),
    buildArgs: optional(pairs),
    secrets: optional(secrets),
    labels: optional(pairs),
    provenance: optional(text),
    push: required(boolean),
    builder: optional(text),
    retries: required(integer),
    toolMirror: optional(webAddress),
  });
  if (inputs.password !== undefined && inputs.username === undefined) {
    throw invalidInputs(["`username` is missing, though `password` is given"]);
  }
  if (inputs.username !== undefined && inputs.password === undefined) {
    throw invalidInputs(["`password` is missing, though `username` is given"]);
  }
  return inputs;
}

const registry: Parse<string> = (value) => {
  const address = value.replace(/^https?:\/\//, "").replace(/\/+$/, "");
  if (/^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)*$/.test(address)) return address;
  throw new Error(`is "${value}", but must be a registry such as registry.example.com or ghcr.io/owner, in lower case`);
};

/** The name grammar of the OCI distribution specification. */
const repositoryName: Parse<string> = (value) => {
  const part = "[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*";
  if (new RegExp(`^${part}(/${part})*$`).test(value)) return value;
  throw new Error(`is "${value}", but must be lower-case letters and digits, with . _ - or / between them`);
};

/** The tag grammar of the OCI distribution specification. */
const tags: Parse<readonly string[]> = (value) => {
  const wrong = lines(value).find((tag) => !/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(tag));
  if (wrong === undefined) return lines(value);
  throw new Error(`has "${wrong}", but a tag is 1 to 128 letters, digits, dots, hyphens and underscores`);
};

const secrets: Parse<Readonly<Record<string, string>>> = (value) => {
  const values = pairs(value);
  const wrong = Object.keys(values).find((id) => !/^[\w.-]+$/.test(id));
  if (wrong === undefined) return values;
  throw new Error(
    `has an id of ${wrong.length} characters that are not all letters, digits, dots, hyphens and underscores`,
  );
};
