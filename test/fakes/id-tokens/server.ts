import { generateKeyPairSync, randomBytes } from "node:crypto";
import { type StrictServer, startStrictServer } from "../strict-server.ts";
import { makeIdToken } from "./token.ts";

/** A running stand-in for the endpoint at which a job asks GitHub who it is. */
export interface IdTokens extends StrictServer {
  /** The variables that the runner gives the steps of a job with `id-token: write`. */
  readonly variables: Readonly<Record<string, string>>;
  /** The login of the job at the endpoint, a secret. */
  readonly requestToken: string;
  /** Every token that it gave; they are secrets too. */
  readonly tokens: readonly string[];
  /** With what tokens are verified, as PEM. */
  readonly publicKey: string;
  readonly subject: string;
  /** The audience of a token that is asked for without one: GitHub takes the address of the repository's owner. */
  readonly audience: string;
}

const subject = "repo:acme/shop:environment:prod";
const audience = "https://github.com/acme";
/** GitHub's tokens live for five minutes, and are valid a little before they are made. */
const seconds = 300;

/**
 * Starts it. Its address has a query already, as the real one has; form of request and answer as in `@actions/core`
 * (oidc-utils.ts), the claims as GitHub documents them.
 *
 * @param skew milliseconds that the clock of the issuer is ahead.
 */
export async function startIdTokens({ skew = 0 }: { readonly skew?: number } = {}): Promise<IdTokens> {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const requestToken = randomBytes(32).toString("base64url");
  const tokens: string[] = [];
  const server = await startStrictServer({
    name: "GitHub's token endpoint",
    handle({ method, url, headers }) {
      if (method !== "GET" || url.pathname !== "/token" || url.searchParams.get("api-version") !== "2.0") {
        return { status: 404, violation: `asked for ${method} ${url.pathname}${url.search}` };
      }
      if (headers["authorization"] !== `Bearer ${requestToken}`) return { status: 401, violation: "wrong login" };
      const now = Math.floor((Date.now() + skew) / 1_000);
      const value = makeIdToken(
        {
          iss: "https://token.actions.githubusercontent.com",
          sub: subject,
          aud: url.searchParams.get("audience") ?? audience,
          repository: "acme/shop",
          nbf: now - seconds,
          iat: now,
          exp: now + seconds,
        },
        privateKey,
      );
      tokens.push(value);
      return { status: 200, body: { count: value.length, value } };
    },
  });
  return {
    ...server,
    variables: {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${server.url}/token?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken,
    },
    requestToken,
    tokens,
    publicKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
    subject,
    audience,
  };
}
