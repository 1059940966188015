import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { recordingContext } from "../../test/context.ts";
import { writePrivateFile } from "./files.ts";

test("a private file and its folder can be read by nobody else", async (t) => {
  const { context } = await recordingContext(t);
  const file = await writePrivateFile(context.folder, "inner/kubeconfig", "content");
  assert.equal(file, join(context.folder, "inner/kubeconfig"));
  assert.equal(await readFile(file, "utf8"), "content");
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.equal((await stat(join(context.folder, "inner"))).mode & 0o777, 0o700);
});
