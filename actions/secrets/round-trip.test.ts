import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { parseEnv } from "node:util";
import { run } from "../../test/cluster/run.ts";
import { recordingContext } from "../../test/context.ts";
import { parsePairs } from "../../test/harness/file-commands.ts";
import { createMasks } from "../../test/harness/masks.ts";
import { chooseSeed, howMany, seedVariable } from "../../test/long.ts";
import { FairleadError } from "../core/errors.ts";
import { createMasker } from "../core/masking.ts";
import { actionsRunner } from "../core/runner.ts";
import { exportSecrets } from "./export.ts";
import { maskSecretValue } from "./mask.ts";
import type { Named } from "./selection.ts";
import { batches, randomKubeconfigs, randomSecrets, writable } from "./values.testing.ts";

const seed = chooseSeed();
const secrets = randomSecrets(howMany(400, 20_000), seed);

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-round-trip-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Every secret is either refused, or read as it was given; at least some are each. */
function assertRead(t: TestContext, taken: readonly Named[], read: Readonly<Record<string, string | undefined>>): void {
  const wrong = taken.filter(({ name, value }) => read[name] !== value);
  assert.deepEqual(wrong, [], `${seedVariable}=${seed}`);
  t.diagnostic(
    `${taken.length} of ${secrets.length} secrets came back as they were, the others were refused (seed ${seed})`,
  );
  assert.ok(taken.length > secrets.length / 4, "too many are refused");
}

for (const shell of ["dash", "bash"]) {
  test(`what is written for a shell, ${shell} reads unchanged`, async (t) => {
    const folder = folderOf(t);
    const read: Record<string, string> = {};
    const taken: Named[] = [];
    for (const batch of batches(secrets, 400)) {
      const written = writable(batch, "shell");
      const file = join(folder, "secrets.sh");
      writeFileSync(file, written.text);
      const command = [shell, "-c", '. "$1"; exec env -0', shell, file];
      const { rawOutput } = await run(command, { environment: { PATH: process.env["PATH"] } });
      for (const entry of rawOutput.split("\0"))
        read[entry.slice(0, entry.indexOf("="))] = entry.slice(entry.indexOf("=") + 1);
      taken.push(...written.taken);
    }
    assertRead(t, taken, read);
  });
}

test("what is written as dotenv, Node's parser reads unchanged", (t) => {
  const { taken, text } = writable(secrets, "dotenv");
  assertRead(t, taken, parseEnv(text) as Record<string, string>);
});

test("JSON holds everything", (t) => {
  const { taken, text } = writable(secrets, "json");
  assert.equal(taken.length, secrets.length);
  assertRead(t, taken, JSON.parse(text));
});

for (const [destination, variable] of [
  ["env", "GITHUB_ENV"],
  ["outputs", "GITHUB_OUTPUT"],
] as const) {
  test(`through the runner's file for ${destination}, values come unchanged`, async (t) => {
    const file = join(folderOf(t), "commands");
    writeFileSync(file, "");
    // For values of several lines, the toolkit looks for the file in the environment of the process.
    process.env[variable] = file;
    const { context } = await recordingContext(t, { runner: actionsRunner({ [variable]: file }) });
    const taken: Named[] = [];
    for (const secret of secrets) {
      try {
        await exportSecrets([secret], { export: destination, overwrite: false }, context);
        taken.push(secret);
      } catch (thrown) {
        assert.ok(thrown instanceof FairleadError && thrown.code === "SECRET_UNWRITABLE", String(thrown));
      }
    }
    assertRead(t, taken, parsePairs(readFileSync(file, "utf8")));
  });
}

test("of a kubeconfig, no secret is left in a log, and the lines that are none are", async () => {
  for (const { name, value, text, secret, plain } of randomKubeconfigs(howMany(100, 2_000), seed)) {
    const masks = createMasks();
    await maskSecretValue(
      name,
      value,
      createMasker((mask) => masks.add(mask)),
    );
    const shown = masks.hide(`${value}\n${text}\n${Buffer.from(text).toString("base64")}\n`);
    assert.deepEqual(
      secret.filter((each) => shown.includes(each)),
      [],
      `${seedVariable}=${seed}`,
    );
    assert.deepEqual(
      plain.filter((line) => !shown.includes(`${line}\n`)),
      [],
      `${seedVariable}=${seed}`,
    );
  }
});

test("no line of a value, of 4 characters or more, is left in a log", async () => {
  for (const { key, value } of secrets) {
    const masks = createMasks();
    await maskSecretValue(
      key,
      value,
      createMasker((mask) => masks.add(mask)),
    );
    const shown = masks.hide(value);
    const lines = value.split(/[\r\n]+/).map((line) => line.trim());
    const left = lines.filter((line) => line.length >= 4 && shown.includes(line));
    assert.deepEqual(left, [], `${seedVariable}=${seed}`);
  }
});
