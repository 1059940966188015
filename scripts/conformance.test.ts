import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { test } from "node:test";
import {
  idsInSource,
  idsOf,
  namesInSource,
  openParts,
  type Requirement,
  readRequirements,
  referencesOf,
  systemTests,
  type Tag,
  tags,
  tested,
} from "../test/conformance/requirements.ts";
import { conclude, renderTable } from "../test/conformance/table.ts";
import { testFiles } from "./suite.ts";

const all = [...readRequirements().values()].flat();

test("no requirement is listed twice, and each has its form", () => {
  const ids = all.map(({ id }) => id);
  assert.deepEqual(
    ids.filter((id, index) => ids.indexOf(id) !== index),
    [],
  );
  for (const { id, says, outOfScope, shown = {}, ...requirement } of all) {
    assert.match(id, /^[VJBAX]-\d{2}$/);
    assert.ok(says.length > 10, id);
    assert.equal(outOfScope === undefined, requirement.tags.length > 0, `${id}: tags, or why it is out of scope`);
    const strange = requirement.tags.filter((tag) => !tags.includes(tag));
    assert.deepEqual(strange, [], id);
    for (const [tag, references] of Object.entries(shown)) {
      assert.ok(requirement.tags.includes(tag as Tag), `${id}: ${tag} is a part that it has`);
      assert.ok(references.length > 0, `${id}: ${tag} is shown by something`);
    }
  }
});

test("what is open has a sentence that says what is lacking", () => {
  for (const requirement of all) {
    const { id, lacks } = requirement;
    if (openParts(requirement).length > 0) assert.ok(lacks, `${id}: what is lacking`);
    if (lacks !== undefined) assert.match(lacks, /^[A-Z].*\.$/, id);
  }
});

test("every test that a requirement names is there, and is one of those that CI runs", () => {
  const root = join(import.meta.dirname, "..");
  const run = new Set([...testFiles("unit"), ...testFiles("real")].map((file) => relative(root, file)));
  for (const requirement of all) {
    for (const { file, words } of referencesOf(requirement)) {
      assert.ok(run.has(file), `${requirement.id}: CI does not run ${file}`);
      const names = namesInSource(readFileSync(join(root, file), "utf8"));
      // What a name is made of in a loop is known when the test runs, and not before.
      assert.ok(!words.includes("${"), `${requirement.id}: ${words}`);
      assert.ok(words.length > 5 && names.some((name) => name.includes(words)), `${requirement.id}: ${file}: ${words}`);
    }
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
  for (const file of systemTests()) {
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

test("the ids are read from the beginning of a test's name", () => {
  assert.deepEqual(idsOf("V-03 the same name in two namespaces"), ["V-03"]);
  assert.deepEqual(idsOf("V-44, X-11 whole addresses are compared"), ["V-44", "X-11"]);
  assert.deepEqual(idsOf("names like V-03 count at the front only"), []);
  assert.deepEqual(idsInSource('it("V-03 a name", () => {});\nit(`A-01 b ${c}`, run);'), ["V-03", "A-01"]);
});

test("names of tests are found with those of the cases that they are made for", () => {
  const source =
    'it("a \\"b\\"", run);\nit(`finds ${one.name}`, run);\nconst cases = [{ name: "no port" }, ["no disk", 1]];';
  assert.deepEqual(namesInSource(source), ['a "b"', "finds ${one.name}", "no port", "no disk"]);
});

test("the table shows what passed, what ran elsewhere, what is open, and what has no test", () => {
  const base = { says: "Something that is needed" };
  const file = "test/conformance/a.test.ts";
  const outcomes = [
    { file, name: "V-01, V-02, V-08 all three", passed: true, message: "" },
    { file, name: "V-03 fails", passed: false, message: "1 is not 2" },
    { file: "test/e2e/b.test.ts", name: "a port that is taken is undone", passed: true, message: "" },
    { file: "test/e2e/c.test.ts", name: "a port that is taken is undone", passed: false, message: "another file" },
  ];
  const shown = { deploy: ["test/e2e/b.test.ts: a port that is taken"] };
  const absent = { deploy: ["test/e2e/b.test.ts: another"] };
  const requirements: Requirement[] = [
    { ...base, id: "V-01", tags: ["manifest"] },
    { ...base, id: "V-02", tags: ["manifest", "deploy"], lacks: "It is slow." },
    { ...base, id: "V-03", tags: ["chart"] },
    { ...base, id: "V-04", tags: ["chart", "deploy"], shown },
    { ...base, id: "V-05", tags: ["deploy"], lacks: "Nobody does it." },
    { ...base, id: "V-06", tags: [], outOfScope: "no cluster" },
    { ...base, id: "V-07", tags: ["deploy"], shown },
    { ...base, id: "V-08", tags: ["manifest", "deploy"], shown: absent },
  ];
  const rows = requirements.map((requirement) => conclude(requirement, outcomes));
  assert.deepEqual(
    rows.map(({ state }) => state),
    ["passed", "partly", "failed", "missing", "later", "out of scope", "passed", "elsewhere"],
  );
  const text = renderTable(rows);
  assert.match(text, /^✓ V-01 {2}all three$/m);
  assert.match(text, /^✓ V-02 {2}all three\n◐ V-02 {2}deploy: It is slow\.$/m);
  assert.match(text, /^✗ V-03 {2}fails\n {9}1 is not 2$/m);
  assert.match(text, /^· V-05 {2}deploy: Nobody does it\.$/m);
  assert.match(text, /^– V-06 {2}Something that is needed: no cluster$/m);
  assert.match(text, /^✓ V-07 {2}a port that is taken is undone$/m);
  assert.match(text, /^○ V-08 {2}another \(test\/e2e\/b\.test\.ts\)$/m);
  assert.match(text, /is due: V-04 \[chart deploy\]\.\n8 requirements: 2 passed, 1 elsewhere, 1 partly, 1 failed/);
});
