import assert from "node:assert/strict";
import { test } from "node:test";
import { FairleadError } from "../core/errors.ts";
import { createMasker } from "../core/masking.ts";
import type { Outcome } from "./outcome.ts";
import { outcomeOf, plainText, renderSummary, reportOf } from "./report.ts";

const asked = { operation: "status", environment: "prod" } as const;
const masker = createMasker(() => {});
masker.add('top"secret');

/** A report of an outcome that differs in parts from a good one. */
function report(parts: Partial<Outcome> = {}) {
  return reportOf(asked, { status: "healthy", said: "all is well", revision: 3, sections: [], ...parts }, masker);
}

test("tables and texts are shown in the summary and in the log, empty ones in neither", () => {
  const sections = [
    {
      name: "Pods",
      rows: [
        { pod: "web|1", state: "ready" },
        { pod: "web-22", node: "one" },
      ],
    },
    { name: "Claims", rows: [] },
    { name: "Output", text: "a <b>\n```\n" },
    { name: "Advice", text: "" },
  ];
  const told = report({ sections });
  assert.equal(
    renderSummary(told),
    `### ✅ status prod: healthy

> all is well.

#### Pods

| pod | state | node |
| --- | --- | --- |
| web\\|1 | ready |  |
| web-22 |  | one |


<details><summary>Output</summary>

\`\`\`\`text
a <b>
\`\`\`
\`\`\`\`

</details>
`,
  );
  assert.deepEqual(plainText(told), [
    ...["", "Pods:", "  POD     STATE  NODE", "  web|1   ready", "  web-22         one"],
    ...["", "Output:", "a <b>", "```", "", "all is well."],
  ]);
});

test("a secret is taken out before anything is quoted", () => {
  const told = report({ said: 'it printed top"secret', sections: [{ name: "Output", text: 'x top"secret' }] });
  assert.equal(told.said, "it printed ***");
  assert.ok(!JSON.stringify(told).includes("secret"));
});

test("a summary stays below what GitHub takes", () => {
  const rows = Array.from({ length: 5_000 }, (_, index) => ({ line: `${index} ${"x".repeat(500)}` }));
  const sections = Array.from({ length: 10 }, () => ({ name: "Log", text: "y".repeat(500_000) }));
  const summary = renderSummary(report({ sections: [{ name: "Rows", rows }, ...sections] }));
  assert.ok(Buffer.byteLength(summary) < 1024 * 1024);
  assert.match(summary, /and 4800 more/);
});

test("what was refused is told apart from what failed, with what was seen", () => {
  const refusal = outcomeOf(new FairleadError({ code: "OPERATION_REFUSED", message: "No such revision." }));
  assert.deepEqual([refusal.status, refusal.said], ["refused", "No such revision"]);
  const broken = outcomeOf(new FairleadError({ code: "HELM_FAILED", message: "helm rollback: no.", details: "why" }));
  assert.equal(broken.status, "failed");
  assert.match(renderSummary(reportOf(asked, broken, masker)), /❌ status prod: failed[\s\S]*What was seen[\s\S]*why/);
});
