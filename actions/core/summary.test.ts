import assert from "node:assert/strict";
import { test } from "node:test";
import { marked, type Token, type Tokens } from "marked";
import { code, details, link, table } from "./summary.ts";

const awkward = [
  "a|b",
  "`x`",
  "``",
  "<img src=x>",
  "two\nlines",
  "*bold* _it_ ~~no~~",
  "[a](http://b)",
  "\\",
  "&amp;",
  "",
];

/** The plain text that a browser would show for inline Markdown. */
function shown(tokens: readonly Token[] = []): string {
  const entities: Record<string, string> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'" };
  return tokens
    .map((token) => {
      if (token.type === "html") return token.raw === "<br>" ? "\n" : assert.fail(`raw HTML: ${token.raw}`);
      // A bare address becomes a link by itself, and is still shown as it is.
      const isAddress = token.type === "link" && token.raw === token.href;
      if ("tokens" in token && token.tokens && !isAddress) return assert.fail(`unwanted formatting: ${token.raw}`);
      const text = (token as Tokens.Text).text;
      return token.type === "codespan"
        ? text
        : text.replaceAll(/&(amp|lt|gt|quot|#39);/g, (name) => entities[name] ?? "");
    })
    .join("");
}

function rowsOf(markdown: string): Tokens.TableCell[][] {
  const found = marked.lexer(markdown).find((token): token is Tokens.Table => token.type === "table");
  assert.ok(found);
  return found.rows;
}

test("a cell shows its text as it is, whatever is in it", () => {
  const rows = rowsOf(
    table(
      ["Text", "End"],
      awkward.map((text) => [text, "end"]),
    ),
  );
  assert.deepEqual(
    rows.map(([cell]) => shown(cell?.tokens)),
    awkward,
  );
  for (const [, end] of rows) assert.equal(end?.text, "end");
});

test("a code span shows its text on one line", () => {
  const texts = ["a|b", "`x`", "a ``` b", "<b>", "two\nlines", "*x*"];
  const rows = rowsOf(
    table(
      ["Text", "End"],
      texts.map((text) => [code(text), "end"]),
    ),
  );
  assert.deepEqual(
    rows.map(([cell]) => shown(cell?.tokens)),
    texts.map((text) => text.replace("\n", " ")),
  );
});

test("a link goes to a web address only", () => {
  const [token] = marked.lexer(link("a|b", "https://example.com/x?y=1|2").markdown);
  assert.match(JSON.stringify(token), /"href":"https:\/\/example.com\/x\?y=1%7C2"/);
  for (const address of ["javascript:alert(1)", "https://a b", "https://x)(", ""]) {
    assert.equal(link("label", address).markdown, "label");
  }
});

test("a block keeps text that holds fences of its own", () => {
  const content = "before\n```\ninside\n````\n</details>";
  const block = marked
    .lexer(details("What <was> seen", content))
    .find((token): token is Tokens.Code => token.type === "code");
  assert.equal(block?.text, content);
  assert.match(details("What <was> seen", ""), /<summary>What &lt;was&gt; seen<\/summary>/);
});
