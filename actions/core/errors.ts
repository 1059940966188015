/** What a code means: why it comes, and what to do about it, in one sentence each of Markdown. */
export interface Explained {
  readonly cause: string;
  readonly fix: string;
}

/** Every code of a step that fails. `docs/errors.md` is generated from this table. */
export const errorCodes = {
  BUG: { cause: "fairlead itself is at fault.", fix: "Report it with the stack trace in the log." },
  CANCELLED: {
    cause: "The job was cancelled while the step ran.",
    fix: "Run it again; what was left half done is found and put right.",
  },
  CLUSTER_FORBIDDEN: {
    cause: "The cluster knows the user of the kubeconfig, but does not allow what was asked.",
    fix: "Give the user the rights that the message lists.",
  },
  CLUSTER_REJECTED: {
    cause: "The API server refused a request for another reason than permissions.",
    fix: "Go by the server's words in the message.",
  },
  CLUSTER_UNAUTHORIZED: {
    cause: "The cluster does not accept the credentials of the kubeconfig.",
    fix: "Put a kubeconfig with valid credentials in place.",
  },
  CLUSTER_UNREACHABLE: {
    cause: "The API server did not answer.",
    fix: "See whether it runs, and whether the tailnet leads to its address.",
  },
  DEPLOY_FAILED: {
    cause: "The release did not become healthy; the message says what serves now.",
    fix: "Mend the cause that the message names, and deploy again.",
  },
  DEPLOY_LOCKED: {
    cause: "Another deploy of the same release runs, or Helm left one unfinished a short while ago.",
    fix: "Wait for it, or raise `lock-timeout`; the message says the command for a release that is stuck.",
  },
  DISPATCH_FAILED: {
    cause: "At least one repository could not be dispatched, or its run did not succeed.",
    fix: "Look at the runs in the summary, and start again with `only: failed`.",
  },
  ENVIRONMENT_UNKNOWN: {
    cause: "No environment was given and none follows the branch or tag of this run.",
    fix: "Give `environment`, or say in the manifest which push deploys it.",
  },
  GITHUB_REJECTED: {
    cause: "GitHub's API refused a request.",
    fix: "Check that the token may do what the message names.",
  },
  HELM_FAILED: {
    cause: "Helm refused the release before or while applying it.",
    fix: "Go by Helm's words in the message.",
  },
  ID_TOKEN_MISSING: {
    cause: "GitHub gave no OIDC token for the login without a stored secret.",
    fix: "Give the job `permissions: id-token: write`.",
  },
  ID_TOKEN_UNAVAILABLE: {
    cause: "GitHub's endpoint for OIDC tokens was silent or out of order.",
    fix: "Run the job again, and look at GitHub's status.",
  },
  IMAGE_BUILD_FAILED: {
    cause: "The image could not be built.",
    fix: "Mend the step of the Dockerfile that the log shows.",
  },
  IMAGE_PUSH_FAILED: {
    cause: "The image was built but could not be pushed.",
    fix: "Check the registry's login, and that it may write there.",
  },
  IMAGE_UNPULLABLE: {
    cause: "An image is not in its registry, or the registry refuses the login; nothing was changed.",
    fix: "Push the image, or correct its name or the login.",
  },
  INFISICAL_DENIED: {
    cause: "Infisical refused the identity, or its token.",
    fix: "Give the identity access to the project and environment.",
  },
  INFISICAL_EMPTY: {
    cause: "The folder in Infisical is missing or holds no secret.",
    fix: "Correct the path, or add the secrets; `actions/secrets` accepts none with `allow-empty`.",
  },
  INFISICAL_REJECTED: {
    cause: "Infisical refused a request, for instance because the project is unknown.",
    fix: "Correct what the message names.",
  },
  INFISICAL_UNREACHABLE: {
    cause: "Infisical did not answer in time.",
    fix: "See whether its address is right and reachable from the runner, and run again.",
  },
  INPUT_INVALID: {
    cause: "Inputs are missing, misspelt or have a wrong value.",
    fix: "Correct each that the message lists.",
  },
  KUBECONFIG_INVALID: {
    cause: "The kubeconfig cannot be read as one.",
    fix: "Give its text, its base64, or the path of the file.",
  },
  MANIFEST_INVALID: {
    cause: "The manifest is missing, unreadable, or breaks a rule.",
    fix: "Correct each problem that the message lists; its code is in the tables below.",
  },
  OPERATION_FAILED: {
    cause: "An operation on a release that runs did not come to its end as asked; the message says what was done.",
    fix: "Mend the cause that the message names; `status` shows what is there now.",
  },
  OPERATION_REFUSED: {
    cause: "An operation does not fit the release as it is; nothing was changed.",
    fix: "Go by the message; `status` shows revisions, components and objects.",
  },
  PREFLIGHT_FAILED: {
    cause: "Something is in the way of a deploy; nothing was changed.",
    fix: "Clear away each thing that the message lists.",
  },
  PROMOTION_REFUSED: {
    cause:
      "`promote` found no healthy revision of this commit in the other environment, or not the images that are needed.",
    fix: "Deploy this commit there first; `promote: <environment>@any` takes what is there.",
  },
  SECRET_COLLISION: {
    cause: "Two secrets would get the same name.",
    fix: "Rename or leave out one of them with `names`.",
  },
  SECRET_MISSING: {
    cause:
      "A credential is neither in the environment of the step nor in Infisical, or Infisical lacks a secret that was asked for.",
    fix: "Put it there, under the name in the message.",
  },
  SECRET_UNWRITABLE: {
    cause: "A value cannot be handed on unchanged in the form that was asked for.",
    fix: "Choose another `export` or `file-format`, or leave the secret out with `names`.",
  },
  TAILNET_FAILED: {
    cause: "Tailscale could not be joined.",
    fix: "Check the OAuth client or auth key, and that it may use the tags.",
  },
  TAILNET_UNREACHABLE: {
    cause: "The tailnet was joined, but the address behind it did not answer.",
    fix: "Check the access rules of the tailnet, and that the machine is up.",
  },
  TIMEOUT: {
    cause: "A deadline passed.",
    fix: "Look at what it waited for; raise the time only when that is slow by nature.",
  },
  TOOL_FAILED: {
    cause: "A program that fairlead runs ended with an error.",
    fix: "Go by its words in the message and the log.",
  },
  TOOL_MISSING: {
    cause: "A program that fairlead needs is neither installed nor could be downloaded.",
    fix: "Install it on the runner, or name a `tool-mirror`.",
  },
} as const satisfies Readonly<Record<string, Explained>>;

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
