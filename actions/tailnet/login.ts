/** How this machine may join: with a key that was made before, or with one that is made for it now. */
export type Login =
  | { readonly kind: "auth-key" /** A secret. */; readonly authKey: string }
  | ({ readonly kind: "oauth" /** A secret. */; readonly clientSecret: string } & Client)
  | ({ readonly kind: "oidc" /** Who the job's token is for. */; readonly audience: string } & Client);

/** An OAuth client or a federated identity. */
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
