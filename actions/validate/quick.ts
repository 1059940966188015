import { load } from "js-yaml";
import { misreadLetters, oddSpace } from "./letters.ts";
import { booleanWords, keepsDigits, numberWords } from "./scalars.ts";

/** Anchors, aliases, tags, directives, merge keys, tabs, and a second document. */
const unusual = /(^|[\s[{,])[&*!][^\s]|^%|\t|<<|.\n(---|\.\.\.)/m;

/** Keys that are no text: complex ones, collections, and nothing; and colons that not every reader takes for the end of one. */
const oddKeys = /^[ ]*\?|\w:[,\]}]|[\]}][ ]*:|(^|[\s[{,])(~|null|Null|NULL)?[ ]*:([\s,\]}]|$)/m;

/**
 * Comments, in which no word is a trap. What looks like one in a quoted text holds no quote up to the end of its line, but
 * an apostrophe within a word, so that it neither ends the text nor hides what comes after.
 */
const comments = /(?<=^|\s)#(?:[^"'\n]|(?<=\w)'(?=\w))*$/gm;

/** Far fewer than the other reader takes, which counts them in its own way and says where there are too many. */
const mostLevels = 50;

/** What alone can hold as many. */
const deep = /^ {50}|(?:[[{][^[{]*){50}|(?:[-?] ){20}|(?:\w: ){20}/m;

/** Every word that stands by itself and could be a number, or true or false. */
const suspects = /(?<![\w."'/:-])(?:[-+]?\.?\d[-+.\w]*|y|yes|n|no|on|off)(?![-+.\w"'/])/gi;

/**
 * Reads YAML that is written so plainly that no trap can be in it and every reader agrees; several times faster than the
 * reader that keeps places. Gives undefined for all other text, also for plain text that is wrong.
 */
export function readPlainYaml(text: string): { readonly content: unknown } | undefined {
  const code = text.replace(comments, "");
  if (unusual.test(code) || oddKeys.test(code) || hasTrap(code) || oddSpace.test(code) || misreadLetters(text))
    return undefined;
  try {
    const content = load(text);
    return deep.test(code) && isDeeperThan(mostLevels, content) ? undefined : { content };
  } catch {
    // The other reader says what is wrong, and where.
    return undefined;
  }
}

/** Whether a value has more levels than that. */
function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels <= 0 || Object.values(value).some((inner) => isDeeperThan(levels - 1, inner));
}

/** Quotes are not known here, so this finds too much rather than too little. */
function hasTrap(text: string): boolean {
  if (/\.(?:inf|nan)(?!\w)/i.test(text)) return true;
  for (const [token] of text.matchAll(suspects)) {
    if (booleanWords.test(token)) return true;
    if (numberWords.test(token) && !keepsDigits(token)) return true;
  }
  return false;
}
