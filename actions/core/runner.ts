import { randomUUID } from "node:crypto";
import { appendFileSync } from "node:fs";
import * as core from "@actions/core";
import type { Place } from "./errors.ts";

/** What an action may tell the runner. A terminal or a test has an implementation of its own. */
export interface Runner {
  info(line: string): void;
  debug(line: string): void;
  /** Lines under a heading that the log folds away. */
  group(heading: string, lines: readonly string[]): void;
  /** Lines that may hold anything, logs of an application for one: nothing in them is a command to the runner. */
  verbatim(lines: readonly string[]): void;
  annotate(level: "notice" | "warning" | "error", message: string, title?: string, place?: Place): void;
  /** Hides a value in everything that is printed from now on. */
  mask(value: string): void;
  setOutput(name: string, value: string): void;
  exportVariable(name: string, value: string): void;
  /** Keeps a value for the post step of this action. */
  saveState(name: string, value: string): void;
  /** Adds GitHub-flavoured Markdown to the summary of the job. */
  summarize(markdown: string): void;
}

const print = { notice: core.notice, warning: core.warning, error: core.error };

/** The runner of GitHub Actions, through workflow commands and the files that it names in the environment. */
export function actionsRunner(environment: Readonly<Record<string, string | undefined>>): Runner {
  return {
    info: core.info,
    debug: core.debug,
    group(heading, lines) {
      core.startGroup(heading);
      for (const line of lines) core.info(line);
      core.endGroup();
    },
    verbatim(lines) {
      const token = randomUUID();
      core.info(`::stop-commands::${token}`);
      for (const line of lines) core.info(line);
      core.info(`::${token}::`);
    },
    annotate(level, message, title, place) {
      print[level](message, { ...(title === undefined ? {} : { title }), ...propertiesOf(place) });
    },
    mask(value) {
      gatherOutput();
      core.setSecret(value);
    },
    setOutput: entriesOf(environment["GITHUB_OUTPUT"], core.setOutput),
    exportVariable: entriesOf(environment["GITHUB_ENV"], core.exportVariable),
    saveState: entriesOf(environment["GITHUB_STATE"], core.saveState),
    summarize(markdown) {
      const file = environment["GITHUB_STEP_SUMMARY"];
      if (file) appendFileSync(file, `${markdown}\n`);
    },
  };
}

/** What is printed until the running code ends leaves in one piece: the masks of many secrets come hundreds at a time. */
function gatherOutput(): void {
  if (process.stdout.writableCorked > 0) return;
  process.stdout.cork();
  process.nextTick(() => process.stdout.uncork());
}

type Tell = (name: string, value: string) => void;

/**
 * Tells the runner names with values in one of its files. A value of one line needs no delimiter, so no random one: to
 * load `node:crypto` for it would be a fifth of what a short step takes. Everything else goes the way of `@actions/core`.
 */
function entriesOf(file: string | undefined, otherwise: Tell): Tell {
  return (name, value) => {
    if (file && /^[\w.-]+$/.test(name) && !/[\r\n]/.test(value)) appendFileSync(file, `${name}=${value}\n`);
    else otherwise(name, value);
  };
}

/** GitHub takes columns only for what starts and ends in the same line. */
function propertiesOf(place: Place | undefined): core.AnnotationProperties {
  if (place === undefined) return {};
  const { file, line, column, endLine = line, endColumn } = place;
  const oneLine = line === endLine && column !== undefined;
  return {
    file,
    ...(line === undefined ? {} : { startLine: line }),
    ...(endLine === undefined || endLine === line ? {} : { endLine }),
    ...(oneLine ? { startColumn: column } : {}),
    ...(oneLine && endColumn !== undefined && endColumn > column ? { endColumn } : {}),
  };
}
