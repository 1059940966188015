import assert from "node:assert/strict";
import { test } from "node:test";
import { marked } from "marked";
import type { ObjectChange } from "./compare.ts";
import { limitDiffs, summarizeChanges } from "./report.ts";
import type { Changes } from "./run.ts";
import { renderChanges } from "./terminal.ts";

const object = (more: Partial<ObjectChange> = {}): ObjectChange => ({
  ...{ apiVersion: "v1", kind: "ConfigMap", namespace: "prod-a", name: "a", change: "changed" },
  ...{ effects: [], keys: [], diff: "--- a\n+++ a\n" },
  ...more,
});

function changes(objects: readonly ObjectChange[], more: Partial<Changes["environments"][number]> = {}): Changes {
  const document = () => Promise.reject(new Error("not needed"));
  const manifest = {
    file: "m.yaml",
    absolutePath: "/m.yaml",
    root: "/",
    content: {},
    files: [],
    plain: true,
    document,
  };
  const environment = {
    manifest,
    environment: "prod",
    state: "changed",
    objects,
    hosts: [],
    left: [],
    ...more,
  } as const;
  return { ref: "main", commit: "0123456789abcdef", environments: [environment], notes: [] };
}

test("diffs are cut at a line, and it is told how much is missing", () => {
  const long = object({ diff: "+ line\n".repeat(10_000) });
  const limited = limitDiffs(changes(Array.from({ length: 20 }, () => long)));
  const diffs = limited.environments[0]?.objects.map(({ diff }) => diff) ?? [];
  assert.match(diffs[0] ?? "", /^(\+ line\n)+@@ \d+ more lines @@\n$/);
  assert.equal(diffs.at(-1), "@@ 10000 more lines @@\n");
  assert.ok(JSON.stringify(limited).length < 500_000);
  const [shown, missing] = [diffs[0]?.match(/line\n/g)?.length ?? 0, Number(/(\d+) more/.exec(diffs[0] ?? "")?.[1])];
  assert.equal(shown + missing, 10_000);
});

test("no text of an object ends its cell, its block or its paragraph", async () => {
  const evil = "`</details><img src=x>|```\n# x";
  const keys = [{ path: evil, values: evil }];
  const effects = [{ kind: "leaves-data", text: evil }] as const;
  const summary = summarizeChanges({
    ...changes([object({ name: evil, keys, effects, diff: `+${evil}\n` })], { hosts: [evil], environment: evil }),
    ref: evil,
    notes: [evil],
  });
  const html = await marked.parse(summary);
  assert.doesNotMatch(html, /<img/);
  assert.equal(html.match(/<\/details>/g)?.length, 1);
  assert.equal(html.match(/<h1/g), null);
  assert.equal(html.match(/<t[dh]>/g)?.length, 8);
});

test("the table names namespaces only where there are several", () => {
  assert.match(summarizeChanges(changes([object()])), /\| `ConfigMap\/a` \|/);
  const two = [object(), object({ namespace: "other" })];
  assert.match(summarizeChanges(changes(two)), /\| `ConfigMap\/a in prod-a` .*\n\| `ConfigMap\/a in other` /);
});

test("many keys are counted", () => {
  const keys = Array.from({ length: 8 }, (_, index) => ({ path: `k${index}`, values: "" }));
  assert.match(summarizeChanges(changes([object({ keys })])), /`k4`<br>and 3 more \|/);
});

test("a terminal shows no control characters of an object", () => {
  const text = renderChanges(changes([object({ name: "a\u001b[2J", diff: "+a\u001b[2J\n" })]), (_, shown) => shown);
  assert.ok(!text.includes("\u001b"));
  assert.equal(
    renderChanges({ ...changes([]), environments: [] }, (_, shown) => shown),
    "Nothing changes against main (0123456).",
  );
});
