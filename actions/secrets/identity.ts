import { invalidInputs } from "../core/inputs.ts";

/** A machine identity of Infisical with universal auth. */
export interface UniversalIdentity {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** A machine identity with OIDC auth: the job proves who it is by a token of GitHub's, so nothing has to be stored. */
export interface OidcIdentity {
  readonly identityId: string;
  /** Audience of GitHub's token; GitHub's own choice if left out. */
  readonly oidcAudience?: string | undefined;
}

/** Who reads secrets. */
export type Identity = UniversalIdentity | OidcIdentity;

/** What an action was given to log in with. */
interface Given {
  readonly identityId: string | undefined;
  readonly oidcAudience?: string | undefined;
  readonly clientId: string | undefined;
  readonly clientSecret: string | undefined;
}

/**
 * The identity that an action was given to read secrets with, if it was given one.
 *
 * @throws FairleadError INPUT_INVALID for half of one, or for two.
 */
export function identityOf(inputs: {
  readonly infisicalIdentityId: string | undefined;
  readonly infisicalClientId: string | undefined;
  readonly infisicalClientSecret: string | undefined;
}): Identity | undefined {
  const { infisicalIdentityId: identityId, infisicalClientId: clientId, infisicalClientSecret: clientSecret } = inputs;
  return chooseIdentity({ identityId, clientId, clientSecret }, "infisical-");
}

/** The inputs that an identity was given by, in words for an error message. @param prefix what their names begin with. */
export function identityInputs(identity: Identity, prefix = ""): string {
  return "identityId" in identity
    ? `\`${prefix}identity-id\``
    : `\`${prefix}client-id\` and \`${prefix}client-secret\``;
}

/** What to set where an action of this prefix was given no identity. */
export function missingIdentityInputs(prefix: string): string {
  return `\`${prefix}identity-id\`, or \`${prefix}client-id\` and \`${prefix}client-secret\``;
}

/**
 * The one identity among the inputs, if there is one.
 *
 * @param prefix what the names of the inputs begin with.
 * @throws FairleadError INPUT_INVALID for half of one, or for two.
 */
export function chooseIdentity(given: Given, prefix = ""): Identity | undefined {
  const { identityId, oidcAudience, clientId, clientSecret } = given;
  const isHalf = (clientId === undefined) !== (clientSecret === undefined);
  if (identityId !== undefined && (clientId !== undefined || clientSecret !== undefined)) {
    const both = `\`${prefix}identity-id\` and \`${prefix}client-id\` are two ways to log in`;
    throw invalidInputs([`${both}; leave one out`]);
  }
  if (isHalf) {
    const missing = clientId === undefined ? "client-id" : "client-secret";
    throw invalidInputs([`\`${prefix}${missing}\` is missing; both halves of the machine identity are needed`]);
  }
  if (identityId !== undefined) return { identityId, oidcAudience };
  if (clientId === undefined || clientSecret === undefined) return undefined;
  return { clientId, clientSecret };
}
