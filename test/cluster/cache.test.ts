import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { cached, cacheFolder, hashOf } from "./cache.ts";

const folder = await mkdtemp(join(tmpdir(), "fairlead-cache-"));
process.env["FAIRLEAD_CACHE"] = folder;
after(() => rm(folder, { recursive: true }));

const silent = () => {};

test("the cache is where the user says, else where programs of this user keep theirs", () => {
  assert.equal(cacheFolder({ FAIRLEAD_CACHE: "/a", XDG_CACHE_HOME: "/b" }), "/a");
  assert.equal(cacheFolder({ XDG_CACHE_HOME: "/b" }), "/b/fairlead");
  assert.match(cacheFolder({}), /\/\.cache\/fairlead$/);
});

test("what several ask for at once is made once", async () => {
  let made = 0;
  const make = () =>
    cached("once", silent, async (unfinished) => {
      made++;
      await writeFile(join(unfinished, "file"), "content");
    });
  const folders = await Promise.all([make(), make(), make()]);
  assert.equal(made, 1);
  assert.deepEqual(folders, Array(3).fill(join(folder, "once")));
  assert.equal(readFileSync(join(folder, "once", "file"), "utf8"), "content");
});

test("what failed half-way is not taken for the whole, and its remains are gone the next time", async () => {
  const half = cached("half", silent, async (unfinished) => {
    await writeFile(join(unfinished, "remains"), "");
    throw new Error("no space left");
  });
  await assert.rejects(half, /no space left/);
  const whole = await cached("half", silent, (unfinished) => writeFile(join(unfinished, "file"), ""));
  assert.ok(existsSync(join(whole, "file")));
  assert.ok(!existsSync(join(whole, "remains")));
});

test("a hash tells where one text ends and the next begins", () => {
  assert.notEqual(hashOf("ab", "c"), hashOf("a", "bc"));
  assert.equal(hashOf("ab", "c"), hashOf("ab", "c"));
});
