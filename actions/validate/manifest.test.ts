import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { FairleadError } from "../core/errors.ts";
import { splitPath } from "./check.ts";
import { locate, manifestError, openManifest, readManifest } from "./manifest.ts";

const folder = mkdtempSync(join(tmpdir(), "fairlead-manifest-"));
const workspace = join(folder, "checkout");
mkdirSync(workspace);
after(() => rmSync(folder, { recursive: true }));

function write(content: string | Buffer): void {
  writeFileSync(join(workspace, "manifest.yaml"), content);
}

async function read(text: string) {
  write(text);
  return await readManifest("manifest.yaml", { workspace });
}

/** The problems as `line:column-endColumn code`. */
async function problemsOf(content: string | Buffer): Promise<string[]> {
  write(content);
  const { problems } = await openManifest("manifest.yaml", workspace);
  return problems.map(({ line, column, endColumn, code }) => `${line}:${column}-${endColumn} ${code}`);
}

describe("a file", () => {
  test("that is missing says where it was looked for", async () => {
    await assert.rejects(
      readManifest("absent.yaml", { workspace }),
      (thrown) =>
        thrown instanceof FairleadError &&
        thrown.code === "MANIFEST_INVALID" &&
        thrown.place?.file === "absent.yaml" &&
        /There is no manifest at absent\.yaml/.test(thrown.message),
    );
  });

  test("that is empty, holds a list, or is too large is refused", async () => {
    assert.deepEqual(await problemsOf(""), ["1:1-1 FILE_EMPTY"]);
    assert.deepEqual(await problemsOf("# only a comment\n"), ["1:1-1 FILE_EMPTY"]);
    assert.deepEqual(await problemsOf("- a\n- b\n"), ["1:1-4 FILE_NO_MAPPING"]);
    assert.deepEqual(await problemsOf(`# ${"x".repeat(1024 * 1024)}\n`), ["1:1-1 FILE_TOO_LARGE"]);
  });

  test("in another encoding is refused, at its first such line", async () => {
    assert.deepEqual(await problemsOf(Buffer.from("a: 1\nb: é\n", "latin1")), ["2:1-1 FILE_ENCODING"]);
    assert.deepEqual(await problemsOf(Buffer.from("\ufeffa: 1\n", "utf16le")), ["1:1-1 FILE_ENCODING"]);
    assert.deepEqual(await problemsOf("\ufeffa: 1\n"), ["1:1-1 FILE_BYTE_ORDER_MARK"]);
    assert.deepEqual(await problemsOf("a: é\n"), []);
  });

  test("holds no control characters", async () => {
    assert.deepEqual(await problemsOf('a: 1\nb: "x\u0000"\n'), ["2:6-7 FILE_CONTROL_CHARACTER"]);
    assert.deepEqual(await problemsOf("a: 1 # x\u2028b: 2\n"), ["1:9-10 FILE_CONTROL_CHARACTER"]);
    assert.deepEqual(await problemsOf("a: 256\u0085Mi\n"), ["1:7-8 FILE_CONTROL_CHARACTER"]);
    assert.deepEqual(await problemsOf('a: "\\0"\r\n'), []);
  });

  test("that is a link out of the workspace is not read; a link inside is", async () => {
    writeFileSync(join(folder, "outside.yaml"), "a: 1\n");
    symlinkSync(join(folder, "outside.yaml"), join(workspace, "out.yaml"));
    symlinkSync(folder, join(workspace, "up"));
    symlinkSync("manifest.yaml", join(workspace, "in.yaml"));
    write("a: 1\n");
    const codes = async (file: string) => (await openManifest(file, workspace)).problems.map(({ code }) => code);
    assert.deepEqual(await codes("out.yaml"), ["FILE_OUTSIDE"]);
    assert.deepEqual(await codes("up/outside.yaml"), ["FILE_OUTSIDE"]);
    assert.deepEqual(await codes("in.yaml"), []);
  });

  test("gives the folder that holds .deploy as the root of paths", async () => {
    assert.equal((await read("a: 1\n")).root, workspace);
  });
});

describe("YAML", () => {
  test("that breaks off says where", async () => {
    assert.deepEqual(await problemsOf("metadata:\n  name: [a\n"), ["2:9-10 YAML_INVALID"]);
    // The last quote belongs to the text, and there is no line break after it.
    assert.deepEqual(await problemsOf('metadata:\n  name: "a\\"'), ["2:9-13 YAML_INVALID"]);
  });

  test("shows several faults together, each line once", async () => {
    assert.deepEqual(await problemsOf("a: [1\nb: {c\n\td: 3\ne: *nope\n"), [
      "1:4-5 YAML_INVALID",
      "3:2-3 YAML_TAB",
      "4:4-9 YAML_ANCHOR",
    ]);
  });

  test("has every key once, in every mapping", async () => {
    assert.deepEqual(await problemsOf("a: 1\nb: {c: 1, c: 2}\na: 2\na: 3\n"), [
      "2:11-12 YAML_KEY_TWICE",
      "3:1-2 YAML_KEY_TWICE",
      "4:1-2 YAML_KEY_TWICE",
    ]);
  });

  test("has text as keys", async () => {
    assert.deepEqual(await problemsOf("[a]: 1\n{b: 1}: 2\n: 3\nc: {null: 4}\n"), [
      "1:1-4 YAML_KEY_NOT_TEXT",
      "2:1-7 YAML_KEY_NOT_TEXT",
      "3:1-1 YAML_KEY_NOT_TEXT",
      "4:5-9 YAML_KEY_NOT_TEXT",
    ]);
  });

  test("merges mappings only", async () => {
    assert.deepEqual(await problemsOf("x: &x text\na:\n  <<: *x\nb: {<<: }\nc: {<<: [{d: 1}]}\n"), [
      "3:3-5 YAML_MERGE",
      "4:5-7 YAML_MERGE",
    ]);
  });

  test("is one document", async () => {
    assert.deepEqual(await problemsOf("---\na: 1\n---\nb: 1\n"), ["3:1-4 YAML_SEVERAL_DOCUMENTS"]);
  });

  test("is indented with spaces", async () => {
    assert.deepEqual(await problemsOf("spec:\n\tport: 3000\n"), ["2:1-1 YAML_TAB"]);
  });

  test("has an anchor before each alias, and none that holds itself", async () => {
    write("base: &base {a: 1}\nb: *bse\nc: &c [*c]\n");
    const { problems } = await openManifest("manifest.yaml", workspace);
    assert.deepEqual(
      problems.map(({ line, code, hint }) => `${line} ${code} ${hint}`),
      ["2 YAML_ANCHOR did you mean *base?", "3 YAML_ANCHOR "],
    );
  });

  test("cannot stand for millions of values", async () => {
    const line = (index: number) =>
      `l${index}: &l${index} [${Array(10)
        .fill(`*l${index - 1}`)
        .join(", ")}]\n`;
    const bomb = `l0: &l0 [x]\n${Array.from({ length: 9 }, (_, index) => line(index + 1)).join("")}`;
    assert.deepEqual(await problemsOf(bomb), ["2:10-13 YAML_ALIAS_BOMB"]);
  });

  test("that is nested without end is refused before it is parsed", async () => {
    assert.match((await problemsOf(`a: ${"[".repeat(50_000)}`)).join(), /^1:103-104 YAML_TOO_DEEP$/);
    assert.match((await problemsOf(`${"- ".repeat(50_000)}a`)).join(), /^1:\d+-\d+ YAML_TOO_DEEP$/);
  });

  test("merges with << as Helm does", async () => {
    const manifest = await read("x-env: &env {A: a, B: b}\nspec:\n  env:\n    <<: *env\n    B: c\n");
    assert.deepEqual((manifest.content as Record<string, unknown>)["spec"], { env: { A: "a", B: "c" } });
  });
});

describe("places", () => {
  test("are those of the value or the key, or of the nearest key above", async () => {
    const manifest = await read("metadata:\n  name: web\nenvironments:\n  prod:\n    replicas: 2\n    list: [a, bc]\n");
    const { spanOf } = await manifest.document();
    const place = (keys: string[], target: "key" | "value") => {
      const { line, column, endLine, endColumn } = spanOf(keys, target);
      return `${line}:${column}-${endLine}:${endColumn}`;
    };
    assert.equal(place(["environments", "prod", "replicas"], "value"), "5:15-5:16");
    assert.equal(place(["environments", "prod", "replicas"], "key"), "5:5-5:13");
    assert.equal(place(["environments", "prod", "list", "1"], "value"), "6:15-6:17");
    assert.equal(place(["environments", "prod"], "value"), "5:5-6:18");
    assert.equal(place(["environments", "prod", "absent"], "value"), "4:3-4:7");
    assert.equal(place(["absent"], "value"), "1:1-1:9");
  });

  test("of what a merge key brings are those of the anchor", async () => {
    const manifest = await read("x-env: &env\n  A: lots\nspec:\n  <<: *env\n");
    const { spanOf } = await manifest.document();
    assert.equal(spanOf(["spec", "A"], "value").line, 2);
  });

  test("of paths with dots are found by the keys that the manifest has", () => {
    const content = { spec: { env: { "a.b": 1 }, hints: { "x.y.z": "" } } };
    assert.deepEqual(splitPath("spec.env.a.b", content), ["spec", "env", "a.b"]);
    assert.deepEqual(splitPath("spec.hints.x.y.z", content), ["spec", "hints", "x.y.z"]);
    assert.deepEqual(splitPath("spec.absent.key", content), ["spec", "absent", "key"]);
    assert.deepEqual(splitPath("", content), []);
  });
});

test("all problems of a manifest are in one error, first to last in the file", async () => {
  const manifest = await read("metadata:\n  name: web\nspec:\n  port: x\n");
  const findings = [
    { code: "B", keys: ["spec", "port"], target: "value", message: "second", hint: "" },
    { code: "A", keys: ["metadata", "name"], target: "value", message: "first", hint: "" },
  ] as const;
  const error = manifestError("manifest.yaml", await locate(manifest, findings));
  assert.equal(error.message, "manifest.yaml:2:9: metadata.name: first [A] (and 1 more, listed in the log).");
  assert.equal(error.details, "manifest.yaml:2:9: metadata.name: first [A]\nmanifest.yaml:4:9: spec.port: second [B]");
});
