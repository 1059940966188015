import { load } from "js-yaml";
import { misreadLetters } from "./letters.ts";
import { booleanWords, keepsDigits, numberWords } from "./scalars.ts";

/** Anchors, aliases, tags, directives, merge keys, tabs, and a second document. */
const unusual = /(^|[\s[{,])[&*!][^\s]|^%|\t|<<|.\n(---|\.\.\.)/m;

/** Keys that are no text: complex ones, collections, and nothing. */
const oddKeys = /^[ ]*\?|[\]}][ ]*:|(^|[\s[{,])(~|null|Null|NULL)?[ ]*:(\s|$)/m;

/** Every run of letters and digits that could be a plain word or number. */
const tokens = /(?<![\w."'/:-])[-+.\w]+(?![\w"'/])/g;

/**
 * Reads YAML that is written so plainly that no trap can be in it and every reader agrees; several times faster than the
 * reader that keeps places. Gives undefined for all other text, also for plain text that is wrong.
 */
export function readPlainYaml(text: string): { readonly content: unknown } | undefined {
  if (unusual.test(text) || oddKeys.test(text) || hasTrap(text) || misreadLetters(text)) return undefined;
  try {
    return { content: load(text) };
  } catch {
    // The other reader says what is wrong, and where.
    return undefined;
  }
}

/** Quotes and comments are not known here, so this finds too much rather than too little. */
function hasTrap(text: string): boolean {
  for (const [token] of text.matchAll(tokens)) {
    if (booleanWords.test(token)) return true;
    if (numberWords.test(token) && !keepsDigits(token)) return true;
  }
  return false;
}
