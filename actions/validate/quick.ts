import { load } from "js-yaml";
import { misreadLetters } from "./letters.ts";
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

/** Every word that stands by itself and could be a number, or true or false. */
const suspects = /(?<![\w."'/:-])(?:[-+]?\.?\d[-+.\w]*|y|yes|n|no|on|off)(?![-+.\w"'/])/gi;

/**
 * Reads YAML that is written so plainly that no trap can be in it and every reader agrees; several times faster than the
 * reader that keeps places. Gives undefined for all other text, also for plain text that is wrong.
 */
export function readPlainYaml(text: string): { readonly content: unknown } | undefined {
  const code = text.replace(comments, "");
  if (unusual.test(code) || oddKeys.test(code) || hasTrap(code) || misreadLetters(text)) return undefined;
  try {
    return { content: load(text) };
  } catch {
    // The other reader says what is wrong, and where.
    return undefined;
  }
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
