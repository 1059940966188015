import { readFileSync } from "node:fs";
import { relative } from "node:path";
import type { StageName } from "./action-file.ts";
import type { JobFolders } from "./environment.ts";
import { parsePairs } from "./file-commands.ts";
import { type Evidence, withoutMaskCommands } from "./leaks.ts";
import type { JobState, Step } from "./state.ts";
import type { FileCommands } from "./take-over.ts";

/** Keeps all that one script showed or handed on, and the arguments of its child processes. */
export function collectEvidence(job: JobState, step: Step, stage: StageName, raw: Buffer, files: FileCommands): void {
  const where = `${step.file.name}, ${stage}`;
  const commands = readCommands(job.folders.argumentsFile);
  step.result.commands.push(...commands);
  step.evidence.push(
    { place: `the raw output of ${where}`, content: withoutMaskCommands(raw) },
    { place: `the summary of ${where}`, content: readFileSync(files.summary) },
    { place: `the paths added by ${where}`, content: readFileSync(files.path) },
    ...commands.map((command) => ({
      place: `the arguments of ${command[0]}, started by ${where}`,
      content: command.join("\0"),
    })),
    ...entriesEvidence(job, `the output`, where, files.output, step.options.allow?.outputs ?? []),
    ...entriesEvidence(job, `the variable`, where, files.env, step.options.allow?.env ?? []),
  );
}

/** Each output or variable but the allowed ones; those may hold a secret if the runner was told to mask it. */
function entriesEvidence(
  job: JobState,
  kind: string,
  where: string,
  file: string,
  allowed: readonly string[],
): Evidence[] {
  const content = readFileSync(file, "utf8");
  let entries: Record<string, string>;
  try {
    entries = parsePairs(content);
  } catch {
    return [{ place: `${kind}s of ${where}`, content }];
  }
  return Object.entries(entries).map(([name, value]) => ({
    place: `${kind} ${name} of ${where}${allowed.includes(name) ? ", unmasked" : ""}`,
    content: allowed.includes(name) ? job.masks.hide(value) : value,
  }));
}

function readCommands(file: string): string[][] {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line): string[] => JSON.parse(line));
}

/** The files that the job left, but those that a test allows. */
export function fileEvidence(job: JobState, files: readonly string[]): Evidence[] {
  const allowed = job.steps.flatMap(({ options }) => options.allow?.files ?? []);
  return files
    .filter((file) => !allowed.includes(relative(job.folders.workspace, file)))
    .flatMap((file) => [
      { place: `the name of ${file}`, content: file },
      { place: `the file ${file}`, content: readFileSync(file) },
    ]);
}

/** Where a job may leave files. */
export function watchedFolders(folders: JobFolders): string[] {
  return [folders.workspace, folders.temp, folders.home];
}
