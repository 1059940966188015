import type { Context } from "./context.ts";
import { FairleadError, messageOf } from "./errors.ts";
import { execute } from "./process.ts";
import type { Tool } from "./tool.ts";

/** A program that was found: the command with the arguments that come before all others. */
export interface FoundTool {
  readonly command: string;
  readonly args: readonly string[];
  readonly version: string;
}

/**
 * Finds a program: the runner's own if its version fits, else one that was downloaded before, else downloads it.
 *
 * @param mirror replaces scheme and host of the download address.
 * @throws FairleadError TOOL_MISSING that says what was found, what was asked for, and what to do.
 */
export async function findTool(tool: Tool, context: Context, mirror?: string): Promise<FoundTool> {
  const seen: string[] = [];
  for (const [command, ...args] of tool.commands) {
    const version = await versionOf(tool, [command, ...args], context);
    if (version === undefined) continue;
    if (fits(version, tool)) {
      context.runner.info(`${tool.name} ${version} (${[command, ...args].join(" ")}, installed on the runner)`);
      return { command, args, version };
    }
    seen.push(`${[command, ...args].join(" ")} is ${version}`);
  }
  return await download(tool, context, mirror, seen);
}

async function versionOf(tool: Tool, command: readonly [string, ...string[]], context: Context) {
  const [program, ...args] = command;
  try {
    const { environment, masker, signal } = context;
    const options = { environment, masker, signal, timeout: 30_000 };
    const { rawOutput } = await execute(program, [...args, ...tool.versionArguments], options);
    return /\d+\.\d+\.\d+/.exec(rawOutput)?.[0];
  } catch (thrown) {
    context.signal.throwIfAborted();
    // Not installed, or `docker` without its buildx plugin: the next candidate is tried.
    context.runner.debug(`${command.join(" ")}: ${messageOf(thrown)}`);
    return undefined;
  }
}

function fits(version: string, { minimum, below }: Tool): boolean {
  return compareVersions(version, minimum) >= 0 && (below === undefined || compareVersions(version, below) < 0);
}

/** Negative, zero or positive, as `left` is an older, the same or a newer `x.y.z` than `right`. */
export function compareVersions(left: string, right: string): number {
  const [leftParts, rightParts] = [left, right].map((version) => version.split(".").map(Number));
  for (const index of [0, 1, 2]) {
    const difference = (leftParts?.[index] ?? 0) - (rightParts?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

async function download(tool: Tool, context: Context, mirror: string | undefined, seen: string[]): Promise<FoundTool> {
  const { version } = tool.download;
  const architecture = process.arch;
  if (process.platform !== "linux" || (architecture !== "x64" && architecture !== "arm64")) {
    throw missing(tool, seen, `there is no download for ${process.platform} ${architecture}`);
  }
  try {
    // Most runners have the tool, and their steps need not load what downloads it.
    const { provide } = await import("./download.ts");
    const { program, origin } = await provide({ tool, architecture, mirror }, context);
    context.runner.info(`${tool.name} ${version} (${origin})`);
    return { command: program, args: [], version };
  } catch (thrown) {
    context.signal.throwIfAborted();
    throw missing(tool, seen, messageOf(thrown), thrown);
  }
}

function missing(tool: Tool, seen: readonly string[], reason: string, cause?: unknown): FairleadError {
  const range =
    tool.below === undefined ? `${tool.minimum} or newer` : `${tool.minimum} up to, not including, ${tool.below}`;
  const present = seen.length === 0 ? "none is installed" : seen.join(", ");
  return new FairleadError({
    code: "TOOL_MISSING",
    message: `${tool.name} ${range} is needed; ${present}, and the download failed: ${reason}.`,
    fix: `Install ${tool.name} on the runner, or name a server with its releases in \`tool-mirror\`.`,
    cause,
  });
}
