import {
  boolean,
  choice,
  duration,
  type Environment,
  names,
  optional,
  readInputs,
  required,
  text,
  webAddress,
} from "../core/inputs.ts";
import { type Identity, identityOf } from "../secrets/identity.ts";
import { chartReference } from "./chart.ts";
import { type Images, images } from "./images.ts";

/** What happens to a first install that fails: there is nothing to go back to. */
export type FirstInstallFailure = "keep" | "uninstall";

/** Credentials of the registry in `cluster.registry`, for the nodes that pull from it. */
export interface PullCredentials {
  readonly username: string;
  readonly password: string;
}

/** What `deploy` is asked for. */
export interface DeployInputs {
  readonly manifest: string;
  readonly environment: string;
  readonly images: Images;
  /** Text, base64, or the path of a file. */
  readonly kubeconfig: string;
  /** HTTP proxy through which the API server is reached. */
  readonly proxy?: string | undefined;
  /** Whether private addresses are reached from here, through that proxy where there is one. */
  readonly inTailnet?: boolean;
  /** File with the key `cluster`. */
  readonly cluster?: string | undefined;
  /** Folder of the chart, or reference in a registry, in place of the one that travels with the action. */
  readonly chart?: string | undefined;
  /** Jobs that this deploy leaves out, by component. */
  readonly skipJobs?: readonly string[] | undefined;
  /** Release and namespace in place of the manifest's. */
  readonly release?: string | undefined;
  readonly namespace?: string | undefined;
  /** Milliseconds for the whole deploy; computed when left out. */
  readonly timeout: number | undefined;
  /** Milliseconds to wait for another deploy of the same release. */
  readonly lockTimeout: number;
  readonly rollbackOnFailure: boolean;
  /** Whether a rollout that is done must also pass checks. */
  readonly verify: boolean;
  readonly onFirstInstallFailure: FirstInstallFailure;
  /** Look and compare only; nothing is made in the cluster. */
  readonly dryRun: boolean;
  readonly pullCredentials?: PullCredentials | undefined;
  /** Who reads the application's secrets, where the deploy delivers them. */
  readonly identity?: Identity | undefined;
  readonly toolMirror?: string | undefined;
}

const declarations = {
  manifest: required(text),
  environment: required(text),
  image: required(images),
  kubeconfig: required(text),
  cluster: optional(text),
  timeout: optional(duration),
  lockTimeout: required(duration),
  rollbackOnFailure: required(boolean),
  verify: required(boolean),
  dryRun: required(boolean),
  onFirstInstallFailure: required(choice("keep", "uninstall")),
  infisicalIdentityId: optional(text),
  infisicalClientId: optional(text),
  infisicalClientSecret: optional(text),
  chart: optional(chartReference),
  skipJobs: optional(names),
  release: optional(text),
  namespace: optional(text),
  toolMirror: optional(webAddress),
};

/**
 * Reads the inputs of `actions/deploy`; the pull secret's user and password come from the environment of the step.
 *
 * @throws FairleadError INPUT_INVALID.
 */
export function deployInputs(environment: Environment): DeployInputs {
  const given = readInputs(environment, declarations);
  const { image, timeout, infisicalIdentityId, infisicalClientId, infisicalClientSecret, ...inputs } = given;
  return {
    ...inputs,
    images: image,
    timeout,
    pullCredentials: pullCredentials(environment),
    identity: identityOf({ infisicalIdentityId, infisicalClientId, infisicalClientSecret }),
  };
}

/** The credentials under the names that they have everywhere; both or none. */
function pullCredentials(environment: Environment): PullCredentials | undefined {
  const { DOCKER_REGISTRY_USERNAME: username, DOCKER_REGISTRY_PASSWORD: password } = environment;
  return username && password ? { username, password } : undefined;
}

/** The values by which the inputs outrank the manifest's release and namespace. */
export function placeOf({
  release,
  namespace,
}: Pick<DeployInputs, "release" | "namespace">): Readonly<Record<string, string>> {
  return {
    ...(release === undefined ? {} : { "deploy.release": release }),
    ...(namespace === undefined ? {} : { "deploy.namespace": namespace }),
  };
}
