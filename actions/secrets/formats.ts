import { parseEnv } from "node:util";
import { FairleadError } from "../core/errors.ts";
import type { FileFormat } from "./inputs.ts";
import type { Named } from "./selection.ts";

/** A secret that a format cannot hold, and why not. */
export interface Unwritable {
  readonly name: string;
  readonly reason: string;
}

/** The text of a file, or what kept it from being written. */
export type Written = { readonly text: string } | { readonly unwritable: readonly Unwritable[] };

/** Why a secret cannot be written so that every reader of the format gets it unchanged; undefined if it can. */
type Refuse = (name: string, value: string) => string | undefined;

interface Format {
  readonly refuse: Refuse;
  readonly text: (secrets: readonly Named[]) => string;
}

const formats: Readonly<Record<FileFormat, Format>> = {
  dotenv: {
    refuse: refuseDotenv,
    text: (secrets) => secrets.map(({ name, value }) => `${name}=${value}\n`).join(""),
  },
  json: {
    refuse: () => undefined,
    text: (secrets) =>
      `${JSON.stringify(Object.fromEntries(secrets.map(({ name, value }) => [name, value])), null, 2)}\n`,
  },
  shell: {
    refuse: refuseShell,
    text: (secrets) => secrets.map(({ name, value }) => `export ${name}=${quoted(value)}\n`).join(""),
  },
};

/** Writes secrets in a format. All of them or none: a file that lacks one would be taken for whole. */
export function write(secrets: readonly Named[], format: FileFormat): Written {
  const { refuse, text } = formats[format];
  const unwritable = secrets.flatMap(({ name, value }) => {
    const reason = refuse(name, value);
    return reason === undefined ? [] : [{ name, reason }];
  });
  return unwritable.length > 0 ? { unwritable } : { text: text(secrets) };
}

/** Why a variable or the line of a text file cannot hold a value. */
export function refuseText(value: string): string | undefined {
  if (value.includes("\0")) return "it holds a NUL byte";
  if (!value.isWellFormed()) return "it is no valid Unicode";
  return undefined;
}

/** Longest line that Docker reads (bufio.MaxScanTokenSize). */
const longestLine = 64 * 1024 - 1;

/**
 * Docker takes everything behind `=` as it is and knows no quotes; parsers of `.env` files know quotes and comments, and
 * trim. Written is only what both take for the same.
 */
function refuseDotenv(name: string, value: string): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name)) return "its name is none for a variable";
  if (/[\n\r\u2028\u2029]/.test(value)) return "it has several lines";
  if (value !== value.trim()) return "it begins or ends with a blank";
  if (/^["'`]/.test(value)) return "it begins with a quote";
  if (value.includes("#")) return "it holds a #, which begins a comment for some";
  if (Buffer.byteLength(`${name}=${value}`) > longestLine) return "it is longer than the 64 KiB that Docker reads";
  const reason = refuseText(value);
  if (reason !== undefined) return reason;
  return parseEnv(`${name}=${value}\n`)[name] === value ? undefined : "parsers of .env files read it as another value";
}

function refuseShell(name: string, value: string): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return "its name is none for a variable of a shell";
  return refuseText(value);
}

/** In single quotes everything stands for itself but the quote (POSIX.1-2017, Shell Command Language 2.2.2). */
function quoted(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}

/** The error for values that would not arrive as they are. @param done what could not be done with them. */
export function unwritableError(unwritable: readonly Unwritable[], done: string): FairleadError {
  const told = unwritable.map(({ name, reason }) => `${JSON.stringify(name)} (${reason})`);
  return new FairleadError({
    code: "SECRET_UNWRITABLE",
    message: `Secrets cannot be ${done} unchanged: ${told.join(", ")}. Nothing was handed on.`,
    fix: "Leave them out by a line `!KEY` in `names`, or take `export: file` with the `file-format` `json`, which holds everything.",
  });
}
