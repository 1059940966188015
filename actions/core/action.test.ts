import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { compileCache } from "../../test/compile-cache.ts";
import { recordingContext } from "../../test/context.ts";
import { parsePairs } from "../../test/harness/file-commands.ts";

const core = (module: string) => pathToFileURL(join(import.meta.dirname, module)).href;
const imports = `
  import { setTimeout as wait } from "node:timers/promises";
  import { main, post } from ${JSON.stringify(core("action.ts"))};
  import { FairleadError } from ${JSON.stringify(core("errors.ts"))};`;

/** A folder with the files of one step, and a way to run programs in it as the runner would. */
async function step(t: TestContext) {
  const { context } = await recordingContext(t);
  const file = async (name: string) => {
    await writeFile(join(context.folder, name), "");
    return join(context.folder, name);
  };
  const environment = {
    PATH: process.env["PATH"],
    ...compileCache,
    RUNNER_TEMP: join(context.folder, "temp"),
    GITHUB_STATE: await file("state"),
    GITHUB_OUTPUT: await file("output"),
    GITHUB_STEP_SUMMARY: await file("summary"),
  };
  await mkdir(environment.RUNNER_TEMP);
  const start = (program: string, more: Record<string, string> = {}) => {
    const args = ["--input-type=module", "-e", `${imports}\n${program}`];
    const child = spawn(process.execPath, args, {
      env: { ...environment, ...more },
      stdio: ["ignore", "pipe", "pipe"],
    });
    t.after(() => child.kill("SIGKILL"));
    return child;
  };
  const finish = async (child: ChildProcess) => {
    assert.ok(child.stdout && child.stderr);
    const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
    return { code, output, errors, commands: output.split("\n").filter((line) => line.startsWith("::")) };
  };
  const run = (program: string, more?: Record<string, string>) => finish(start(program, more));
  return { start, finish, run, environment, temporary: () => readdir(environment.RUNNER_TEMP) };
}

test("a step that works ends with 0, at once, whatever is still open", async (t) => {
  const { run } = await step(t);
  const { code, commands } = await run(`setInterval(() => {}, 1_000); await main(async () => {});`);
  assert.equal(code, 0);
  assert.deepEqual(commands, []);
});

for (const ending of ["", 'throw new Error("no way");']) {
  test(`a step that ${ending === "" ? "works" : "fails"} ends when all that it printed was read, however late`, async (t) => {
    const { start, finish } = await step(t);
    const child = start(`await main(async (_, { masker }) => {
      for (let index = 0; index < 4_000; index++) masker.add("a secret with many characters and the number " + index);
      process.stderr.write("printed\\n");
      ${ending}
    });`);
    assert.ok(child.stderr);
    await once(child.stderr, "readable");
    const { commands } = await finish(child);
    assert.equal(commands.filter((line) => line.startsWith("::add-mask::")).length, 4_000);
  });
}

test("a failure is one error with code and place, its evidence redacted in log and summary, no stack", async (t) => {
  const { run, environment } = await step(t);
  const { code, output, errors, commands } = await run(`await main(async (_, { masker }) => {
    masker.addDocument("hidden\\ndocument");
    throw new FairleadError({ code: "MANIFEST_INVALID", message: "Bad hidden\\ndocument.", fix: "Mend it.",
      place: { file: "a.yaml", line: 3, column: 5 }, details: "seen: hidden\\ndocument\\n" });
  });`);
  assert.equal(code, 1);
  assert.deepEqual(
    commands.filter((line) => line.startsWith("::error")),
    ["::error title=MANIFEST_INVALID,file=a.yaml,line=3,col=5::Bad ***. Mend it."],
  );
  assert.match(output, /::group::What was seen\nseen: \*\*\*\n::endgroup::/);
  assert.match(
    await readFile(environment.GITHUB_STEP_SUMMARY, "utf8"),
    /<summary>Bad \*\*\*\.<\/summary>[\s\S]*seen: \*\*\*/,
  );
  assert.doesNotMatch(output + errors, /\n\s+at /);
});

test("a bug is one error that asks for a report, its stack in the log, redacted", async (t) => {
  const { run } = await step(t);
  const { code, output, commands } = await run(`await main(async (_, { masker }) => {
    masker.addDocument("hidden\\ndocument");
    throw new TypeError("broke on hidden\\ndocument");
  });`);
  assert.equal(code, 1);
  assert.deepEqual(commands.length, 1);
  assert.match(commands[0] ?? "", /^::error title=BUG::broke on \*\*\* This is a bug of fairlead/);
  assert.match(output, /TypeError: broke on \*\*\*\n\s+at /);
});

test("an error outside of the awaited work is one error as well, and redacted", async (t) => {
  const { run } = await step(t);
  const fault = `new Error("stray " + "two" + "words")`;
  for (const stray of [`setTimeout(() => { throw ${fault}; }, 1);`, `Promise.reject(${fault});`]) {
    const { code, output, commands } = await run(`await main(async (_, { masker }) => {
      masker.add("two" + "words");
      ${stray}
      await wait(60_000);
    });`);
    assert.equal(code, 1);
    const errors = commands.filter((line) => line.startsWith("::error"));
    assert.equal(errors.length, 1);
    assert.match(errors[0] ?? "", /^::error title=BUG::stray \*\*\* This is a bug/);
    assert.doesNotMatch(output.replaceAll(/^::add-mask::.*$/gm, ""), /twowords/);
  }
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`${signal} cancels the work, which ends in its own order`, async (t) => {
    const { start, finish } = await step(t);
    const child = start(`await main(async (_, { signal }) => {
      console.log("ready");
      await wait(60_000, undefined, { signal }).catch(() => {});
      console.log("cleaned up");
      signal.throwIfAborted();
    });`);
    child.stdout?.once("data", () => child.kill(signal));
    const { code, output, commands } = await finish(child);
    assert.equal(code, 1);
    assert.match(output, /cleaned up/);
    assert.deepEqual(commands, ["::error title=CANCELLED::The job was cancelled, so this step stopped."]);
  });
}

test("the post step undoes, and removes the folder of the main step", async (t) => {
  const { run, environment, temporary } = await step(t);
  const { output } = await run(`await main(async (_, { folder }) => console.log("folder=" + folder));`);
  const folder = /^folder=(.+)$/m.exec(output)?.[1] ?? "";
  assert.ok(existsSync(folder));
  // The runner gives what was saved in GITHUB_STATE back as STATE_ variables.
  assert.deepEqual(parsePairs(await readFile(environment.GITHUB_STATE, "utf8")), { folder });
  const ended = await run(`await post(async (context) => console.log("undone in " + context.folder));`, {
    STATE_folder: folder,
  });
  assert.deepEqual([ended.code, ended.output], [0, `undone in ${folder}\n`]);
  assert.deepEqual(await temporary(), []);
});

test("a fault of the post step is a warning, and the folder is removed all the same", async (t) => {
  const { run, environment, temporary } = await step(t);
  const folder = join(environment.RUNNER_TEMP, "fairlead-x");
  await mkdir(folder);
  const { code, commands } = await run(`await post(async () => { throw new Error("no way"); });`, {
    STATE_folder: folder,
  });
  assert.equal(code, 0);
  assert.deepEqual(commands, ["::warning title=Cleaning up::no way"]);
  assert.deepEqual(await temporary(), []);
});

test("a folder that cannot be removed is a warning as well", async (t) => {
  const { run } = await step(t);
  const { code, commands } = await run("await post();", { STATE_folder: `/${"x".repeat(300)}` });
  assert.equal(code, 0);
  assert.equal(commands.length, 1);
  assert.match(commands[0] ?? "", /^::warning title=Cleaning up::ENAMETOOLONG/);
});

test("a post step whose main step never started has nothing to do", async (t) => {
  const { run } = await step(t);
  const { code, output } = await run(`await post(async () => console.log("undone"));`);
  assert.deepEqual([code, output], [0, ""]);
});
