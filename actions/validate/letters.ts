/** The letters of the bytes from 80 to FF (encoding.spec.whatwg.org) in the encodings that UTF-8 is mistaken for. */
const encodings = [
  `€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ${latin1()}`,
  "ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø¿¡¬√ƒ≈∆«»…\xa0ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\uf8ffÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ",
];
const bytesOf = encodings.map((letters) => new Map([...letters].map((letter, index) => [letter, 0x80 + index])));
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Spaces that look like the one of the keyboard, or cannot be seen, and are letters to YAML. */
const oddSpaces = "\\u00a0\\u1680\\u2000-\\u200d\\u202f\\u205f\\u2060\\u3000\\ufeff";

/** Such a space at an end of a text, after a colon, or at all. */
export const oddSpaceAtEnd = new RegExp(`^[${oddSpaces}]|[${oddSpaces}]$|:[${oddSpaces}]`, "u");
export const oddSpace = new RegExp(`[${oddSpaces}]`, "u");

/**
 * Finds letters that come of reading UTF-8 as Windows' or the Mac's old encoding, as text copied from a page often holds in
 * place of quotes, dashes and arrows. Gives the first of them, and what was meant.
 */
export function misreadLetters(text: string): { readonly wrong: string; readonly right: string } | undefined {
  for (const [run] of text.matchAll(/[^\0-\x7f]{2,}/g)) {
    for (const bytes of bytesOf) {
      const right = decoded([...run].map((letter) => bytes.get(letter)));
      if (right !== undefined) return { wrong: run, right };
    }
  }
  return undefined;
}

function decoded(bytes: readonly (number | undefined)[]): string | undefined {
  if (bytes.includes(undefined)) return undefined;
  try {
    return utf8.decode(Uint8Array.from(bytes as number[]));
  } catch {
    return undefined;
  }
}

function latin1(): string {
  return String.fromCharCode(...Array.from({ length: 0x60 }, (_, index) => 0xa0 + index));
}
