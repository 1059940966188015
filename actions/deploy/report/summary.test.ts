import assert from "node:assert/strict";
import { test } from "node:test";
import { marked, type Tokens } from "marked";
import type { Report } from "./report.ts";
import { renderSummary } from "./summary.ts";

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const image = (letter: string) => `registry.example.com/my-app@${digest(letter)}`;

const good: Report = {
  schemaVersion: 1,
  status: "deployed",
  reason: "",
  code: "",
  message: "",
  application: "my-app",
  environment: "prod",
  release: "prod-my-app",
  namespace: "prod-my-app",
  url: "https://my-app.example.com",
  revision: 4,
  previousRevision: 3,
  images: [{ component: "main", before: image("a"), after: image("b") }],
  commit: "0123456789abcdef0123456789abcdef01234567",
  run: "https://github.com/acme/my-app/actions/runs/1",
  startedAt: "2026-01-01T00:00:00.000Z",
  milliseconds: 65_180,
  stages: [
    { name: "validate", result: "succeeded", startedAt: 0, milliseconds: 180 },
    { name: "rollout: odd", result: "failed", startedAt: 180, milliseconds: 65_000 },
  ],
  checks: [],
  details: "",
  next: [{ what: "What runs now", command: "kubectl get all -n prod-my-app" }],
};

const evidence = {
  pods: ["my-app-1 (Running) on node-1: my-app: CrashLoopBackOff, 3 restarts"],
  logs: [{ title: "Log of my-app in my-app-1, last 50 lines", text: "no database\n" }],
  events: ["Pod my-app-1: BackOff: Back-off restarting failed container"],
  nodes: [],
  hints: ["Start the database first."],
};

const bad: Report = {
  ...good,
  status: "rolled-back",
  revision: 5,
  reason: "it crashed",
  code: "DEPLOY_FAILED",
  message: "It crashed <b>here</b>. Mend it.",
  evidence,
};

/** Tables as a browser shows them: rows of cells. */
function tablesOf(markdown: string): string[][][] {
  const tables = marked.lexer(markdown).filter((token): token is Tokens.Table => token.type === "table");
  return tables.map(({ header, rows }) => [header, ...rows].map((row) => row.map(({ text }) => text)));
}

function factsOf(markdown: string): Record<string, string> {
  return Object.fromEntries((tablesOf(markdown)[0] ?? []).map(([what = "", value = ""]) => [what, value]));
}

test("the summary shows what is live, with the same number of cells in each row", () => {
  const markdown = renderSummary(good);
  assert.match(markdown, /^### ✅ prod-my-app is live after 1 min 5 s$/m);
  for (const rows of tablesOf(markdown)) assert.deepEqual([...new Set(rows.map((row) => row.length))], [2]);
  const facts = factsOf(markdown);
  assert.equal(facts["Image"], `\`${image("b")}\`<br>before: \`${digest("a")}\``);
  assert.equal(facts["Release"], "`prod-my-app`");
  assert.equal(facts["Revision"], "4 (before: 3)");
  assert.equal(facts["Address"], "[https://my-app.example.com](https://my-app.example.com)");
  assert.equal(facts["Duration"], "1 min 5 s");
  assert.match(markdown, /```sh\n# What runs now\nkubectl get all -n prod-my-app\n```/);
});

test("the images of several components are told apart", () => {
  const images = ["web", "worker"].map((component) => ({ component, before: "", after: image("a") }));
  const facts = factsOf(renderSummary({ ...good, images }));
  assert.equal(facts["Image, web"], `\`${image("a")}\``);
  assert.ok("Image, worker" in facts);
});

test("the stages are bars of a chart from midnight, and one that failed is critical", () => {
  const [chart = ""] = /```mermaid\n[^`]*```/.exec(renderSummary(good)) ?? [];
  assert.match(chart, /^ {2}validate \(180 ms\) :done, 00:00:00\.000, 00:00:00\.180$/m);
  // A colon would end the name of the bar.
  assert.match(chart, /^ {2}rollout {2}odd \(1 min 5 s\) :crit, 00:00:00\.180, 00:01:05\.180$/m);
});

test("a deploy that was rolled back shows why, with its evidence, and which image is not live", () => {
  const markdown = renderSummary(bad);
  assert.match(markdown, /^### ↩️ prod-my-app was rolled back\n\n> It crashed &lt;b&gt;here&lt;\/b&gt;\. Mend it\.\n/);
  assert.match(markdown, /<summary>Log of my-app in my-app-1, last 50 lines<\/summary>\n\n```text\nno database\n```/);
  assert.match(markdown, /^- \*\*Advice:\*\* Start the database first\.$/m);
  assert.match(markdown, /BackOff: Back-off restarting/);
  const facts = factsOf(markdown);
  assert.match(facts["Image that failed"] ?? "", new RegExp(digest("b")));
  assert.equal(facts["Revision"], "5 (revision 3 again)");
});

test("checks are a table of what passed and what failed", () => {
  const checks = [
    { name: "home", outcome: "failed", said: "status 500 | not 200", milliseconds: 30 },
    { name: "pods stay ready", outcome: "passed", said: "", milliseconds: 10_000 },
  ] as const;
  const table = tablesOf(renderSummary({ ...good, checks }))[1] ?? [];
  assert.deepEqual(
    table.slice(1).map(([name, result]) => `${name}: ${result}`),
    ["home: ❌ failed", "pods stay ready: ✅ passed"],
  );
  assert.match(table[1]?.[3] ?? "", /status 500 \\?\| not 200/);
});

const changes = {
  against: 3,
  chart: { before: "1.0.0", after: "1.1.0" },
  images: good.images,
  objects: [
    {
      ...{ apiVersion: "apps/v1", kind: "Deployment", namespace: "prod-my-app", name: "my-app" },
      change: "changed",
      effects: ["restarts"],
      keys: ["spec.template.spec.containers.my-app.image"],
    },
  ],
  hosts: ["old.example.com"],
  gaps: [],
  warnings: ["old.example.com is routed no more; its DNS record stays until somebody removes it"],
  diff: "--- Deployment/my-app\n+++ Deployment/my-app\n-  replicas: 1\n+  replicas: 2",
} as const;

test("what changed is told by its keys; values are only in the diff of a dry run", () => {
  const deployed = renderSummary({ ...good, changes });
  assert.match(deployed, /^#### Changes since revision 3: 1 changed, chart 1\.0\.0 → 1\.1\.0$/m);
  assert.match(deployed, /`spec\.template\.spec\.containers\.my-app\.image`/);
  assert.match(deployed, /\*\*Mind:\*\* old\.example\.com is routed no more/);
  assert.doesNotMatch(deployed, /replicas/);
  const planned = renderSummary({ ...good, status: "planned", changes });
  assert.match(planned, /^### 📝 prod-my-app would change: 1 changed$/m);
  assert.match(planned, /\+ {2}replicas: 2/);
});

test("a run that failed before anything was known of the release shows its sentence and its stages", () => {
  const { evidence: _, ...others } = bad;
  const markdown = renderSummary({ ...others, release: "", details: "line one" });
  assert.match(markdown, /^### ❌ The deploy failed$/m);
  assert.equal(tablesOf(markdown).length, 0);
  assert.match(markdown, /<summary>What was seen<\/summary>\n\n```text\nline one\n```/);
});

test("a summary stays below what GitHub takes, and of a long log the end is kept", () => {
  const text = `${"long line ".repeat(200_000)}\nthe last line`;
  const logs = [1, 2, 3].map((number) => ({ title: `Log ${number}`, text }));
  const events = Array.from({ length: 20 }, () => "ü".repeat(100_000));
  const markdown = renderSummary({ ...bad, evidence: { ...evidence, logs, events } });
  assert.ok(Buffer.byteLength(markdown) < 1024 * 1024, String(Buffer.byteLength(markdown)));
  assert.match(markdown, /the last line\n```/);
  assert.match(markdown, /^### ↩️/);
});
