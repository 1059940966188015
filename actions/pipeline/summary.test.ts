import assert from "node:assert/strict";
import { test } from "node:test";
import { marked, type Tokens } from "marked";
import { FairleadError } from "../core/errors.ts";
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
  checks: [],
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
  const markdown = renderSummary({ stages, images, deployed });
  assert.match(markdown, /^### ✅ prod-my-app is live after 1 min 5 s$/m);
  const tables = tablesOf(markdown);
  assert.equal(tables.length, 2);
  for (const rows of tables) assert.deepEqual([...new Set(rows.map((row) => row.length))], [rows[0]?.length]);
  const facts = Object.fromEntries((tables[0] ?? []).map(([what = "", value = ""]) => [what, value]));
  assert.match(facts["Image"] ?? "", new RegExp(digest));
  assert.equal(facts["Release"], "`prod-my-app`");
  assert.equal(facts["Revision"], "4 (before: 3)");
  assert.equal(facts["Address"], "[https://my-app.example.com](https://my-app.example.com)");
  assert.equal(tables[1]?.length, 1 + stages.length);
  assert.match(tables[1]?.[2]?.join(" ") ?? "", /odd.*failed.*\+180 ms.*1 min 5 s/);
});

test("the images of several components are told apart", () => {
  const images = { web: `registry.example.com/web@${digest}`, worker: `registry.example.com/worker@${digest}` };
  const [facts = []] = tablesOf(renderSummary({ stages, images, deployed }));
  const names = facts.map(([what]) => what);
  assert.deepEqual(names.slice(2, 4), ["Image, web", "Image, worker"]);
});

test("stages stand in the order in which they started, not in which they ended", () => {
  const later = { name: "image", result: "succeeded", startedAt: 20, milliseconds: 5 } as const;
  const sooner = { name: "tailnet", result: "succeeded", startedAt: 10, milliseconds: 50 } as const;
  const [rows = []] = tablesOf(renderSummary({ stages: [later, sooner] }));
  assert.deepEqual(
    rows.map(([name]) => name),
    ["Stage", "tailnet", "image"],
  );
});

test("a deploy that was rolled back shows why, with its evidence, and which image is not live", () => {
  const failure = new FairleadError({ code: "DEPLOY_FAILED", message: "It crashed.", details: "no database\n" });
  const rolledBack: Deployed = { ...deployed, revision: 5, status: "rolled-back", reason: "It crashed", failure };
  const images = { main: `registry.example.com/my-app@${digest}` };
  const markdown = renderSummary({ stages, images, deployed: rolledBack, failure });
  assert.match(markdown, /^### ↩️ prod-my-app was rolled back\n\n> It crashed\.\n/);
  assert.match(markdown, /<summary>What was seen<\/summary>\n\n```text\nno database\n```/);
  const facts = Object.fromEntries((tablesOf(markdown)[0] ?? []).map(([what = "", value = ""]) => [what, value]));
  assert.match(facts["Image that failed"] ?? "", new RegExp(digest));
  assert.equal(facts["Revision"], "5 (revision 3 again)");
});

test("a first install that failed has no revision that serves", () => {
  const markdown = renderSummary({ stages, deployed: { ...deployed, revision: 0, status: "failed" } });
  assert.match(markdown, /^### ❌ prod-my-app failed$/m);
  assert.match(markdown, /\| Revision \| none \|/);
});

test("a run that failed before the deploy shows its sentence and the stages so far", () => {
  const markdown = renderSummary({ stages, failure: new Error("No route <b>here</b>.") });
  assert.equal(tablesOf(markdown).length, 1);
  assert.match(markdown, /> No route &lt;b&gt;here/);
});
