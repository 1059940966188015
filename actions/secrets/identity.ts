import { invalidInputs } from "../core/inputs.ts";

/** A machine identity of Infisical (universal auth). */
export interface Identity {
  readonly clientId: string;
  readonly clientSecret: string;
}

/**
 * The identity that an action was given to read secrets with, if it was given one.
 *
 * @throws FairleadError INPUT_INVALID for half of one.
 */
export function identityOf(inputs: {
  readonly infisicalClientId: string | undefined;
  readonly infisicalClientSecret: string | undefined;
}): Identity | undefined {
  const { infisicalClientId: clientId, infisicalClientSecret: clientSecret } = inputs;
  if (clientId !== undefined && clientSecret !== undefined) return { clientId, clientSecret };
  if (clientId === undefined && clientSecret === undefined) return undefined;
  const missing = clientId === undefined ? "infisical-client-id" : "infisical-client-secret";
  throw invalidInputs([`\`${missing}\` is missing; both halves of the machine identity are needed`]);
}
