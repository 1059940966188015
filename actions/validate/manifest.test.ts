import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Context } from "../core/context.ts";
import { FairleadError } from "../core/errors.ts";
import { readManifest } from "./manifest.ts";
import { locate, manifestError } from "./resolve.ts";

const workspace = mkdtempSync(join(tmpdir(), "fairlead-manifest-"));
after(() => rmSync(workspace, { recursive: true }));
const context = { workspace } as Context;

async function read(text: string) {
  writeFileSync(join(workspace, "manifest.yaml"), text);
  return await readManifest("manifest.yaml", context);
}

function rejectsWith(text: string, message: RegExp, line?: number) {
  return assert.rejects(
    read(text),
    (thrown) =>
      thrown instanceof FairleadError &&
      thrown.code === "MANIFEST_INVALID" &&
      message.test(thrown.message) &&
      thrown.place?.file === "manifest.yaml" &&
      thrown.place.line === line,
  );
}

test("a missing manifest says where it was looked for", async () => {
  await assert.rejects(readManifest("absent.yaml", context), /There is no manifest at absent\.yaml/);
});

test("an empty manifest, a list, and broken YAML are told apart, with their place", async () => {
  await rejectsWith("", /is empty/);
  await rejectsWith("# only a comment\n", /is empty/);
  await rejectsWith("- a\n- b\n", /does not hold a mapping/, 1);
  await rejectsWith("metadata:\n  name: [a\n", /no valid YAML/, 3);
});

test("a key that is given twice is an error at the second", async () => {
  await rejectsWith("spec:\n  port: 1\n  port: 2\n", /unique/, 3);
});

test("a file of more than a mebibyte is no manifest", async () => {
  await rejectsWith(`# ${"x".repeat(1024 * 1024)}\n`, /bytes; a manifest has at most 1048576/);
});

test("places are those of the values, or of the nearest thing above", async () => {
  const manifest = await read("metadata:\n  name: web\nenvironments:\n  prod:\n    replicas: 2\n");
  assert.deepEqual(manifest.placeOf(["environments", "prod", "replicas"]), {
    file: "manifest.yaml",
    line: 5,
    column: 15,
  });
  assert.equal(manifest.placeOf(["environments", "prod", "absent"]).line, 5);
  assert.equal(manifest.placeOf(["absent"]).line, 1);
});

test("paths in a manifest start at the folder that holds .deploy", async () => {
  assert.equal((await read("a: 1\n")).root, workspace);
});

test("all broken rules are in one error, first to last in the file", async () => {
  const manifest = await read("metadata:\n  name: web\nspec:\n  port: x\n");
  const errors = [
    { code: "B", path: "spec.port", message: "second" },
    { code: "A", path: "metadata.name", message: "first" },
  ];
  assert.deepEqual(
    locate(manifest, errors).map(({ line, code }) => `${line} ${code}`),
    ["2 A", "4 B"],
  );
  const error = manifestError(manifest, errors);
  assert.equal(error.message, "manifest.yaml:2:9: metadata.name: first [A] (and 1 more, listed in the log).");
  assert.equal(error.details, "manifest.yaml:2:9: metadata.name: first [A]\nmanifest.yaml:4:9: spec.port: second [B]");
});
