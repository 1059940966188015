import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  clusterTests,
  idsInSource,
  idsOf,
  type Requirement,
  readRequirements,
  systemTests,
  tags,
  tested,
} from "../test/conformance/requirements.ts";
import { conclude, renderTable } from "../test/conformance/table.ts";

const all = [...readRequirements().values()].flat();

test("no requirement is listed twice, and each has its form", () => {
  const ids = all.map(({ id }) => id);
  assert.deepEqual(
    ids.filter((id, index) => ids.indexOf(id) !== index),
    [],
  );
  for (const { id, says, outOfScope, open = [], ...requirement } of all) {
    assert.match(id, /^[VJBAX]-\d{2}$/);
    assert.ok(says.length > 10, id);
    assert.equal(outOfScope === undefined, requirement.tags.length > 0, `${id}: tags, or why it is out of scope`);
    assert.deepEqual(
      requirement.tags.filter((tag) => !tags.includes(tag)),
      [],
      id,
    );
    assert.deepEqual(
      open.filter((tag) => !requirement.tags.includes(tag)),
      [],
      `${id}: open names a part that it has`,
    );
  }
});

test("the numbers of a list have no gap", () => {
  for (const letter of new Set(all.map(({ id }) => id.slice(0, 1)))) {
    const numbers = all.filter(({ id }) => id.startsWith(letter)).map(({ id }) => Number(id.slice(2)));
    assert.deepEqual(
      numbers.sort((a, b) => a - b),
      numbers.map((_, index) => index + 1),
      letter,
    );
  }
});

test("every test names a requirement that is in scope", () => {
  const known = new Set(all.filter(({ outOfScope }) => outOfScope === undefined).map(({ id }) => id));
  for (const file of [...systemTests(), ...clusterTests()]) {
    const ids = idsInSource(readFileSync(file, "utf8"));
    assert.ok(ids.length > 0, `${file} names no requirement`);
    assert.deepEqual(
      ids.filter((id) => !known.has(id)),
      [],
      file,
    );
  }
});

test("every requirement of the manifest or the chart has a test", () => {
  const covered = new Set(systemTests().flatMap((file) => idsInSource(readFileSync(file, "utf8"))));
  const due = all.filter((requirement) => requirement.tags.some((tag) => tested.includes(tag)));
  assert.ok(due.length > 100);
  assert.deepEqual(
    due.map(({ id }) => id).filter((id) => !covered.has(id)),
    [],
  );
});

test("a part that every test here proves is not called open", () => {
  for (const { id, open = [] } of all) {
    assert.deepEqual(
      open.filter((tag) => tested.includes(tag)),
      [],
      id,
    );
  }
});

test("the ids are read from the beginning of a test's name", () => {
  assert.deepEqual(idsOf("V-03 the same name in two namespaces"), ["V-03"]);
  assert.deepEqual(idsOf("V-44, X-11 whole addresses are compared"), ["V-44", "X-11"]);
  assert.deepEqual(idsOf("names like V-03 count at the front only"), []);
  assert.deepEqual(idsInSource('it("V-03 a name", () => {});\nit(`A-01 b ${c}`, run);'), ["V-03", "A-01"]);
});

test("the table shows what passed, what is open, and what has no test", () => {
  const base = { says: "Something that is needed" };
  const outcomes = [
    { name: "V-01, V-02 both", passed: true, message: "" },
    { name: "V-03 fails", passed: false, message: "1 is not 2" },
  ];
  const requirements: Requirement[] = [
    { ...base, id: "V-01", tags: ["manifest"] },
    { ...base, id: "V-02", tags: ["manifest", "deploy"], open: ["deploy"] },
    { ...base, id: "V-03", tags: ["chart"] },
    { ...base, id: "V-04", tags: ["chart"] },
    { ...base, id: "V-05", tags: ["deploy"] },
    { ...base, id: "V-06", tags: [], outOfScope: "no cluster" },
    { ...base, id: "V-07", tags: ["deploy"] },
  ];
  const rows = requirements.map((requirement) => conclude(requirement, outcomes, new Set(["V-01", "V-07"])));
  assert.deepEqual(
    rows.map(({ state }) => state),
    ["passed", "partly", "failed", "missing", "later", "out of scope", "elsewhere"],
  );
  const text = renderTable(rows);
  assert.match(text, /^✓ V-01 {2}both$/m);
  assert.match(text, /^◐ V-02 {2}both \(open: deploy\)$/m);
  assert.match(text, /^✗ V-03 {2}fails\n {9}1 is not 2$/m);
  assert.match(text, /^– V-06 {2}Something that is needed: no cluster$/m);
  assert.match(text, /of other parts: V-05 \[deploy\]\.\n7 requirements: 1 passed/);
  assert.match(text, /is due: V-04 \[chart\]\.\nWith a test on a real cluster, not run: V-07 \[deploy\]\.\n/);
});
