import type { Context } from "../core/context.ts";
import { FairleadError } from "../core/errors.ts";
import type { HttpAnswer } from "../core/http.ts";
import { requestIdToken } from "../core/id-token.ts";
import type { Identity, OidcIdentity } from "./identity.ts";
import {
  call,
  clockNote,
  messageIn,
  notInfisical,
  readJson,
  reasonOf,
  rejected,
  type Server,
  timeLeft,
} from "./server.ts";

/**
 * Logs a machine identity in, and gives its access token, masked.
 *
 * @throws FairleadError INFISICAL_DENIED, INFISICAL_REJECTED, INFISICAL_UNREACHABLE, ID_TOKEN_MISSING, ID_TOKEN_UNAVAILABLE
 */
export async function login(server: Server, identity: Identity, context: Context): Promise<string> {
  const answer =
    "identityId" in identity
      ? await logInWithOidc(server, identity, context)
      : await logInWithSecret(server, identity, context);
  if (answer.status !== 200) throw rejected(server, answer);
  const { accessToken } = readJson<{ accessToken?: unknown }>(server, answer);
  if (typeof accessToken !== "string") throw notInfisical(server, "its login gives no access token");
  context.masker.add(accessToken);
  return accessToken;
}

async function logInWithSecret(
  server: Server,
  { clientId, clientSecret }: { clientId: string; clientSecret: string },
  context: Context,
): Promise<HttpAnswer> {
  context.masker.add(clientSecret);
  const answer = await call(server, "/api/v1/auth/universal-auth/login", { body: { clientId, clientSecret } }, context);
  // 403 was seen on a server of July 2024, newer ones say 401.
  if (answer.status !== 401 && answer.status !== 403) return answer;
  throw new FairleadError({
    code: "INFISICAL_DENIED",
    message: `Infisical at ${server.url} does not accept the machine identity (${reasonOf(answer)}).`,
    fix: `Correct ${server.settings.identity}; the secret may be revoked or used up.`,
  });
}

async function logInWithOidc(server: Server, identity: OidcIdentity, context: Context): Promise<HttpAnswer> {
  const { identityId, oidcAudience } = identity;
  const jwt = await requestIdToken(oidcAudience, timeLeft(server), context);
  const answer = await call(server, "/api/v1/auth/oidc-auth/login", { body: { identityId, jwt } }, context);
  const isUnknown = answer.status === 404 && /oidc|identity/i.test(messageIn(answer) ?? "");
  if (answer.status !== 401 && answer.status !== 403 && !isUnknown) return answer;
  throw new FairleadError({
    code: "INFISICAL_DENIED",
    message: `Infisical at ${server.url} does not accept this job as the machine identity (${reasonOf(answer)}).`,
    fix: oidcFix(server, answer, jwt),
  });
}

/** The server's sentences are read in its source (identity-oidc-auth-service.ts). */
function oidcFix({ settings }: Server, answer: HttpAnswer, jwt: string): string {
  const message = messageIn(answer) ?? "";
  const { sub, aud } = claimsOf(jwt);
  if (/audience/i.test(message)) {
    const choose = settings.audience ? `, or set ${settings.audience} to one that it allows` : "";
    return `Allow the audience ${JSON.stringify(aud)} in the OIDC auth of the identity${choose}.`;
  }
  if (/subject/i.test(message)) return `Allow the subject ${JSON.stringify(sub)} in the OIDC auth of the identity.`;
  if (/claim/i.test(message)) return "Compare the claims in the OIDC auth of the identity with those of this job.";
  if (/expired|not active/i.test(message)) {
    return clockNote(answer, Date.now()) ?? "Run the job again, and check the clocks of the runner and the server.";
  }
  return `Correct ${settings.identity}, and set up OIDC auth for it in Infisical, with GitHub's token service as the issuer.`;
}

/** What a token says of the job; none of it is secret, only the signature is. */
function claimsOf(jwt: string): { sub?: unknown; aud?: unknown } {
  try {
    return JSON.parse(Buffer.from(jwt.split(".")[1] ?? "", "base64url").toString("utf8"));
  } catch {
    return {};
  }
}
