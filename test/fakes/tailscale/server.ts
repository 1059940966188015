import { randomBytes } from "node:crypto";
import { readIdToken } from "../id-tokens/token.ts";
import { type Answer, type Incoming, type StrictServer, startStrictServer } from "../strict-server.ts";

/** An OAuth client, or a federated identity, of a tailnet. */
export interface Client {
  readonly id: string;
  readonly tags: readonly string[];
  /** Whether it may make auth keys. */
  readonly mayMakeKeys?: boolean;
  /** Of an OAuth client. A secret. */
  readonly secret?: string;
  /** Of a federated identity: the tokens that it trusts, whose subject may end in a `*`. */
  readonly trusts?: { readonly publicKey: string; readonly subject: string; readonly audience: string };
}

/** What the stand-in holds. */
export interface TailscaleApiOptions {
  readonly clients: readonly Client[];
  /** The auth key that the control server takes: each new key is this one. A secret. */
  readonly authKey: string;
}

/** A running stand-in for Tailscale's HTTP API. */
export interface TailscaleApi extends StrictServer {
  /** Every access token it gave out; they are secrets too. */
  readonly tokens: readonly string[];
  /** What the auth keys that it made may do, in order. */
  readonly keys: readonly KeyRequest[];
  /** How many milliseconds its clock is ahead; a token that has expired by it is refused. */
  clockAhead: number;
}

/** The body of a request for a key, in full. */
export interface KeyRequest {
  readonly capabilities: {
    readonly devices: {
      readonly create: {
        readonly reusable: boolean;
        readonly ephemeral: boolean;
        readonly preauthorized: boolean;
        readonly tags?: readonly string[];
      };
    };
  };
  readonly expirySeconds?: number;
}

// Where each refusal was learned:
const refusals = {
  // seen: tailscale/gitops-acl-action#33, for a wrong OAuth client
  wrongClient: { status: 401, body: { message: "API token invalid" } },
  // seen: tailscale/github-action#227, for a subject that does not match. That a wrong audience and an expired token are
  // answered alike is a guess.
  untrusted: { status: 403, body: { message: "Unauthorized" } },
  // seen: named as such in the documentation of Terraform modules and Ansible collections for Tailscale
  untagged: { status: 400, body: { message: "tailnet-owned auth key must have tags set" } },
  // the text was seen in tailscale/tailscale#15969 for another operation; that it is the same here is a guess
  forbidden: {
    status: 403,
    body: { message: "calling actor does not have enough permissions to perform this function" },
  },
} satisfies Record<string, Answer>;

/**
 * Starts it. Paths and bodies are those of Tailscale's own client (`feature/oauthkey`, `feature/identityfederation` and
 * `client/tailscale/keys.go` of tailscale/tailscale v1.100.0).
 */
export async function startTailscaleApi({ clients, authKey }: TailscaleApiOptions): Promise<TailscaleApi> {
  const owners = new Map<string, Client>();
  const tokens: string[] = [];
  const keys: KeyRequest[] = [];
  const clock = { clockAhead: 0 };
  const login = (client: Client | undefined, refused: Answer): Answer => {
    if (client === undefined) return refused;
    const token = `tskey-api-${randomBytes(16).toString("hex")}`;
    owners.set(token, client);
    tokens.push(token);
    // The form of the answer was seen in tailscale/tailscale#15456.
    const granted = {
      scope: client.mayMakeKeys === false ? "devices:core:read" : "auth_keys",
      tags: client.tags.join(" "),
    };
    return { status: 200, body: { access_token: token, token_type: "Bearer", expires_in: 3_600, ...granted } };
  };
  const routes: Readonly<Record<string, (incoming: Incoming) => Answer>> = {
    "POST /api/v2/oauth/token": (incoming) => {
      const form = formOf(incoming, ["client_id", "client_secret", "grant_type"]);
      if (form === undefined) return malformed;
      const known = clients.find(({ id, secret }) => id === form["client_id"] && secret === form["client_secret"]);
      return login(known, refusals.wrongClient);
    },
    "POST /api/v2/oauth/token-exchange": (incoming) => {
      const form = formOf(incoming, ["client_id", "jwt"]);
      if (form === undefined) return malformed;
      const known = clients.find(({ id }) => id === form["client_id"]);
      const trusted = known !== undefined && trusts(known, form["jwt"] ?? "", Date.now() + clock.clockAhead);
      return login(trusted ? known : undefined, refusals.untrusted);
    },
    "POST /api/v2/tailnet/-/keys": (incoming) => {
      const owner = owners.get(/^Bearer (.+)$/.exec(incoming.headers["authorization"] ?? "")?.[1] ?? "");
      if (owner === undefined) return { ...refusals.wrongClient, violation: "no token, or one that was not given" };
      const asked = keyRequest(incoming);
      if (asked === undefined) return malformed;
      if (owner.mayMakeKeys === false) return refusals.forbidden;
      const { tags = [] } = asked.capabilities.devices.create;
      if (tags.length === 0) return { ...refusals.untagged, violation: "an untagged key" };
      if (!sameTags(tags, owner.tags)) return invalidTags(tags);
      keys.push(asked);
      const now = new Date();
      const expires = new Date(now.getTime() + (asked.expirySeconds ?? 90 * 86_400) * 1_000);
      const known = { id: "kTest11CNTRL", created: now.toISOString(), expires: expires.toISOString() };
      return { status: 200, body: { ...known, key: authKey, capabilities: asked.capabilities } };
    },
  };
  const server = await startStrictServer({
    name: "Tailscale's API",
    handle(incoming) {
      const route = routes[`${incoming.method} ${incoming.url.pathname}`];
      if (route === undefined) return { status: 404, body: { message: "not found" }, violation: "unknown route" };
      return route(incoming);
    },
  });
  return Object.assign(clock, server, { tokens, keys });
}

function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

const malformed: Answer = { status: 400, body: { message: "invalid request body" }, violation: "malformed request" };

/** Tailscale wants all tags of a client that has no scope for fewer (seen: frankbria/auto-author#490). */
function sameTags(asked: readonly string[], own: readonly string[]): boolean {
  return [...asked].sort().join() === [...own].sort().join();
}

/** The text was seen in tailscale/tailscale#15456, the brackets as Go prints a list in frankbria/auto-author#490. */
function invalidTags(tags: readonly string[]): Answer {
  return { status: 400, body: { message: `requested tags [${tags.join(" ")}] are invalid or not permitted` } };
}

/** The fields of a form that has exactly these. */
function formOf({ headers, body }: Incoming, names: readonly string[]): Record<string, string> | undefined {
  if (!headers["content-type"]?.startsWith("application/x-www-form-urlencoded")) return undefined;
  const fields = Object.fromEntries(new URLSearchParams(body));
  const fit = Object.keys(fields).sort().join() === [...names].sort().join();
  return fit && Object.values(fields).every((value) => value !== "") ? fields : undefined;
}

function keyRequest({ headers, body }: Incoming): KeyRequest | undefined {
  if (headers["content-type"] !== "application/json") return undefined;
  const asked = JSON.parse(body);
  const create = asked?.capabilities?.devices?.create;
  const flags = [create?.reusable, create?.ephemeral, create?.preauthorized];
  return flags.every((flag) => typeof flag === "boolean") ? asked : undefined;
}

function trusts({ trusts: rule }: Client, token: string, now: number): boolean {
  const read = rule === undefined ? undefined : readIdToken(token, rule.publicKey, now);
  if (rule === undefined || read === undefined || !("claims" in read)) return false;
  const { iss, sub, aud } = read.claims;
  const subject = new RegExp(`^${rule.subject.split("*").map(literal).join(".*")}$`);
  return iss === "https://token.actions.githubusercontent.com" && subject.test(String(sub)) && aud === rule.audience;
}
