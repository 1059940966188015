import type { Context } from "../core/context.ts";
import { formatDuration } from "../core/duration.ts";
import { FairleadError, messageOf } from "../core/errors.ts";
import { type HttpAnswer, request } from "../core/http.ts";

/** Where a call goes, and how long it may take with all its tries, in milliseconds. */
interface Call {
  readonly apiUrl: string;
  readonly timeout: number;
}

/**
 * An access token for an OAuth client, masked (OAuth 2.0's client credentials, RFC 6749, section 4.4).
 *
 * @throws FairleadError TAILNET_FAILED
 */
export async function requestAccessToken(
  call: Call & { readonly clientId: string; readonly clientSecret: string },
  context: Context,
): Promise<string> {
  const { clientId, clientSecret } = call;
  context.masker.add(clientSecret);
  const form = { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret };
  const refused = {
    what: "the OAuth client",
    fix: "Check the client's id and its secret: they must belong together, and the client must not be revoked.",
  };
  return await tokenFrom("/api/v2/oauth/token", form, refused, call, context);
}

/**
 * An access token for the job itself, whose OIDC token a federated identity trusts; masked.
 *
 * @throws FairleadError TAILNET_FAILED that says which job and which audience were refused.
 */
export async function exchangeIdToken(
  call: Call & { readonly clientId: string; readonly idToken: string },
  context: Context,
): Promise<string> {
  const { clientId, idToken } = call;
  const { sub, aud } = claimsOf(idToken);
  const refused = {
    what: "this job's OIDC token",
    fix: `The federated identity ${clientId} must trust the issuer https://token.actions.githubusercontent.com, a subject that matches "${sub}", and the audience "${aud}"; a token is valid for five minutes.`,
  };
  return await tokenFrom("/api/v2/oauth/token-exchange", { client_id: clientId, jwt: idToken }, refused, call, context);
}

/**
 * A new auth key for one machine, masked.
 *
 * @throws FairleadError TAILNET_FAILED
 */
export async function createAuthKey(
  call: Call & { readonly token: string; readonly tags: readonly string[]; readonly seconds: number },
  context: Context,
): Promise<string> {
  const { token, tags, seconds } = call;
  const create = { reusable: false, ephemeral: true, preauthorized: true, tags };
  const answer = await send(
    "/api/v2/tailnet/-/keys",
    {
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ capabilities: { devices: { create } }, expirySeconds: seconds }),
    },
    call,
    context,
  );
  const { key } = parse(answer);
  if (answer.status === 200 && key) {
    context.masker.add(key);
    return key;
  }
  throw refusal(answer, { what: `an auth key for ${tags.join(", ")}`, fix: fixForKey(answer.status, tags) }, context);
}

function fixForKey(status: number, tags: readonly string[]): string {
  if (status === 403) return "Give the client the scope `auth_keys` (write).";
  return `Ask for exactly the tags that the client has (here ${tags.join(", ")}), and name each under \`tagOwners\` in the policy file of the tailnet.`;
}

/** What was asked for, and what to do when it is refused. */
interface Refused {
  readonly what: string;
  readonly fix: string;
}

async function tokenFrom(
  path: string,
  form: Readonly<Record<string, string>>,
  refused: Refused,
  call: Call,
  context: Context,
): Promise<string> {
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const answer = await send(path, { headers, body: new URLSearchParams(form).toString() }, call, context);
  const { access_token: token } = parse(answer);
  if (answer.status !== 200 || !token) throw refusal(answer, refused, context);
  context.masker.add(token);
  return token;
}

async function send(
  path: string,
  { headers, body }: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
  { apiUrl, timeout }: Call,
  { runner, signal }: Context,
): Promise<HttpAnswer> {
  const { host } = new URL(apiUrl);
  try {
    return await request({
      url: new URL(path, apiUrl),
      method: "POST",
      headers: { accept: "application/json", ...headers },
      body,
      timeout,
      signal,
      onRetry: (reason, wait) => runner.info(`${host}: ${reason}; trying again in ${formatDuration(wait)}`),
    });
  } catch (thrown) {
    signal.throwIfAborted();
    throw new FairleadError({
      code: "TAILNET_FAILED",
      message: `Tailscale's API at ${host} did not answer: ${messageOf(thrown).replace(/\.$/, "")}.`,
      fix: "Check that the runner reaches it.",
      cause: thrown,
    });
  }
}

/** The fields of an answer that we use; none of an answer that is no JSON, as a proxy's may be. */
function parse({ body }: HttpAnswer): { access_token?: string; key?: string; message?: string } {
  try {
    return JSON.parse(body) ?? {};
  } catch {
    return {};
  }
}

/** The API said no, which it will say again. */
export class Refusal extends FairleadError {}

function refusal(answer: HttpAnswer, { what, fix }: Refused, { masker }: Context): FairleadError {
  const { message } = parse(answer);
  const said = message === undefined ? "" : `: ${masker.redact(message).replace(/\.$/, "")}`;
  const failure = {
    code: "TAILNET_FAILED",
    message: `Tailscale's API refused ${what} (HTTP ${answer.status})${said}.`,
    fix,
  } as const;
  return answer.status >= 400 && answer.status < 500 && answer.status !== 429
    ? new Refusal(failure)
    : new FairleadError({ ...failure, fix: "Run the job again later." });
}

/** Whom a JWT speaks of and to. They are no secrets, but what its signature makes of them is. */
function claimsOf(token: string): { readonly sub: string; readonly aud: string } {
  try {
    const { sub, aud } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
    return { sub: String(sub), aud: String(aud) };
  } catch {
    return { sub: "(unreadable)", aud: "(unreadable)" };
  }
}
