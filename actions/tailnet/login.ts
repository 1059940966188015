import type { Context } from "../core/context.ts";
import { requestIdToken } from "../core/id-token.ts";
import { createAuthKey, exchangeIdToken, requestAccessToken } from "./api.ts";

/** How this machine may join: with a key that was made before, or with one that is made for it now. */
export type Login =
  | { readonly kind: "auth-key" /** A secret. */; readonly authKey: string }
  | ({ readonly kind: "oauth" /** A secret. */; readonly clientSecret: string } & Client)
  | ({ readonly kind: "oidc" /** Who the job's token is for. */; readonly audience: string } & Client);

interface Client {
  readonly clientId: string;
  /** Address of Tailscale's API, without a path. */
  readonly apiUrl: string;
}

/** Tailscale's own API. */
export const tailscaleApi = "https://api.tailscale.com";

/** The audience that Tailscale gives a federated identity when nobody changes it (tailscale.com/kb/1581). */
export function usualAudience(clientId: string): string {
  return `api.tailscale.com/${clientId}`;
}

/** Milliseconds for each call. */
const timeout = 15_000;

/**
 * The auth key for one try at joining, masked. Unless it was given, it is new each time, made with a new token: for one
 * machine, ephemeral, pre-authorised, tagged, and of no use ten minutes later.
 *
 * @throws FairleadError TAILNET_FAILED, ID_TOKEN_MISSING
 */
export async function authKeyFor(login: Login, tags: readonly string[], context: Context): Promise<string> {
  if (login.kind === "auth-key") return login.authKey;
  const { apiUrl } = login;
  const token = await accessToken(login, context);
  return await createAuthKey({ apiUrl, token, tags, seconds: 600, timeout }, context);
}

async function accessToken(login: Exclude<Login, { kind: "auth-key" }>, context: Context): Promise<string> {
  const { apiUrl, clientId } = login;
  if (login.kind === "oauth") {
    return await requestAccessToken({ apiUrl, clientId, clientSecret: login.clientSecret, timeout }, context);
  }
  const idToken = await requestIdToken(login.audience, timeout, context);
  return await exchangeIdToken({ apiUrl, clientId, idToken, timeout }, context);
}
