/** Every error code, with what it means. `docs/errors.md` is generated from this table. */
export const errorCodes = {
  BUG: "fairlead itself is at fault; the log has a stack trace, please report it.",
  CANCELLED: "The job was cancelled while the step ran.",
  CLUSTER_FORBIDDEN: "The cluster knows the user of the kubeconfig, but does not allow what was asked.",
  CLUSTER_REJECTED: "The API server refused a request for another reason than permissions; the message has its words.",
  CLUSTER_UNAUTHORIZED: "The cluster does not accept the credentials of the kubeconfig.",
  CLUSTER_UNREACHABLE: "The API server did not answer.",
  DEPLOY_FAILED: "The release did not become healthy; the message says what serves now.",
  DEPLOY_LOCKED: "Another deploy of the same release runs, or Helm left one unfinished a short while ago.",
  DISPATCH_FAILED: "At least one repository could not be dispatched, or its run did not succeed.",
  ENVIRONMENT_UNKNOWN: "No environment was given and none follows the branch or tag of this run.",
  GITHUB_REJECTED: "GitHub's API refused a request.",
  HELM_FAILED: "Helm refused the release before or while applying it.",
  IMAGE_BUILD_FAILED: "The image could not be built.",
  IMAGE_PUSH_FAILED: "The image was built but could not be pushed.",
  IMAGE_UNPULLABLE: "An image is not in its registry, or the registry refuses the login; nothing was changed.",
  INFISICAL_DENIED: "Infisical refused the identity, or its token.",
  INFISICAL_EMPTY: "The folder in Infisical is missing or holds no secret.",
  INFISICAL_REJECTED: "Infisical refused a request, for instance because the project is unknown.",
  INFISICAL_UNREACHABLE: "Infisical did not answer in time.",
  INPUT_INVALID: "Inputs are missing, misspelt or have a wrong value; the message lists all of them.",
  KUBECONFIG_INVALID: "The kubeconfig cannot be read as one.",
  MANIFEST_INVALID: "The manifest is missing, unreadable, or breaks a rule; the message lists all problems.",
  PREFLIGHT_FAILED: "Something is in the way of a deploy; the message lists all of it, and nothing was changed.",
  SECRET_MISSING: "A credential is neither in the environment of the step nor in Infisical.",
  TAILNET_FAILED: "Tailscale could not be joined.",
  TAILNET_UNREACHABLE: "The tailnet was joined, but the address behind it did not answer.",
  TIMEOUT: "A deadline passed.",
  TOOL_FAILED: "A program that fairlead runs ended with an error.",
  TOOL_MISSING: "A program that fairlead needs is neither installed nor could be downloaded.",
} as const;

/** A stable name for a kind of failure, documented in `docs/errors.md`. */
export type ErrorCode = keyof typeof errorCodes;

/** A position in a file of the user; line and column count from 1. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  /** Where it ends: the first position after it. */
  readonly endLine?: number;
  readonly endColumn?: number;
}

/** What a {@link FairleadError} is made of. */
export interface Failure {
  readonly code: ErrorCode;
  /** What is wrong, one sentence in the user's words. */
  readonly message: string;
  /** What to do about it, one sentence. */
  readonly fix?: string;
  readonly place?: Place;
  /** Evidence for the log and the summary, several lines; redacted by whoever collected it. */
  readonly details?: string;
  readonly cause?: unknown;
}

/** The one error type for everything that is not a bug of fairlead. */
export class FairleadError extends Error {
  readonly code: ErrorCode;
  readonly fix: string | undefined;
  readonly place: Place | undefined;
  readonly details: string | undefined;

  constructor(failure: Failure) {
    super(failure.message, { cause: failure.cause });
    this.name = "FairleadError";
    this.code = failure.code;
    this.fix = failure.fix;
    this.place = failure.place;
    this.details = failure.details;
  }

  /** The sentence and the fix, as an annotation shows them. */
  get sentence(): string {
    return this.fix === undefined ? this.message : `${this.message} ${this.fix}`;
  }
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  // fetch hides the reason ("ECONNREFUSED …") in the cause of a "fetch failed".
  const cause = thrown.cause instanceof Error ? `: ${messageOf(thrown.cause)}` : "";
  return `${thrown.message || thrown.name}${cause}`;
}
