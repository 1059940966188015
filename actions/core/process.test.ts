import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { recordingContext } from "../../test/context.ts";
import { createMasker } from "./masking.ts";
import { execute } from "./process.ts";

const masker = createMasker(() => {});
const environment = { PATH: process.env["PATH"], MARK: "from the test" };
const options = { environment, masker };
const node = (program: string, extra: object = {}) =>
  execute(process.execPath, ["-e", program], { ...options, ...extra });

test("arguments, input and environment reach the program as they are, and nothing else does", async () => {
  const program = `
    const input = require("node:fs").readFileSync(0, "utf8");
    console.log(JSON.stringify([process.argv.slice(1), input, process.env.MARK, process.env.HOME]));`;
  const args = ["-e", program, "$(id)", "a b", ""];
  const { rawOutput } = await execute(process.execPath, args, { ...options, input: "typed" });
  assert.deepEqual(JSON.parse(rawOutput), [["$(id)", "a b", ""], "typed", "from the test", null]);
});

test("output is redacted, line by line as it comes too", async () => {
  const secret = createMasker(() => {});
  secret.add("hidden-value");
  const seen: string[] = [];
  const program = `process.stdout.write("one hid"); setTimeout(() => process.stdout.write("den-value\\ntwo"), 20);
    process.stderr.write("error hidden-value\\n");`;
  const finished = await node(program, { masker: secret, onLine: (line: string) => seen.push(line) });
  assert.equal(finished.output, "one ***\ntwo");
  assert.equal(finished.rawOutput, "one hidden-value\ntwo");
  assert.equal(finished.errors, "error ***\n");
  assert.deepEqual(seen.sort(), ["error ***", "one ***", "two"]);
});

test("a failure carries the exit code and the last line of the errors", async () => {
  await assert.rejects(node(`console.error("first\\nlast"); process.exit(3)`), {
    code: "TOOL_FAILED",
    message: "node ended with exit code 3: last",
    details: "first\nlast\n",
  });
  await assert.rejects(node(`process.kill(process.pid, "SIGKILL")`), { message: "node was ended by SIGKILL." });
  assert.equal((await node("process.exit(3)", { accept: [0, 3] })).code, 3);
});

test("a program that is missing or not executable is told apart from one that fails", async (t) => {
  const missing = execute("fairlead-no-such-program", [], options);
  await assert.rejects(missing, { code: "TOOL_MISSING", message: /fairlead-no-such-program was not found/ });
  const { context } = await recordingContext(t);
  const file = join(context.folder, "plain");
  await writeFile(file, "text", { mode: 0o600 });
  await assert.rejects(execute(file, [], options), { code: "TOOL_MISSING", message: /plain may not be run/ });
});

test("a program that does not read its input is no failure", async () => {
  assert.equal((await node("", { input: "x".repeat(1_000_000) })).code, 0);
});

const stubborn = `process.on("SIGTERM", () => {}); setInterval(() => {}, 1_000); console.log("ready");`;

test("at the deadline a program is stopped, one that ignores it is killed", async () => {
  await assert.rejects(node("setInterval(() => {}, 1_000)", { timeout: 100 }), {
    code: "TIMEOUT",
    message: "node did not end within 100 ms and was stopped.",
  });
  await assert.rejects(node(stubborn, { timeout: 100, grace: 100 }), { code: "TIMEOUT" });
});

test("a cancelled job stops the program with the signal of choice", async () => {
  const cancel = new AbortController();
  const lines: string[] = [];
  const onLine = (line: string) => {
    lines.push(line);
    cancel.abort(new Error("cancelled"));
  };
  const program = `process.on("SIGINT", () => { console.log("interrupted"); process.exit(0); });
    setInterval(() => {}, 1_000); console.log("ready");`;
  const running = node(program, { signal: cancel.signal, stopSignal: "SIGINT", onLine });
  await assert.rejects(running, { message: "cancelled" });
  assert.deepEqual(lines, ["ready", "interrupted"]);
  await assert.rejects(node("", { signal: cancel.signal }), { message: "cancelled" });
});

test("a grandchild that keeps the pipes open does not hold the call", async (t) => {
  // It ends by itself, much later than the call must.
  const grandchild = "setTimeout(() => {}, 60_000)";
  const program = `
    const { spawn } = require("node:child_process");
    const child = spawn(process.execPath, ["-e", ${JSON.stringify(grandchild)}], { stdio: "inherit" });
    console.log(child.pid);
    setInterval(() => {}, 1_000);`;
  const cancel = new AbortController();
  let pid: number | undefined;
  const onLine = (line: string) => {
    pid = Number(line);
    cancel.abort(new Error("cancelled"));
  };
  t.after(() => {
    if (pid) process.kill(pid);
  });
  await assert.rejects(node(program, { signal: cancel.signal, grace: 100, onLine }), { message: "cancelled" });
  assert.ok(pid && process.kill(pid, 0), "the grandchild ended before the call did, so nothing was shown");
});
