import type { Random } from "./random.ts";

/** Repetitions without an upper limit get at most this many. */
const mostRepetitions = 6;
const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index));

/**
 * Makes a text that a regular expression matches: literals, classes, groups with alternatives, `.` and quantifiers. It
 * matches as a whole, so that what is not anchored is nothing more than what the expression says.
 *
 * @throws for a construct that is not known here, such as a look-ahead.
 */
export function textMatching(pattern: string, random: Random): string {
  let at = 0;

  const alternatives = (): (() => string) => {
    const branches = [sequence()];
    while (pattern[at] === "|") {
      at++;
      branches.push(sequence());
    }
    return () => random.pick(branches)();
  };

  const sequence = (): (() => string) => {
    const parts: (() => string)[] = [];
    while (at < pattern.length && pattern[at] !== "|" && pattern[at] !== ")") parts.push(repeated(atom()));
    return () => parts.map((part) => part()).join("");
  };

  const atom = (): (() => string) => {
    const letter = pattern[at++];
    if (letter === "^" || letter === "$") return () => "";
    if (letter === ".") return () => random.pick(printable);
    if (letter === "[") return characterClass();
    if (letter === "\\") return escaped(pattern[at++] ?? "");
    if (letter !== "(") return () => letter ?? "";
    if (pattern.startsWith("?:", at)) at += 2;
    if (pattern[at] === "?") throw new Error(`${pattern}: a group of this kind is not known here`);
    const inside = alternatives();
    at++;
    return inside;
  };

  const characterClass = (): (() => string) => {
    const end = pattern.indexOf("]", at + 1);
    const written = pattern.slice(at, end);
    at = end + 1;
    const one = new RegExp(`^[${written}]$`);
    const letters = printable.filter((letter) => one.test(letter));
    return () => random.pick(letters);
  };

  const repeated = (part: () => string): (() => string) => {
    const quantifier = /^(?:([*+?])|\{(\d+)(,?)(\d*)\})/.exec(pattern.slice(at));
    if (quantifier === null) return part;
    at += quantifier[0].length;
    const [, sign, low = "0", comma, high] = quantifier;
    const least = sign === "+" ? 1 : sign === undefined ? Number(low) : 0;
    const open = sign === undefined ? (comma === "" ? least : least + mostRepetitions) : least + mostRepetitions;
    const most = sign === "?" ? 1 : high ? Number(high) : open;
    return () => Array.from({ length: random.between(least, most) }, part).join("");
  };

  const escaped = (letter: string): (() => string) => {
    if (!/[dws]/.test(letter)) return () => letter;
    const one = new RegExp(`^\\${letter}$`);
    const letters = printable.filter((printed) => one.test(printed));
    return () => random.pick(letters);
  };

  return alternatives()();
}
