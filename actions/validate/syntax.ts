import type { YAMLError } from "yaml";
import { type Token, tokensOf } from "./tokens.ts";
import { show } from "./words.ts";

/** What is wrong with YAML at a part of its text, in words of people who write manifests. */
export interface SyntaxFault {
  readonly code: string;
  /** Offsets in the text. */
  readonly from: number;
  readonly to: number;
  readonly message: string;
  readonly hint: string;
}

type Told = Omit<SyntaxFault, "code">;

/**
 * Says what an error of the YAML library comes of, and where: the library tells what it would have needed to go on, at the
 * place where it could not.
 */
export function explainSyntax({ code, message, pos: [from, to] }: YAMLError, text: string): SyntaxFault {
  const end = Math.max(to, from + 1);
  if (isTabbed(text, from)) {
    const hint = "indent with spaces; YAML allows no tabs there";
    return { code: "YAML_TAB", from, to: end, message: "a tab is used for indentation", hint };
  }
  if (code === "MULTIPLE_DOCS") {
    const hint = "keep one document in a file; Helm would mix the documents";
    const known = { from, to: from + 3, message: "a second document starts here", hint };
    return { code: "YAML_SEVERAL_DOCUMENTS", ...known };
  }
  if (code === "BAD_ALIAS") {
    const hint = "define the anchor (&name) before the alias (*name)";
    return { code: "YAML_ANCHOR", from, to: end, message: `this is no valid YAML: ${message}`, hint };
  }
  const told =
    (message.startsWith("Missing closing") ? unclosedQuote(text) : undefined) ??
    (message.startsWith("Flow ") ? unclosedBracket(text, from) : undefined) ??
    explainers[code]?.(text, from, to);
  return { code: "YAML_INVALID", from, to: end, message: `this is no valid YAML: ${message}`, hint: "", ...told };
}

function isTabbed(text: string, from: number): boolean {
  return /^[ ]*\t/.test(text.slice(text.lastIndexOf("\n", from - 1) + 1));
}

/** The last text in quotes goes on to the end of the file. */
function unclosedQuote(text: string): Told | undefined {
  const last = [...tokensOf(text)].findLast(({ type }) => type?.endsWith("-quoted-scalar"));
  if (last === undefined) return undefined;
  const line = last.source.split("\n")[0]?.trimEnd() ?? "";
  return {
    ...{ from: last.offset, to: last.offset + line.length },
    message: `the quote before ${show(line.slice(1))} is never closed`,
    hint: `write ${line.slice(0, 1)} at the end of the text`,
  };
}

/** The innermost bracket that is open where the reader gave up. */
function unclosedBracket(text: string, before: number): Told | undefined {
  const open: Token[] = [];
  for (const token of tokensOf(text)) {
    if (token.offset >= before) break;
    if (token.type === "flow-seq-start" || token.type === "flow-map-start") open.push(token);
    if (token.type === "flow-seq-end" || token.type === "flow-map-end") open.pop();
  }
  const last = open.at(-1);
  if (last === undefined) return undefined;
  const closing = last.source === "[" ? "]" : "}";
  const [from, to] = [last.offset, last.offset + 1];
  return { from, to, message: `this ${last.source} is never closed`, hint: `write ${closing} where it ends` };
}

/** By the library's code of an error. */
const explainers: Readonly<Record<string, (text: string, from: number, to: number) => Told | undefined>> = {
  BLOCK_AS_IMPLICIT_KEY: (text, from) => {
    const [line = "", next = ""] = text.slice(from).split("\n");
    if (/:(\s|$)/.test(line)) {
      const message = "a second colon stands in the same line";
      return { from, to: from + line.length, message, hint: `put the text in quotes: ${quoted(line)}` };
    }
    const start = from + line.length + 1 + indentOf(next);
    const message = "this line is indented deeper than the one before it, which has a value already";
    return { from: start, to: start + next.trim().length, message, hint: "indent it as the line before it" };
  },
  MULTILINE_IMPLICIT_KEY: (text, from) => withoutColon(text, from),
  MISSING_CHAR: (text, from) => withoutColon(text, from),
  BAD_INDENT: (text, from) => {
    const start = from + (/^\s*/.exec(text.slice(from))?.[0].length ?? 0);
    const line = text.slice(start).split("\n")[0] ?? "";
    const message = "this line is indented otherwise than the keys beside it";
    return { from: start, to: start + line.trimEnd().length, message, hint: "indent it as they are" };
  },
  BAD_SCALAR_START: (text, from) => {
    const line = text.slice(from).split("\n")[0] ?? "";
    const message = `a text cannot start with ${line.slice(0, 1)} where it has no quotes`;
    return { from, to: from + line.trimEnd().length, message, hint: `put it in quotes: ${quoted(line)}` };
  },
  UNEXPECTED_TOKEN: (text, from) => {
    const sign = text.slice(from, from + 1);
    if (!"]}".includes(sign)) return undefined;
    return { from, to: from + 1, message: `this ${sign} closes nothing`, hint: "remove it, or put the text in quotes" };
  },
};

function withoutColon(text: string, from: number): Told | undefined {
  const line = (text.slice(from).split("\n")[0] ?? "").trimEnd();
  const told = { from, to: from + line.length, message: `${show(line)} is no key with a value` };
  if (/^-\S/.test(line)) return { ...told, hint: `write a space after the dash: \`- ${line.slice(1)}\`` };
  const [, key, value = ""] = /^([\w.-]+)(?: +(\S.*))?$/.exec(line) ?? [];
  if (key === undefined) return undefined;
  return { ...told, hint: `write a colon after the key: \`${`${key}: ${value}`.trimEnd()}\`` };
}

function quoted(text: string): string {
  return JSON.stringify(text.trim());
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
