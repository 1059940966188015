import {
  type Environment,
  lines,
  optional,
  readInputs,
  required,
  text,
  type Values,
  webAddress,
} from "../core/inputs.ts";
import { kubernetesVersion } from "./kubernetes-versions.ts";

const declarations = {
  manifests: required(lines),
  environments: optional(lines),
  cluster: optional(text),
  kubernetesVersion: required(kubernetesVersion),
  baseRef: optional(text),
  toolMirror: optional(webAddress),
};

/** What `validate` is asked for. */
export type ValidateInputs = Values<typeof declarations>;

/** Reads the inputs of `actions/validate`; throws FairleadError INPUT_INVALID. */
export const validateInputs = (environment: Environment): ValidateInputs => readInputs(environment, declarations);
