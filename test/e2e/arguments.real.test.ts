// Argument lists can be read by everybody on the machine, so no secret may ever stand in one, at any depth of children.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ensureDebianPrograms } from "../cluster/debian.ts";
import { run } from "../cluster/run.ts";

const folder = mkdtempSync(join(tmpdir(), "fairlead-arguments-"));
after(() => rmSync(folder, { recursive: true }));

test("no program of a whole deploy is started with a secret in its arguments", async () => {
  const { root, environment } = await ensureDebianPrograms(console.log);
  const [trace, secretsFile] = [join(folder, "trace"), join(folder, "secrets.json")];
  const strace = ["--follow-forks", "--trace=execve", "--string-limit=1000000", `--output=${trace}`];
  const deploy = [process.execPath, join(import.meta.dirname, "fixtures/deploy.ts")];
  const libraries = { LD_LIBRARY_PATH: environment["LD_LIBRARY_PATH"] };
  const { output } = await run([join(root, "usr/bin/strace"), ...strace, ...deploy], {
    environment: { ...process.env, ...libraries, SECRETS_FILE: secretsFile },
    timeout: 300_000,
  });
  assert.equal(output.trim().split("\n").at(-1), "success");
  const calls = readFileSync(trace, "utf8");
  const secrets: string[] = JSON.parse(readFileSync(secretsFile, "utf8"));
  for (const program of ["helm", "buildx", "tailscaled"]) {
    assert.match(calls, new RegExp(`execve\\("[^"]*/${program}",`), `${program} was not traced`);
  }
  assert.ok(secrets.length > 3);
  for (const secret of secrets) assert.ok(!calls.includes(secret), "a secret stands in an argument list");
});
