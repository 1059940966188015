import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { childrenOf, end, identify, isAlive } from "./processes.ts";

test("a process is known by its number and its start", () => {
  const me = identify(process.pid);
  assert.ok(me);
  assert.ok(isAlive(me));
  assert.ok(!isAlive({ ...me, startTime: "1" }), "another process with this number is not meant");
});

test("a process that ignores SIGTERM is ended all the same", async () => {
  const script = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('ready')";
  const stubborn = spawn(process.execPath, ["--eval", script], { stdio: ["ignore", "pipe", "inherit"] });
  await once(stubborn.stdout, "data");
  const [identity] = childrenOf(process.pid).filter(({ pid }) => pid === stubborn.pid);
  assert.ok(identity);
  await end([identity], 50);
  assert.ok(!isAlive(identity));
});

test("a process that was ended before is no matter", async () => {
  const brief = spawn(process.execPath, ["--version"], { stdio: "ignore" });
  const identity = { pid: brief.pid ?? 0, startTime: "1" };
  await once(brief, "close");
  await end([identity], 50);
  assert.equal(identify(identity.pid), undefined);
});
