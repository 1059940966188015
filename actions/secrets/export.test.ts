import assert from "node:assert/strict";
import { test } from "node:test";
import { recordingContext } from "../../test/context.ts";
import { exportSecrets } from "./export.ts";

const secrets = (...names: string[]) => new Map(names.map((name) => [name, `value of ${name}`]));

test("names that would take over the runner are left out with one warning", async (t) => {
  const { context, told } = await recordingContext(t);
  const dangerous = ["PATH", "Path", "LD_PRELOAD", "NODE_OPTIONS", "GITHUB_ENV", "RUNNER_TEMP", "BASH_ENV", "IFS"];
  exportSecrets(secrets("TOKEN", ...dangerous, "PATHS"), { export: "env", overwrite: true }, context);
  assert.deepEqual(Object.keys(told.variables), ["TOKEN", "PATHS"]);
  assert.equal(told.annotations.length, 1);
  for (const name of dangerous) assert.match(told.annotations[0]?.message ?? "", new RegExp(`"${name}"`));
});

test("a name that would write other entries into the runner's files is left out", async (t) => {
  const { context, told } = await recordingContext(t);
  exportSecrets(secrets("A=1\nPATH", "B C", "D"), { export: "env", overwrite: false }, context);
  exportSecrets(
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
  exportSecrets(secrets("REGION", "ZONE", "NEW"), { export: "env", overwrite: false }, context);
  assert.deepEqual(Object.keys(told.variables), ["NEW"]);
  assert.match(told.lines.join("\n"), /REGION, ZONE/);
  exportSecrets(secrets("REGION", "ZONE", "NEW"), { export: "env", overwrite: true }, context);
  assert.deepEqual(Object.keys(told.variables), ["NEW", "REGION", "ZONE"]);
});

test("none exports nothing", async (t) => {
  const { context, told } = await recordingContext(t);
  exportSecrets(secrets("TOKEN"), { export: "none", overwrite: true }, context);
  assert.deepEqual(told.order, []);
});
