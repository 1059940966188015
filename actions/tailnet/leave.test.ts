import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Context } from "../core/context.ts";
import { createMasker } from "../core/masking.ts";
import { leave } from "./leave.ts";
import { isRunning, readRecord, recordStart } from "./started.ts";

/** A step in whose folder a daemon was started, which is any program that runs until it is told to end. */
async function started(t: TestContext, signal: AbortSignal, cleanUp: readonly string[] = []) {
  const folder = await mkdtemp(join(tmpdir(), "fairlead-leave-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const context = { environment: process.env, masker: createMasker(() => {}), signal, folder } as unknown as Context;
  const daemon = spawn("sleep", ["600"], { stdio: "ignore" });
  t.after(() => daemon.kill("SIGKILL"));
  const files = join(folder, "tailnet");
  await mkdir(files);
  const connection = { program: "true", folder: files };
  recordStart({ ...connection, elevation: [], cleanUp, process: daemon.pid ?? 0 }, context);
  const record = await readRecord(context);
  assert.ok(record !== undefined && isRunning(record));
  return { context, record, files, daemon };
}

/** A command that shows that it was run. */
const marking = (folder: string) => ["touch", join(folder, "cleaned")];

test("a machine that is logged out leaves neither daemon nor file", async (t) => {
  const { context, record, files } = await started(t, AbortSignal.timeout(60_000));
  await leave(context);
  assert.equal(isRunning(record), false);
  assert.equal(existsSync(files), false);
});

test("of a machine that could not be logged out the first reason is told, and nothing is left", async (t) => {
  const { context, record, files } = await started(t, AbortSignal.timeout(60_000));
  const client = join(context.folder, "client");
  const once =
    '#!/bin/sh\n[ -e said ] && echo "no nodekey to log out" >&2 || echo "connection closed" >&2\ntouch said\nexit 1\n';
  await writeFile(client, once, { mode: 0o755 });
  await writeFile(join(context.folder, "tailnet.json"), JSON.stringify({ ...record, program: client }));
  await assert.rejects(leave(context), { code: "TAILNET_FAILED", message: /logged out .*\(.*connection closed\)/ });
  assert.equal(isRunning(record), false);
  assert.equal(existsSync(files), false);
});

test("a post step that is cancelled ends the daemon and removes its files all the same", async (t) => {
  const { context, record, files } = await started(t, AbortSignal.abort());
  await assert.rejects(leave(context), { name: "AbortError" });
  assert.equal(isRunning(record), false);
  assert.equal(existsSync(files), false);
});

test("what was killed is cleaned up after, what ended by itself is not", async (t) => {
  const marks = await mkdtemp(join(tmpdir(), "fairlead-marks-"));
  t.after(() => rm(marks, { recursive: true, force: true }));
  const gentle = await started(t, AbortSignal.timeout(60_000), marking(marks));
  await leave(gentle.context);
  assert.deepEqual(await readdir(marks), []);
  const killed = await started(t, AbortSignal.timeout(60_000), marking(marks));
  killed.daemon.kill("SIGKILL");
  await once(killed.daemon, "exit");
  await leave(killed.context);
  assert.deepEqual(await readdir(marks), ["cleaned"]);
  assert.equal(existsSync(killed.files), false);
});

test("a process that has the daemon's number, but was started at another time, is left alone", async (t) => {
  const { context, record } = await started(t, AbortSignal.timeout(60_000));
  await writeFile(join(context.folder, "tailnet.json"), JSON.stringify({ ...record, startTime: "1" }));
  await leave(context);
  assert.equal(isRunning(record), true);
});
