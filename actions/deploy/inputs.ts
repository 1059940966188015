import {
  boolean,
  choice,
  duration,
  type Environment,
  invalidInputs,
  lines,
  optional,
  readInputs,
  required,
  text,
} from "../core/inputs.ts";

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
  /** References by component; the name `*` stands for every component that has no image of its own. */
  readonly images: Readonly<Record<string, string>>;
  /** Text or base64. */
  readonly kubeconfig: string;
  /** HTTP proxy through which the API server is reached. */
  readonly proxy?: string | undefined;
  /** File with the key `cluster`. */
  readonly cluster?: string | undefined;
  /** Milliseconds for the whole deploy. */
  readonly timeout: number;
  readonly rollbackOnFailure: boolean;
  readonly onFirstInstallFailure: FirstInstallFailure;
  readonly pullCredentials?: PullCredentials | undefined;
  readonly toolMirror?: string | undefined;
}

const declarations = {
  manifest: required(text),
  environment: required(text),
  image: required(lines),
  kubeconfig: required(text),
  cluster: optional(text),
  timeout: optional(duration),
  rollbackOnFailure: required(boolean),
  onFirstInstallFailure: required(choice("keep", "uninstall")),
  toolMirror: optional(text),
};

/** Time for a deploy when neither the user nor the manifest asks for more. */
export const defaultTimeout = 180_000;

/**
 * Reads the inputs of `actions/deploy`; the pull secret's user and password come from the environment of the step.
 *
 * @throws FairleadError INPUT_INVALID.
 */
export function deployInputs(environment: Environment): DeployInputs {
  const { image, timeout, ...inputs } = readInputs(environment, declarations);
  return {
    ...inputs,
    images: parseImages(image),
    timeout: timeout ?? defaultTimeout,
    pullCredentials: pullCredentials(environment),
  };
}

/** The credentials under the names that they have everywhere; both or none. */
export function pullCredentials(environment: Environment): PullCredentials | undefined {
  const { DOCKER_REGISTRY_USERNAME: username, DOCKER_REGISTRY_PASSWORD: password } = environment;
  return username && password ? { username, password } : undefined;
}

/** `reference` for all components, or lines `component=reference`. */
function parseImages(lines: readonly string[]): Record<string, string> {
  const [only] = lines;
  if (lines.length === 1 && only !== undefined && !/^[a-z0-9-]+=/.test(only)) return { "*": only };
  const named = lines.map((line) => /^([a-z0-9-]+)=(\S+)$/.exec(line));
  if (named.includes(null)) throw invalidInputs(["`image` must be one reference, or lines `component=reference`"]);
  return Object.fromEntries(named.map((match) => [match?.[1] ?? "", match?.[2] ?? ""]));
}
