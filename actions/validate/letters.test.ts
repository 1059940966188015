import assert from "node:assert/strict";
import { test } from "node:test";
import { misreadLetters } from "./letters.ts";

for (const [wrong, right, reader] of [
  ["â€œ", "“", "Windows"],
  ["â€™", "’", "Windows"],
  ["Ã©", "é", "Windows"],
  ["â†’", "→", "Windows"],
  ["‚Äú", "“", "a Mac"],
  ["‚Üí", "→", "a Mac"],
  ["√©", "é", "a Mac"],
] as const) {
  test(`${right} as ${reader} reads it is found`, () => {
    assert.deepEqual(misreadLetters(`before ${wrong} after`), { wrong, right });
  });
}

test("letters that are meant are left alone", () => {
  for (const text of ["café, naïve, Ærø", "“quotes” – dashes → arrows…", "Ελληνικά 日本語 😀", "£5 «mots»", "plain"]) {
    assert.equal(misreadLetters(text), undefined, text);
  }
});
