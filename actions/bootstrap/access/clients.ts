import { FairleadError } from "../../core/errors.ts";
import type { Client, Connection } from "../api/client.ts";
import { call, parse } from "../api/client.ts";
import { faultOf, permissionsNeeded, refusal, rejected } from "../api/faults.ts";
import { createPacer, type Pacer } from "../api/pacer.ts";
import { type App, type InstallationToken, installationToken, loginOfApp } from "./app.ts";

/** Where tokens come from. */
export interface TokenSource {
  /** Secrets, by owner in lower case. */
  readonly tokens: Readonly<Record<string, string>>;
  readonly app?: App | undefined;
  /** Told of each token that an App's installation was given, before it is used. */
  readonly made: (token: string, owner: string) => void;
}

/** A client for an owner, and what its token is. */
export interface OwnerClient extends Client {
  /** Whether it is the token of an App's installation, which lists repositories in another way. */
  readonly installation: boolean;
}

/** The client of an owner, whose name is written in any case. */
export function clientOf(clients: ReadonlyMap<string, OwnerClient>, owner: string): OwnerClient {
  const client = clients.get(owner.toLowerCase());
  if (client === undefined) throw new Error(`no client for ${owner}`);
  return client;
}

/** The environment variable that holds the token of an owner. */
export function tokenVariable(owner: string): string {
  return `GITHUB_TOKEN_${owner.toUpperCase().replaceAll("-", "_")}`;
}

/** An App's token is made anew when it has less than this left, in milliseconds. */
const renewBefore = 300_000;

/**
 * Opens a client for each owner, with its token or one of the App, and looks whether GitHub accepts the tokens.
 *
 * @throws FairleadError SECRET_MISSING, GITHUB_REJECTED that names every token that is missing or refused.
 */
export async function openClients(
  connection: Connection,
  owners: readonly string[],
  source: TokenSource,
): Promise<Map<string, OwnerClient>> {
  const missing = owners.filter((owner) => source.app === undefined && !source.tokens[owner.toLowerCase()]);
  if (missing.length > 0) throw missingTokens(missing);
  const login = source.app === undefined ? undefined : await loginOfApp(connection, source.app);
  // Several tokens of one user share that user's limits.
  const pacers = new Map<string, Pacer>();
  const opened = await Promise.all(
    owners.map(async (owner) => {
      try {
        const token = source.tokens[owner.toLowerCase()];
        if (token !== undefined) return await withToken(connection, owner, token, pacers);
        if (source.app === undefined || login === undefined) throw missingTokens([owner]);
        return await withApp(connection, owner, source.app, login, source);
      } catch (thrown) {
        if (thrown instanceof FairleadError && thrown.code === "GITHUB_REJECTED") return thrown;
        throw thrown;
      }
    }),
  );
  const refused = opened.filter((each) => each instanceof FairleadError);
  if (refused.length > 0) throw together(refused);
  return new Map(opened.flatMap((each) => (each instanceof FairleadError ? [] : [[each.owner.toLowerCase(), each]])));
}

/** One error for several tokens that are refused. */
export function together(refused: readonly FairleadError[]): FairleadError {
  const [first, ...others] = refused;
  if (first !== undefined && others.length === 0) {
    return rejected(`${first.message} Nothing was dispatched.`, first.fix);
  }
  return rejected(`Nothing was dispatched. ${refused.map(({ sentence }) => sentence).join(" ")}`);
}

function missingTokens(owners: readonly string[]): FairleadError {
  return new FairleadError({
    code: "SECRET_MISSING",
    message: `There is no token for ${owners.join(", ")}, so nothing was dispatched.`,
    fix: `Add a line "owner=token" to \`tokens\`, or set ${owners.map(tokenVariable).join(", ")} in the \`env:\` of this step or in Infisical.`,
  });
}

async function withToken(
  connection: Connection,
  owner: string,
  token: string,
  pacers: Map<string, Pacer>,
): Promise<OwnerClient> {
  const first: Client = {
    ...{ ...connection, owner },
    pacer: pacers.get(token) ?? createPacer(connection.clock),
    token: async () => token,
  };
  pacers.set(token, first.pacer);
  // The first call of all: an address that is wrong should be told soon.
  const answer = await call(first, { path: "/user", tries: 4 });
  // The token of an installation has no user.
  if (faultOf(answer) === "permission") return { ...first, installation: true };
  if (answer.status !== 200) throw refusal(owner, answer);
  requireScope(owner, answer.headers.get("x-oauth-scopes"));
  const { login } = parse<{ login: string }>(connection, answer);
  const key = `login ${login}`;
  const pacer = pacers.get(key) ?? first.pacer;
  pacers.set(key, pacer);
  return { ...first, pacer, login, installation: false };
}

/** Only classic tokens have scopes; the header is empty or absent for others (GitHub's docs, "Scopes for OAuth apps"). */
function requireScope(owner: string, scopes: string | null): void {
  if (!scopes || /(^|,\s*)(repo|public_repo)(,|$)/.test(scopes)) return;
  throw rejected(`The token of ${owner} has the scopes ${scopes}, but not \`repo\`.`, `Give it ${permissionsNeeded}.`);
}

async function withApp(connection: Connection, owner: string, app: App, login: string, source: TokenSource) {
  const make = async () => {
    const fresh = await installationToken(connection, app, owner);
    source.made(fresh.token, owner);
    return fresh;
  };
  let held = await make();
  let renewal: Promise<InstallationToken> | undefined;
  const left = () => held.expiresAt - connection.clock.now();
  const token = async () => {
    if (left() > renewBefore) return held.token;
    // Calls that come together share a renewal. One that failed is tried again by the next call.
    renewal ??= make().finally(() => {
      renewal = undefined;
    });
    try {
      held = await renewal;
    } catch (thrown) {
      if (left() <= 0) throw thrown;
    }
    return held.token;
  };
  const client: OwnerClient = {
    ...{ ...connection, owner, login, token },
    pacer: createPacer(connection.clock),
    installation: true,
  };
  return client;
}
