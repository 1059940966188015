import type { Context } from "../core/context.ts";
import { requestIdToken } from "../core/id-token.ts";
import { createAuthKey, exchangeIdToken, requestAccessToken } from "./api.ts";
import type { Login } from "./login.ts";

/** Milliseconds that a call takes at most. */
const longestCall = 15_000;

/**
 * The auth key for one try at joining, masked. Unless it was given, it is new each time, made with a new token: for one
 * machine, ephemeral, pre-authorised, tagged, and of no use ten minutes later.
 *
 * @param end until when, as `performance.now()` counts.
 * @throws FairleadError TAILNET_FAILED, ID_TOKEN_MISSING, ID_TOKEN_UNAVAILABLE, ID_TOKEN_UNAVAILABLE
 */
export async function authKeyFor(
  login: Login,
  tags: readonly string[],
  end: number,
  context: Context,
): Promise<string> {
  if (login.kind === "auth-key") return login.authKey;
  const { apiUrl } = login;
  const token = await accessToken(login, end, context);
  return await createAuthKey({ apiUrl, token, tags, seconds: 600, timeout: timeLeft(end) }, context);
}

async function accessToken(
  login: Exclude<Login, { kind: "auth-key" }>,
  end: number,
  context: Context,
): Promise<string> {
  const { apiUrl, clientId } = login;
  if (login.kind === "oauth") {
    return await requestAccessToken(
      { apiUrl, clientId, clientSecret: login.clientSecret, timeout: timeLeft(end) },
      context,
    );
  }
  const idToken = await requestIdToken(login.audience, timeLeft(end), context);
  return await exchangeIdToken({ apiUrl, clientId, idToken, timeout: timeLeft(end) }, context);
}

function timeLeft(end: number): number {
  return Math.max(1, Math.min(longestCall, Math.round(end - performance.now())));
}
