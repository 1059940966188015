import assert from "node:assert/strict";
import { test } from "node:test";
import { marked, type Tokens } from "marked";
import type { Deployed } from "../deploy/run.ts";
import { renderSummary } from "./summary.ts";

const deployed: Deployed = {
  url: "https://my-app.example.com",
  release: "prod-my-app",
  namespace: "prod-my-app",
  revision: 4,
  previousRevision: 3,
  status: "deployed",
  reason: "",
};
const digest = `sha256:${"a".repeat(64)}`;
const stages = [
  { name: "validate", result: "succeeded", startedAt: 0, milliseconds: 180 },
  { name: "deploy | odd", result: "failed", startedAt: 180, milliseconds: 65_000 },
] as const;

/** Tables as a browser shows them: rows of cells. */
function tablesOf(markdown: string): string[][][] {
  const tables = marked.lexer(markdown).filter((token): token is Tokens.Table => token.type === "table");
  return tables.map(({ header, rows }) => [header, ...rows].map((row) => row.map(({ text }) => text)));
}

test("the summary shows what is live and what each stage did, with the same number of cells in each row", () => {
  const images = { main: `registry.example.com/my-app@${digest}` };
  const tables = tablesOf(renderSummary({ title: "prod-my-app: deployed", stages, images, deployed }));
  assert.equal(tables.length, 2);
  for (const rows of tables) assert.deepEqual([...new Set(rows.map((row) => row.length))], [rows[0]?.length]);
  const facts = Object.fromEntries((tables[0] ?? []).map(([what = "", value = ""]) => [what, value]));
  assert.match(facts["Image of main"] ?? "", new RegExp(digest));
  assert.equal(facts["Release"], "`prod-my-app`");
  assert.equal(facts["Revision"], "4 (before: 3)");
  assert.equal(facts["Address"], "[https://my-app.example.com](https://my-app.example.com)");
  assert.equal(tables[1]?.length, 1 + stages.length);
  assert.match(tables[1]?.[2]?.join(" ") ?? "", /odd.*failed.*\+180 ms.*1 min 5 s/);
});

test("a run that failed before the deploy shows its sentence and the stages so far", () => {
  const markdown = renderSummary({ title: "Deploy failed", stages, images: {}, problem: "No route <b>here</b>." });
  assert.equal(tablesOf(markdown).length, 1);
  assert.match(markdown, /> No route &lt;b&gt;here/);
});
