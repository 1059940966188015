import { writeFileSync } from "node:fs";
import { delimiter } from "node:path";
import { conditionHolds, readActionFile, type StageName } from "./action-file.ts";
import { parseCommand } from "./commands.ts";
import { recordingOptions } from "./environment.ts";
import { collectEvidence } from "./evidence.ts";
import { runStage } from "./stage.ts";
import { annotate, type JobState, log, type Step } from "./state.ts";
import { type FileCommands, makeFileCommands, takeOverFiles } from "./take-over.ts";
import type { StepOptions, StepResult } from "./types.ts";

// What a cancelled job has for its post stages before the runner gives up on it.
const untilAbandoned = 5 * 60_000;

/** Runs pre and main of an action, unless the step's condition says otherwise. */
export async function runStep(job: JobState, directory: string, options: StepOptions): Promise<StepResult> {
  const file = readActionFile(directory);
  const given = Object.keys(options.with ?? {});
  const step: Step = {
    file,
    options,
    evidence: [],
    result: {
      action: file.name,
      conclusion: "success",
      exitCodes: {},
      durations: {},
      outputs: {},
      env: {},
      path: [],
      state: {},
      masks: [],
      summary: "",
      annotations: [],
      unexpectedInputs: given.filter((name) => !(name.toLowerCase() in file.inputs)),
      log: "",
      commands: [],
    },
  };
  if (!conditionHolds(options.if ?? "success()", job.status)) {
    step.result.conclusion = "skipped";
    return step.result;
  }
  job.steps.push(step);
  if (step.result.unexpectedInputs.length > 0) {
    annotate(job, step, "warning", `Unexpected input(s) '${step.result.unexpectedInputs.join("', '")}'`);
  }
  const ready = file.scripts.pre === undefined || (await runStageOf(job, step, "pre"));
  if (ready) await runStageOf(job, step, "main");
  return step.result;
}

/** Runs one script and takes over what it left in the runner's files; gives whether it succeeded. */
export async function runStageOf(job: JobState, step: Step, name: StageName): Promise<boolean> {
  const script = step.file.scripts[name];
  if (script === undefined) return true;
  const files = makeFileCommands(job);
  const { cancel, onLine } = cancellation(job, step, name);
  writeFileSync(job.folders.argumentsFile, "");
  const end = await runStage({
    script,
    workingDirectory: job.folders.workspace,
    environment: stageEnvironment(job, step, files),
    onLine: lineReader(job, step, onLine),
    cancel,
    ...(job.options.patience === undefined ? {} : { patience: job.options.patience }),
  });
  step.result.exitCodes = { ...step.result.exitCodes, [name]: end.exitCode };
  step.result.durations = { ...step.result.durations, [name]: end.milliseconds };
  collectEvidence(job, step, name, end.raw, files);
  const filesParse = takeOverFiles(job, step, files);
  const outcome = cancel.aborted ? "cancelled" : end.exitCode === 0 && filesParse ? "success" : "failure";
  if (outcome !== "success") {
    if (step.result.conclusion === "success") step.result.conclusion = outcome;
    if (job.status === "success" || outcome === "cancelled") job.status = outcome;
  }
  return outcome === "success";
}

function cancellation(job: JobState, step: Step, name: StageName) {
  // A cancelled job still runs its post stages, within a time limit of their own.
  if (job.status === "cancelled") return { cancel: AbortSignal.timeout(untilAbandoned), onLine: () => {} };
  const trigger = name === "post" ? undefined : step.options.cancelAfter;
  const controller = new AbortController();
  const signals = [job.cancelled, controller.signal, ...(trigger instanceof AbortSignal ? [trigger] : [])];
  const onLine = (line: string) => {
    if (trigger instanceof RegExp && trigger.test(line)) controller.abort();
  };
  return { cancel: AbortSignal.any(signals), onLine };
}

function stageEnvironment(job: JobState, step: Step, files: FileCommands): Record<string, string> {
  const inputs = { ...step.file.inputs, ...lowerCaseKeys(step.options.with ?? {}) };
  const exported = Object.entries(job.exported).filter(([name]) => !(name in job.variables));
  const inherited = process.env["PATH"] ?? "";
  const env = { ...job.variables, ...job.options.env, ...Object.fromEntries(exported), ...step.options.env };
  return {
    ...env,
    PATH: [...job.paths, env["PATH"] ?? inherited].join(delimiter),
    ...prefixed("INPUT_", inputs, (name) => name.replaceAll(" ", "_").toUpperCase()),
    ...prefixed("STATE_", step.result.state, (name) => name),
    GITHUB_OUTPUT: files.output,
    GITHUB_ENV: files.env,
    GITHUB_PATH: files.path,
    GITHUB_STATE: files.state,
    GITHUB_STEP_SUMMARY: files.summary,
    NODE_OPTIONS: `${env["NODE_OPTIONS"] ?? ""} ${recordingOptions(job.folders.argumentsFile)}`.trim(),
  };
}

/** Reads lines of output as the runner does: commands act, everything is masked and logged. */
function lineReader(job: JobState, step: Step, onLine: (line: string) => void): (line: string) => void {
  let resumeToken: string | undefined;
  return (line) => {
    if (resumeToken !== undefined && line.trim() === `::${resumeToken}::`) {
      resumeToken = undefined;
      return;
    }
    const command = resumeToken === undefined ? parseCommand(line) : undefined;
    if (command?.name === "stop-commands") resumeToken = command.message;
    if (command?.name === "add-mask") {
      job.masks.add(command.message);
      step.result.masks.push(command.message);
      return;
    }
    if (command?.name === "error" || command?.name === "warning" || command?.name === "notice") {
      annotate(job, step, command.name, command.message, command.properties);
    } else if (command?.name === "set-output") {
      step.result.outputs = { ...step.result.outputs, [command.properties["name"] ?? ""]: command.message };
    } else {
      log(job, step, command === undefined ? line : `##[${command.name}]${command.message}`);
    }
    onLine(job.masks.hide(line));
  };
}

function lowerCaseKeys(record: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name.toLowerCase(), value]));
}

function prefixed(prefix: string, record: Readonly<Record<string, string>>, rename: (name: string) => string) {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [`${prefix}${rename(name)}`, value]));
}
