import {
  boolean,
  choice,
  duration,
  type Environment,
  integer,
  invalidInputs,
  optional,
  type Parse,
  readInputs,
  required,
  text,
  webAddress,
} from "../core/inputs.ts";
import { type Login, tailscaleApi, usualAudience } from "./login.ts";
import { type Probe, probes } from "./probe.ts";

/** What joining a tailnet needs. */
export interface TailnetInputs {
  readonly login: Login;
  /** Tags that the machine asks for. */
  readonly tags: readonly string[];
  /** Tailscale's own control server when left out. */
  readonly controlUrl?: string | undefined;
  /** Made from repository, run and attempt when left out. */
  readonly hostname?: string | undefined;
  /** `tun`: the whole machine, needs root or sudo; `userspace`: an HTTP proxy, changes nothing on the machine. */
  readonly mode: "tun" | "userspace";
  readonly acceptDns: boolean;
  /** What must answer through the tailnet. */
  readonly probe: readonly Probe[];
  /** Milliseconds for joining with all its tries, and again for the probes. */
  readonly timeout: number;
  /** Further tries after the first one. */
  readonly retries: number;
  /** The exact version of Tailscale. */
  readonly version?: string | undefined;
  readonly toolMirror?: string | undefined;
}

/**
 * Reads the inputs of the action from its environment.
 *
 * @throws FairleadError INPUT_INVALID
 */
export function readTailnetInputs(environment: Environment): TailnetInputs {
  const { authKey, oauthClientId, oauthClientSecret, audience, apiUrl, ...inputs } = readInputs(environment, {
    authKey: optional(text),
    oauthClientId: optional(text),
    oauthClientSecret: optional(text),
    audience: optional(text),
    tags: optional(tags),
    apiUrl: optional(webAddress),
    controlUrl: optional(webAddress),
    hostname: optional(hostLabel),
    mode: required(choice("tun", "userspace")),
    acceptDns: required(boolean),
    probe: optional(probes),
    timeout: required(duration),
    retries: required(integer),
    version: optional(version),
    toolMirror: optional(webAddress),
  });
  const given = { authKey, oauthClientId, oauthClientSecret, audience, apiUrl };
  const problems = loginProblems({ ...given, tags: inputs.tags, controlUrl: inputs.controlUrl });
  if (problems.length > 0) throw invalidInputs(problems);
  return { ...inputs, login: loginOf(given), tags: inputs.tags ?? [], probe: inputs.probe ?? [] };
}

/** The inputs that say how to log in. */
interface LoginInputs {
  readonly authKey: string | undefined;
  readonly oauthClientId: string | undefined;
  readonly oauthClientSecret: string | undefined;
  readonly audience: string | undefined;
  readonly apiUrl: string | undefined;
}

function loginProblems(
  given: LoginInputs & { readonly tags: readonly string[] | undefined; readonly controlUrl: string | undefined },
): string[] {
  const { authKey, oauthClientId, oauthClientSecret, audience, apiUrl, controlUrl } = given;
  const problems: string[] = [];
  const say = (wrong: boolean, problem: string) => wrong && problems.push(problem);
  if (authKey !== undefined) {
    const others = { "oauth-client-id": oauthClientId, "oauth-client-secret": oauthClientSecret, audience };
    for (const [name, value] of Object.entries(others)) say(value !== undefined, `\`${name}\` excludes \`auth-key\``);
    say(
      authKey.startsWith("tskey-client-"),
      "`auth-key` is the secret of an OAuth client: give it as `oauth-client-secret`",
    );
    return problems;
  }
  if (oauthClientId === undefined) return ["`oauth-client-id` is missing, or an `auth-key`"];
  say(oauthClientSecret !== undefined && audience !== undefined, "`audience` excludes `oauth-client-secret`");
  say(given.tags === undefined, "`tags` is missing: what joins through `oauth-client-id` must be tagged");
  say(
    controlUrl !== undefined && apiUrl === undefined,
    "`control-url` takes an `auth-key`: Tailscale's API makes no keys for other control servers (one with the same API is named in `api-url`)",
  );
  return problems;
}

/** A client with a secret is an OAuth client, one without is a federated identity. */
function loginOf({ authKey, oauthClientId = "", oauthClientSecret, audience, apiUrl }: LoginInputs): Login {
  if (authKey !== undefined) return { kind: "auth-key", authKey };
  const client = { clientId: oauthClientId, apiUrl: apiUrl ?? tailscaleApi };
  if (oauthClientSecret !== undefined) return { kind: "oauth", ...client, clientSecret: oauthClientSecret };
  return { kind: "oidc", ...client, audience: audience ?? usualAudience(oauthClientId) };
}

/** Names with or without `tag:` in front, separated by commas or lines. */
const tags: Parse<readonly string[]> = (value) => {
  const names = value.split(/[\s,]+/).filter((name) => name !== "");
  const wrong = names.find((name) => !/^(tag:)?[a-z][a-z0-9-]*$/i.test(name));
  if (wrong !== undefined)
    throw new Error(`has "${wrong}", but a tag is a letter and then letters, digits and hyphens`);
  return names.map((name) => (name.startsWith("tag:") ? name : `tag:${name}`));
};

/** One label of a DNS name (RFC 1123, section 2.1). */
function hostLabel(value: string): string {
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(value)) return value.toLowerCase();
  throw new Error(`is "${value}", but must be 1 to 63 letters, digits and hyphens`);
}

function version(value: string): string {
  if (/^\d+\.\d+\.\d+$/.test(value)) return value;
  throw new Error(`is "${value}", but must be a version such as 1.90.2`);
}
