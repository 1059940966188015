import {
  boolean,
  choice,
  duration,
  type Environment,
  lines,
  optional,
  type Parse,
  readInputs,
  required,
  text,
} from "../core/inputs.ts";

/** What the stage reads, and where it puts it. */
export interface SecretsInputs {
  /** Base address of the server, without a slash at its end. */
  readonly url: string;
  /** Slug or id. */
  readonly project: string;
  readonly environment: string;
  /** Absolute path of the folder. */
  readonly path: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** `none` only gives the values back to the caller. */
  readonly export: "env" | "outputs" | "none";
  readonly overwrite: boolean;
  readonly allowEmpty: boolean;
  /** Milliseconds for everything, retries included. */
  readonly timeout: number;
  /** What the user calls the settings, for error messages; the names of this action's inputs by default. */
  readonly settings?: SettingNames;
}

/** The words that lead a user to the setting that has to change. */
export interface SettingNames {
  readonly url: string;
  readonly project: string;
  readonly environment: string;
  readonly path: string;
  readonly identity: string;
}

/** The settings as the inputs of this action. */
export const inputNames: SettingNames = {
  url: "`url`",
  project: "`project`",
  environment: "`environment`",
  path: "`paths`",
  identity: "`client-id` and `client-secret`",
};

/** The address of a server; the `/api` that some tools want at its end is taken off. */
export const serverAddress: Parse<string> = (value) => {
  const url = URL.parse(value);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new Error("is not a web address such as https://infisical.example.com");
  }
  if (url.username || url.password || url.search || url.hash) {
    throw new Error("must be the bare address of the server, without user, query or fragment");
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "").replace(/\/api$/, "");
};

const folder: Parse<string> = (value) => {
  const [path = "", ...others] = lines(value);
  if (others.length > 0) throw new Error(`has ${others.length + 1} lines, but can be one folder only`);
  if (!path.startsWith("/")) throw new Error(`is "${path}", but must start with a slash, as in /${path}`);
  return path.length > 1 ? path.replace(/\/+$/, "") : path;
};

/** @throws FairleadError INPUT_INVALID that lists every problem */
export function readSecretsInputs(environment: Environment): SecretsInputs {
  const { paths, ...values } = readInputs(environment, {
    url: required(serverAddress),
    project: required(text),
    environment: required(text),
    paths: required(folder),
    clientId: required(text),
    clientSecret: required(text),
    export: required(choice("env", "outputs", "none")),
    overwrite: optional(boolean),
    allowEmpty: optional(boolean),
    timeout: required(duration),
  });
  return {
    ...values,
    path: paths,
    overwrite: values.overwrite ?? false,
    allowEmpty: values.allowEmpty ?? false,
  };
}
