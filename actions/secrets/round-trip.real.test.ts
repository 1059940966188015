import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../../test/cluster/run.ts";
import { ensureTools } from "../../test/cluster/toolchain.ts";
import { chooseSeed, howMany, seedVariable } from "../../test/long.ts";
import { randomSecrets, writable } from "./values.testing.ts";

test("what is written as dotenv, Docker's own parser of env files reads unchanged", async (t) => {
  const { "env-file": parser } = await ensureTools(["env-file"]);
  const folder = mkdtempSync(join(tmpdir(), "fairlead-env-file-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const seed = chooseSeed();
  const secrets = randomSecrets(howMany(400, 20_000), seed);
  const { taken, text } = writable(secrets, "dotenv");
  const file = join(folder, "secrets.env");
  writeFileSync(file, text);
  const { rawOutput } = await run([parser, file]);
  const expected = taken.map(({ name, value }) => `${name}=${value}`);
  assert.deepEqual(JSON.parse(rawOutput), expected, `${seedVariable}=${seed}`);
  t.diagnostic(
    `${taken.length} of ${secrets.length} secrets came back as they were, the others were refused (seed ${seed})`,
  );
  assert.ok(taken.length > secrets.length / 4, "too many are refused");
});
