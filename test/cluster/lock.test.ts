import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { withLock } from "./lock.ts";

const folder = await mkdtemp(join(tmpdir(), "fairlead-lock-"));
after(() => rm(folder, { recursive: true }));

const silent = () => {};

test("one at a time does the work", async () => {
  const file = join(folder, "exclusive");
  let inside = 0;
  const work = () =>
    withLock(file, silent, async () => {
      inside++;
      assert.equal(inside, 1);
      await setImmediate();
      inside--;
    });
  await Promise.all([work(), work(), work()]);
});

test("a failure gives the lock back", async () => {
  const file = join(folder, "failing");
  const failing = withLock(file, silent, async () => {
    throw new Error("did not work");
  });
  await assert.rejects(failing, /did not work/);
  assert.equal(await withLock(file, silent, async () => "free"), "free");
});

test("a killed process loses its lock", async () => {
  const file = join(folder, "killed");
  const script = `
    import { withLock } from ${JSON.stringify(join(import.meta.dirname, "lock.ts"))};
    await withLock(${JSON.stringify(file)}, () => {}, async () => {
      console.log("held");
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    });`;
  const holder = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(holder.stdout, "data");
  holder.kill("SIGKILL");
  assert.equal(await withLock(file, silent, async () => "free"), "free");
});
