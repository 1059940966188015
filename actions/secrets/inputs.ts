import { formatDuration } from "../core/duration.ts";
import { FairleadError, messageOf } from "../core/errors.ts";
import {
  boolean,
  choice,
  duration,
  type Environment,
  invalidInputs,
  lines,
  optional,
  type Parse,
  readInputs,
  required,
  text,
} from "../core/inputs.ts";
import { chooseIdentity, type Identity, missingIdentityInputs } from "./identity.ts";
import { type Selection, selection } from "./selection.ts";
import type { SettingNames } from "./settings.ts";

/** The server, and how it is asked. */
export interface Service {
  /** Base address of the server, without a slash at its end. */
  readonly url: string;
  /** Milliseconds for everything, retries included. */
  readonly timeout: number;
  /** Sent with each request, for a proxy in front of the server; secrets. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** What the user calls the settings, for error messages; the names of this action's inputs by default. */
  readonly settings?: SettingNames;
}

/** Where Infisical is, and who asks. */
export type Connection = Service & Identity;

/** What is read of a project. */
export interface Source {
  /** Slug or id. */
  readonly project: string;
  readonly environment: string;
  /** Absolute paths of folders. */
  readonly paths: readonly string[];
  /** Whether the folders below are read too. */
  readonly recursive?: boolean;
  /** Whether secrets are read that the folders import. */
  readonly imports?: boolean;
  /** Whether references to other secrets are replaced by their values; true by default. */
  readonly expandReferences?: boolean;
  /** Everything by default. */
  readonly names?: Selection | undefined;
  /** Put in front of each name that `names` does not give. */
  readonly prefix?: string | undefined;
  /** Keys whose values are base64; what they encode is masked too. */
  readonly base64?: readonly string[] | undefined;
  readonly allowEmpty: boolean;
}

/** How a file with secrets is written. */
export type FileFormat = "dotenv" | "json" | "shell";

/** Where secrets go. */
export interface Destination {
  /** `none` only gives the values back to the caller. */
  readonly export: "env" | "outputs" | "file" | "none";
  /** Whether a variable or a file that is there already is replaced. */
  readonly overwrite: boolean;
  /** The file that is written, absolute or from the workspace; one in the folder of the step if left out. */
  readonly file?: string | undefined;
  readonly fileFormat?: FileFormat;
}

/** What the stage reads, and where it puts it. */
export type SecretsInputs = Connection & Source & Destination;

/** The address of a server; the `/api` that some tools want at its end is taken off. */
const serverAddress: Parse<string> = (value) => {
  const url = URL.parse(value);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new Error("is not a web address such as https://infisical.example.com");
  }
  if (url.username || url.password || url.search || url.hash) {
    throw new Error("must be the bare address of the server, without user, query or fragment");
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "").replace(/\/api$/, "");
};

/**
 * As {@link serverAddress}, for an address that stands in the facts about the cluster.
 *
 * @param setting what the user calls it.
 * @throws FairleadError INPUT_INVALID
 */
export function serverAddressIn(setting: string, url: string): string {
  try {
    return serverAddress(url);
  } catch (thrown) {
    throw new FairleadError({
      code: "INPUT_INVALID",
      message: `${setting} ${messageOf(thrown)}.`,
      fix: "Correct it in the file of the input `cluster`, or in the manifest.",
    });
  }
}

const folders: Parse<readonly string[]> = (value) => {
  const paths = lines(value).map((path) => {
    if (!path.startsWith("/")) throw new Error(`has "${path}", but a folder must start with a slash, as in /${path}`);
    return path.length > 1 ? path.replace(/\/+$/, "") || "/" : path;
  });
  return [...new Set(paths)];
};

/** The headers that a request needs for itself. */
const ownHeaders = new Set(["authorization", "content-type", "content-length", "host", "connection", "accept"]);

const headers: Parse<Readonly<Record<string, string>>> = (value) => {
  const entries = lines(value).map((line) => {
    const [, name, content] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*:\s*(.+)$/.exec(line) ?? [];
    // The line itself may be a secret, so only its number of characters is told.
    if (name === undefined || content === undefined) {
      throw new Error(`has a line without "Name: value" (${line.length} characters)`);
    }
    if (ownHeaders.has(name.toLowerCase())) throw new Error(`has "${name}", which fairlead sets itself`);
    return [name, content] as const;
  });
  return Object.fromEntries(entries);
};

const prefix: Parse<string> = (value) => {
  if (/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(value)) return value;
  throw new Error(`is "${value}", but must begin with a letter and have letters, digits and _ only`);
};

const deadline: Parse<number> = (value) => {
  const milliseconds = duration(value);
  if (milliseconds <= 300_000) return milliseconds;
  throw new Error(`is ${formatDuration(milliseconds)}, but can be 5m at most`);
};

/** @throws FairleadError INPUT_INVALID that lists every problem */
export function readSecretsInputs(environment: Environment): SecretsInputs {
  const { identityId, oidcAudience, clientId, clientSecret, ...values } = readInputs(environment, {
    url: required(serverAddress),
    project: required(text),
    environment: required(text),
    paths: required(folders),
    recursive: required(boolean),
    imports: required(boolean),
    expandReferences: required(boolean),
    names: optional(selection),
    prefix: optional(prefix),
    base64: optional(lines),
    overwrite: required(boolean),
    identityId: optional(text),
    oidcAudience: optional(text),
    clientId: optional(text),
    clientSecret: optional(text),
    export: required(choice("env", "outputs", "file", "none")),
    file: optional(text),
    fileFormat: required(choice("dotenv", "json", "shell")),
    allowEmpty: required(boolean),
    headers: optional(headers),
    timeout: required(deadline),
  });
  const identity = chooseIdentity({ identityId, oidcAudience, clientId, clientSecret });
  const problems = [
    ...(identity === undefined ? [`${missingIdentityInputs("")}, is missing`] : []),
    ...(oidcAudience !== undefined && identityId === undefined ? ["`oidc-audience` needs `identity-id`"] : []),
    ...(values.file !== undefined && values.export !== "file" ? ["`file` needs `export: file`"] : []),
  ];
  if (identity === undefined || problems.length > 0) throw invalidInputs(problems);
  return { ...values, ...identity };
}
