import { isUtf8 } from "node:buffer";
import { closeSync, fstatSync, openSync, readFileSync, realpathSync } from "node:fs";
import { isAbsolute, join, relative } from "node:path";
import { fileProblem, type Problem, type Span } from "./problem.ts";

/** Larger files are no manifests (1 MiB). */
const largest = 1024 * 1024;

/** What a file is read as. */
export type FileRole = "manifest" | "cluster file";

/** A file that was read, or why it could not be. */
export type ReadFile =
  | { readonly absolutePath: string; readonly text: string }
  | { readonly absolutePath: string; readonly problem: Problem; readonly cause?: unknown };

/**
 * Reads a file of a workspace as text. Synchronous: nothing else waits meanwhile, and of many small files the threads
 * that asynchronous reads need take more time than the disk.
 *
 * @param file path as the user knows it, absolute or relative to the workspace.
 * @param role what it is called where it cannot be read.
 */
export function readTextFile(file: string, workspace: string, role: FileRole = "manifest"): ReadFile {
  const absolutePath = isAbsolute(file) ? file : join(workspace, file);
  const refuse = (code: string, message: string, hint: string, span?: Span) => ({
    absolutePath,
    problem: fileProblem(file, code, message, hint, span),
  });
  try {
    if (leadsOutside(absolutePath, workspace)) {
      return refuse("FILE_OUTSIDE", "this is a link to a file outside of the repository", "put the file itself there");
    }
    const bytes = readUpTo(largest, absolutePath);
    if (typeof bytes === "number") {
      return refuse("FILE_TOO_LARGE", `the file has ${bytes} bytes; a ${role} has at most ${largest}`, "");
    }
    const text = bytes.toString("utf8");
    const fault = encodingFault(bytes) ?? controlCharacterFault(text);
    return fault === undefined ? { absolutePath, text } : refuse(...fault);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    const hint = "create it, name another one, or check out the repository before this step";
    return missing
      ? { ...refuse("FILE_MISSING", `There is no ${role} at ${file}`, hint), cause }
      : { ...refuse("FILE_UNREADABLE", "the file cannot be read", "make it a file that this user may read"), cause };
  }
}

/** The bytes of a file, or only their number where there are too many. */
function readUpTo(limit: number, path: string): Buffer | number {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    return size > limit ? size : readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/** Whether a path in the workspace is, or goes through, a link that leaves it: a pull request could show any file so. */
function leadsOutside(absolutePath: string, workspace: string): boolean {
  if (!isBelow(absolutePath, workspace)) return false;
  const real = realpathSync.native(absolutePath);
  // Without a link on its way, it is where its name says.
  return real !== absolutePath && !isBelow(real, realpathSync.native(workspace));
}

/** Whether a path is a folder or lies in it, by its name. */
export function isBelow(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== ".." && !way.startsWith("../") && !isAbsolute(way);
}

type Fault = [code: string, message: string, hint: string, span?: Span];

/**
 * YAML allows none of them, also in quotes; Helm's reader refuses the file. U+0085, U+2028 and U+2029 it takes for line
 * breaks as YAML 1.1 did, which YAML 1.2 and editors do not.
 */
function controlCharacterFault(text: string): Fault | undefined {
  const index = text.search(/[^\P{Cc}\t\n\r]|[\u2028\u2029]/u);
  if (index < 0) return undefined;
  const before = text.slice(0, index).split("\n");
  const [line, column] = [before.length, (before.at(-1)?.length ?? 0) + 1];
  const name = `U+${text.charCodeAt(index).toString(16).toUpperCase().padStart(4, "0")}`;
  const span = { line, column, endLine: line, endColumn: column + 1 };
  return ["FILE_CONTROL_CHARACTER", `this is the control character ${name}`, "write it as an escape in quotes", span];
}

function encodingFault(bytes: Buffer): Fault | undefined {
  if (bytes.length >= 2 && [0xfeff, 0xfffe].includes(bytes.readUInt16BE(0))) {
    return ["FILE_ENCODING", "the file is UTF-16", "save it as UTF-8"];
  }
  if (bytes.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf]))) {
    return ["FILE_BYTE_ORDER_MARK", "the file starts with a byte order mark", "save it as UTF-8 without one"];
  }
  if (isUtf8(bytes)) return undefined;
  const line = 1 + firstBrokenLine(bytes);
  const span = { line, column: 1, endLine: line, endColumn: 1 };
  return ["FILE_ENCODING", "this line is not UTF-8", "save the file as UTF-8", span];
}

/** No byte of a longer UTF-8 sequence is a line break, so that each line can be judged by itself. */
function firstBrokenLine(bytes: Buffer): number {
  let start = 0;
  for (let line = 0; ; line++) {
    const end = bytes.indexOf(0x0a, start);
    if (end < 0 || !isUtf8(bytes.subarray(start, end))) return line;
    start = end + 1;
  }
}
