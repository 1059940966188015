import { type Failure, FairleadError } from "../core/errors.ts";

/** What the output of a failed `buildx build` tells. */
export interface BuildFailure {
  readonly kind: "step" | "build" | "builder" | "refused" | "unreachable";
  /** The error in BuildKit's words, without the layers around it. */
  readonly reason: string;
  /** The step that failed, such as `[2/3] RUN make`. */
  readonly step?: string;
  readonly exitCode?: number;
  /** Line of the Dockerfile. */
  readonly line?: number;
  /** The end of the output. */
  readonly lastLines: string;
}

const refusal =
  /: 40[13] [A-Z]|unauthorized|forbidden|denied|insufficient_scope|authorization failed|failed to authorize/i;
const network =
  /: (429|5\d\d) [A-Z]|connection (refused|reset|timed out)|i\/o timeout|TLS handshake timeout|no such host|\bEOF$|broken pipe|no route to host|network is unreachable|temporary failure/i;
const noBuilder =
  /^no builder |failed to connect to the docker API|failed to find driver|connect: no such file or directory/;

/** Reads the output of a failed build. */
export function readFailure(lines: readonly string[]): BuildFailure {
  const find = (pattern: RegExp) =>
    lines.map((line) => pattern.exec(line)?.[1]).findLast((match) => match !== undefined);
  const reason = (find(/^ERROR: (.*)$/) ?? "").replace(/^(failed to build: )?(failed to solve: )?/, "");
  const step = find(/^ > (.*):$/);
  const exitCode = /did not complete successfully: exit code: (\d+)/.exec(reason)?.[1];
  const line = find(/^[^\s:]+:(\d+)$/);
  return {
    kind: kindOf(reason, step ?? "", exitCode !== undefined),
    reason,
    ...(step === undefined ? {} : { step }),
    ...(exitCode === undefined ? {} : { exitCode: Number(exitCode) }),
    ...(line === undefined ? {} : { line: Number(line) }),
    lastLines: lines
      .filter((text) => text.trim() !== "")
      .slice(-30)
      .join("\n"),
  };
}

function kindOf(reason: string, step: string, exited: boolean): BuildFailure["kind"] {
  if (exited) return "step";
  // `pushing … with docker` is the step's name where docker itself is the builder.
  if (reason.startsWith("failed to push ") || step.startsWith("pushing ")) {
    return refusal.test(reason) ? "refused" : "unreachable";
  }
  return noBuilder.test(reason) || step === "[internal] waiting for connection" ? "builder" : "build";
}

/** Whether the same build may succeed a moment later. */
export function mayHeal({ kind, reason }: BuildFailure): boolean {
  return (kind === "build" || kind === "unreachable") && network.test(reason);
}

/** The error for the user. */
export function buildError(failure: BuildFailure, file: string, repository: string, cause: unknown): FairleadError {
  return new FairleadError({ ...sentences(failure, file, repository), details: failure.lastLines, cause });
}

function sentences(failure: BuildFailure, file: string, repository: string): Failure {
  const { kind, step, exitCode, line } = failure;
  const reason = failure.reason.replace(/^failed to push [^ ]+: /, "");
  const place = line === undefined ? {} : { place: { file, line } };
  switch (kind) {
    case "step":
      return {
        code: "IMAGE_BUILD_FAILED",
        message: `The image was not built: the step "${step ?? "RUN"}" of ${file} ended with exit code ${exitCode}.`,
        fix: "The job's log shows what it printed.",
        ...place,
      };
    case "build":
      return {
        code: "IMAGE_BUILD_FAILED",
        message: `The image was not built: ${reason || "buildx ended without saying why"}.`,
        fix: step === undefined ? `Correct ${file}.` : `It happened in the step "${step}" of ${file}.`,
        ...place,
      };
    case "builder":
      return {
        code: "IMAGE_BUILD_FAILED",
        message: `The image was not built, because there is no builder: ${reason}.`,
        fix: "Start docker on the runner, or name in `builder` one that `docker buildx ls` shows as running.",
      };
    case "refused":
      return {
        code: "IMAGE_PUSH_FAILED",
        message: `The image was built, but ${repository} did not let us push it: ${reason}.`,
        fix: "Check `username` and `password`, and that this user may write to the repository.",
      };
    case "unreachable":
      return {
        code: "IMAGE_PUSH_FAILED",
        message: `The image was built, but could not be pushed to ${repository}: ${reason}.`,
        fix: "Check `registry`, and that the builder reaches it.",
      };
  }
}
