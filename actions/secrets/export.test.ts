import assert from "node:assert/strict";
import { mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { recordingContext } from "../../test/context.ts";
import { exportSecrets } from "./export.ts";
import { selection } from "./selection.ts";
import { removeTraces } from "./traces.ts";

const secrets = (...names: string[]) =>
  names.map((name) => ({ key: name, name, folder: "/", value: `value of ${name}` }));

test("names that would take over the runner are left out with one warning", async (t) => {
  const { context, told } = await recordingContext(t);
  const dangerous = ["PATH", "Path", "LD_PRELOAD", "NODE_OPTIONS", "GITHUB_ENV", "RUNNER_TEMP", "BASH_ENV", "IFS"];
  await exportSecrets(secrets("TOKEN", ...dangerous, "PATHS"), { export: "env", overwrite: true }, context);
  assert.deepEqual(Object.keys(told.variables), ["TOKEN", "PATHS"]);
  assert.equal(told.annotations.length, 1);
  for (const name of dangerous) assert.match(told.annotations[0]?.message ?? "", new RegExp(`"${name}"`));
});

test("a name that would write other entries into the runner's files is left out", async (t) => {
  const { context, told } = await recordingContext(t);
  await exportSecrets(secrets("A=1\nPATH", "B C", "D"), { export: "env", overwrite: false }, context);
  await exportSecrets(
    secrets("E\nF", "count", "NAMES", "GITHUB_TOKEN_ACME"),
    { export: "outputs", overwrite: false },
    context,
  );
  assert.deepEqual(Object.keys(told.variables), ["D"]);
  assert.deepEqual(Object.keys(told.outputs), ["GITHUB_TOKEN_ACME"]);
  assert.equal(told.annotations.length, 2);
});

test("a variable that the job has is kept unless overwrite is set", async (t) => {
  const { context, told } = await recordingContext(t, { environment: { REGION: "", ZONE: "a" } });
  await exportSecrets(secrets("REGION", "ZONE", "NEW"), { export: "env", overwrite: false }, context);
  assert.deepEqual(Object.keys(told.variables), ["NEW"]);
  assert.match(told.lines.join("\n"), /REGION, ZONE/);
  await exportSecrets(secrets("REGION", "ZONE", "NEW"), { export: "env", overwrite: true }, context);
  assert.deepEqual(Object.keys(told.variables), ["NEW", "REGION", "ZONE"]);
});

test("a dangerous name that was asked for is an error", async (t) => {
  const { context, told } = await recordingContext(t);
  const asks = (line: string, prefix = "") =>
    exportSecrets(
      secrets("TOKEN", "PATH").map((secret) => ({ ...secret, name: `${prefix}${secret.key}` })),
      { export: "env", overwrite: false, names: selection(line), prefix },
      context,
    );
  await assert.rejects(asks("PATH"), { code: "INPUT_INVALID", message: /`names` asks for secrets .*: "PATH"/ });
  await assert.rejects(asks("TOKEN", "LD_"), { code: "INPUT_INVALID" });
  assert.deepEqual(told.order, []);
});

test("values that would not arrive unchanged are an error that names each, and nothing goes out", async (t) => {
  const { context, told } = await recordingContext(t);
  const given = [
    { key: "GOOD", name: "GOOD", folder: "/", value: "a\r\nb" },
    { key: "NUL", name: "NUL", folder: "/", value: "a\0b" },
    { key: "HALF", name: "HALF", folder: "/", value: "a\ud800" },
    { key: "LONG", name: "LONG", folder: "/", value: "a".repeat(2 ** 20) },
  ];
  await assert.rejects(exportSecrets(given, { export: "env", overwrite: false }, context), {
    code: "SECRET_UNWRITABLE",
    message: /"NUL" \(it holds a NUL byte\), "HALF" \(.*Unicode\), "LONG" \(.*128 KiB/,
  });
  await assert.rejects(exportSecrets(given, { export: "outputs", overwrite: false }, context), (thrown: Error) => {
    assert.match(thrown.message, /"NUL".*"HALF"/);
    assert.doesNotMatch(thrown.message, /"LONG"/);
    return true;
  });
  assert.deepEqual(told.order, []);
});

test("variables are blanked by the post step, only those that went out", async (t) => {
  const { context, told } = await recordingContext(t, { environment: { ZONE: "a" } });
  await exportSecrets(secrets("ZONE", "NEW"), { export: "env", overwrite: false }, context);
  assert.deepEqual(told.variables, { NEW: "value of NEW" });
  await removeTraces(context);
  assert.deepEqual(told.variables, { NEW: "" });
});

test("a file of its own is private, outside of the workspace, and gone after the post step", async (t) => {
  const { context } = await recordingContext(t);
  const own = { ...context, workspace: join(context.folder, "workspace") };
  const path = await exportSecrets(secrets("A", "B"), { export: "file", overwrite: false }, own);
  assert.ok(path !== undefined && !path.startsWith(own.workspace));
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.equal(await readFile(path, "utf8"), "A=value of A\nB=value of B\n");
  await removeTraces(own);
  await assert.rejects(stat(path), { code: "ENOENT" });
});

test("a file that is there is replaced only when told so, and a link is not followed", async (t) => {
  const { context } = await recordingContext(t);
  const [target, link] = [join(context.folder, "theirs"), join(context.folder, "link")];
  await writeFile(target, "theirs");
  await symlink(target, link);
  const put = (overwrite: boolean) =>
    exportSecrets(secrets("A"), { export: "file", overwrite, file: "link", fileFormat: "json" }, context);
  await assert.rejects(put(false), { code: "INPUT_INVALID", message: /link, which is there already/ });
  await removeTraces(context);
  assert.equal(await put(true), link);
  assert.equal(await readFile(target, "utf8"), "theirs");
  assert.deepEqual(JSON.parse(await readFile(link, "utf8")), { A: "value of A" });
});

test("a place where no file can be is told, not thrown as a bug", async (t) => {
  const { context } = await recordingContext(t);
  await mkdir(join(context.folder, "folder/inner"), { recursive: true });
  await writeFile(join(context.folder, "plain"), "");
  for (const file of ["folder", "plain/inner.env"]) {
    const put = exportSecrets(secrets("A"), { export: "file", overwrite: true, file, fileFormat: "json" }, context);
    await assert.rejects(put, { code: "INPUT_INVALID", message: /which cannot be written \(\w+\)/ });
  }
});

test("a file keeps no name that takes over a shell, unless it is JSON", async (t) => {
  const { context, told } = await recordingContext(t);
  const put = async (fileFormat: "shell" | "json", file: string) => {
    const path = await exportSecrets(
      secrets("A", "BASH_ENV"),
      { export: "file", overwrite: false, file, fileFormat },
      context,
    );
    return readFile(path ?? "", "utf8");
  };
  assert.equal(await put("shell", "a.sh"), "export A='value of A'\n");
  assert.equal(told.annotations.length, 1);
  assert.deepEqual(Object.keys(JSON.parse(await put("json", "a.json"))), ["A", "BASH_ENV"]);
  assert.equal(told.annotations.length, 1);
});

test("none exports nothing", async (t) => {
  const { context, told } = await recordingContext(t);
  await exportSecrets(secrets("TOKEN"), { export: "none", overwrite: true }, context);
  assert.deepEqual(told.order, []);
});
