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
  pairs,
  readInputs,
  required,
  text,
  webAddress,
} from "../core/inputs.ts";
import { type Identity, identityOf } from "../secrets/identity.ts";
import type { App } from "./access/app.ts";
import { tokenVariable } from "./access/clients.ts";
import { type Line, namesFile, repositoryLines, workflowFile } from "./plan/list.ts";

/** What must be there before anything is dispatched. */
export type Precondition = "cluster" | "registry" | "chart";

/** What bootstrap needs. */
export interface BootstrapInputs {
  /** The list itself, or the file that holds it. */
  readonly repositories: readonly Line[] | { readonly file: string };
  /** Owners whose repositories are discovered. */
  readonly owners: readonly string[];
  readonly topic: string | undefined;
  readonly workflow: string;
  /** For lines that name none; the manifest decides when left out. */
  readonly ref: string | undefined;
  /** Inputs of the workflows. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Secrets, by owner in lower case. */
  readonly tokens: Readonly<Record<string, string>>;
  readonly app: App | undefined;
  /** Environments that are brought back; all when empty. */
  readonly environments: readonly string[];
  readonly only: "all" | "missing" | "failed";
  /** Runs dispatched since then are this bootstrap's own; ISO 8601. */
  readonly since: string | undefined;
  /** A secret: text, base64, or the path of a file. */
  readonly kubeconfig: string | undefined;
  /** Undefined: whatever can be looked at. */
  readonly preflight: readonly Precondition[] | undefined;
  readonly registryLogin: { readonly username: string; readonly password: string } | undefined;
  /** File with the key `cluster`. */
  readonly cluster: string | undefined;
  readonly identity: Identity | undefined;
  /** Runs of one owner at the same time. */
  readonly concurrency: number;
  readonly wait: boolean;
  readonly cancelRuns: boolean;
  /** Milliseconds for everything. */
  readonly timeout: number;
  readonly dryRun: boolean;
  readonly toolMirror: string | undefined;
  /** Address of GitHub's REST API, without a slash at its end. */
  readonly apiUrl: string;
}

/**
 * Reads the inputs of the action, and what its environment holds of tokens, kubeconfig and registry login.
 *
 * @throws FairleadError INPUT_INVALID
 */
export function readBootstrapInputs(environment: Environment): BootstrapInputs {
  const values = readInputs(environment, {
    repositories: optional(listOrFile),
    owners: optional(words),
    topic: optional(text),
    workflow: required(workflowFile),
    ref: optional(text),
    inputs: optional(pairs),
    tokens: optional(pairs),
    appId: optional(text),
    appPrivateKey: optional(text),
    environment: optional(words),
    only: required(choice("all", "missing", "failed")),
    since: optional(moment),
    kubeconfig: optional(text),
    preflight: optional(preconditions),
    cluster: optional(text),
    infisicalIdentityId: optional(text),
    infisicalClientId: optional(text),
    infisicalClientSecret: optional(text),
    concurrency: required(atLeastOne),
    wait: required(boolean),
    cancelRuns: required(boolean),
    timeout: required(duration),
    dryRun: required(boolean),
    toolMirror: optional(webAddress),
    apiUrl: optional(webAddress),
  });
  const { repositories = [], owners = [], wait } = values;
  return {
    ...{ repositories, owners, wait, topic: values.topic, workflow: values.workflow, ref: values.ref },
    ...{ inputs: values.inputs ?? {}, environments: values.environment ?? [], only: values.only, since: values.since },
    tokens: { ...tokensIn(environment), ...byOwner(values.tokens ?? {}) },
    app: appOf(values),
    kubeconfig: values.kubeconfig ?? (environment["KUBECONFIG_BASE64"] || undefined),
    preflight: values.preflight,
    registryLogin: loginIn(environment),
    cluster: values.cluster,
    toolMirror: values.toolMirror,
    identity: identityOf(values),
    ...{
      concurrency: values.concurrency,
      cancelRuns: values.cancelRuns,
      timeout: values.timeout,
      dryRun: values.dryRun,
    },
    apiUrl: (values.apiUrl ?? (environment["GITHUB_API_URL"] || "https://api.github.com")).replace(/\/+$/, ""),
  };
}

function listOrFile(value: string): BootstrapInputs["repositories"] {
  return namesFile(value) ? { file: value } : repositoryLines(value);
}

function words(value: string): readonly string[] {
  return lines(value).flatMap((line) => line.split(/[\s,]+/));
}

function preconditions(value: string): readonly Precondition[] {
  if (value === "none") return [];
  return words(value).map(choice("cluster", "registry", "chart"));
}

const moment: Parse<string> = (value) => {
  const time = Date.parse(value);
  if (/^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(time)) return new Date(time).toISOString();
  throw new Error(`is "${value}", but must be a time such as 2026-01-31T12:00:00Z`);
};

function atLeastOne(value: string): number {
  const number = integer(value);
  if (number > 0) return number;
  throw new Error("is 0, but must be at least 1");
}

function appOf({ appId, appPrivateKey }: { appId: string | undefined; appPrivateKey: string | undefined }) {
  if (appId === undefined && appPrivateKey === undefined) return undefined;
  if (appId !== undefined && appPrivateKey !== undefined) return { id: appId, privateKey: appPrivateKey };
  const missing = appId === undefined ? "app-id" : "app-private-key";
  throw invalidInputs([`\`${missing}\` is missing; an App has both`]);
}

function loginIn(environment: Environment) {
  const { DOCKER_REGISTRY_USERNAME: username, DOCKER_REGISTRY_PASSWORD: password } = environment;
  return username && password ? { username, password } : undefined;
}

const tokenPrefix = tokenVariable("");

/** All tokens of owners that the environment holds: which of them are needed shows when the list was read. */
function tokensIn(environment: Environment): Record<string, string> {
  const found = Object.entries(environment).filter(([name, value]) => name.startsWith(tokenPrefix) && value);
  return Object.fromEntries(found.map(([name, value]) => [ownerOf(name), value ?? ""]));
}

/** No owner's name has an underscore, so the variable stands for one name only. */
function ownerOf(variable: string): string {
  return variable.slice(tokenPrefix.length).toLowerCase().replaceAll("_", "-");
}

// GitHub's names of owners do not differ by case.
function byOwner(tokens: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(tokens).map(([owner, token]) => [owner.toLowerCase(), token]));
}
