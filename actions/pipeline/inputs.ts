import {
  boolean,
  duration,
  type Environment,
  invalidInputs,
  names,
  optional,
  readInputs,
  required,
  text,
  type Values,
  webAddress,
} from "../core/inputs.ts";
import { images } from "../deploy/images.ts";
import { type CredentialName, credentialNames } from "./credential-names.ts";
import { promotion } from "./promote.ts";

const declarations = {
  environment: optional(text),
  manifest: required(text),
  cluster: optional(text),
  image: optional(images),
  promote: optional(promotion),
  infisicalIdentityId: optional(text),
  infisicalClientId: optional(text),
  infisicalClientSecret: optional(text),
  skipJobs: optional(names),
  timeout: optional(duration),
  lockTimeout: required(duration),
  rollbackOnFailure: required(boolean),
  verify: required(boolean),
  dryRun: required(boolean),
  toolMirror: optional(webAddress),
};

/** What the root action is asked for. */
export type PipelineInputs = Values<typeof declarations> & {
  /** Credentials that the environment of the step holds; they win over Infisical's. */
  readonly credentials: Readonly<Partial<Record<CredentialName, string>>>;
  /** Name of the buildx builder; the current one if left out. */
  readonly builder: string | undefined;
};

/** Reads the inputs of the root action; throws FairleadError INPUT_INVALID. */
export function pipelineInputs(environment: Environment): PipelineInputs {
  const given = credentialNames.flatMap((name) => (environment[name] ? [[name, environment[name]]] : []));
  const inputs = readInputs(environment, declarations);
  if (inputs.promote !== undefined && inputs.image !== undefined) {
    throw invalidInputs(["`promote` and `image` both say what is deployed: leave one out"]);
  }
  return {
    ...inputs,
    credentials: Object.fromEntries(given),
    builder: environment["BUILDX_BUILDER"],
  };
}
