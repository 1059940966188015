import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { createJob, runAction } from "./job.ts";
import { LeakError } from "./leaks.ts";

const scripted = join(import.meta.dirname, "fixtures/scripted");
const scriptedMain = join(import.meta.dirname, "fixtures/scripted-main");
const fs = `import fs from "node:fs"; const append = (name, text) => fs.appendFileSync(process.env["GITHUB_" + name], text);`;
const newSecret = () => randomBytes(18).toString("base64url");

describe("the protocol of a step", () => {
  it("gives inputs by name, with defaults, and tells of undeclared ones", async () => {
    const main = `${fs} append("OUTPUT", ["WITH_BLANK", "HAS-DEFAULT", "OTHER", "PRE"].map((name) => name + "=" + process.env["INPUT_" + name] + "\\n").join(""));`;
    const result = await runAction(scripted, { with: { "with blank": "b", other: "o", main } });
    assert.deepEqual(result.outputs, { WITH_BLANK: "b", "HAS-DEFAULT": "17", OTHER: "o", PRE: "" });
    assert.deepEqual(result.unexpectedInputs, ["other"]);
    assert.match(result.annotations[0]?.message ?? "", /Unexpected input\(s\) 'other'/);
  });

  it("inherits nothing but PATH, and describes the run", async () => {
    process.env["HARNESS_PROBE"] = "from outside";
    const main = `${fs} append("OUTPUT", "probe=" + process.env.HARNESS_PROBE + "\\nref=" + process.env.GITHUB_REF_NAME + "\\nbranch=" + JSON.parse(fs.readFileSync(process.env.GITHUB_EVENT_PATH)).repository.default_branch + "\\nhere=" + (process.cwd() === process.env.GITHUB_WORKSPACE) + "\\nfile=" + fs.readFileSync("a/b.txt"));`;
    const event = { ref: "refs/tags/v1.2.3", defaultBranch: "trunk" };
    const result = await runAction(scripted, { with: { main }, event, files: { "a/b.txt": "content" } });
    assert.deepEqual(result.outputs, {
      probe: "undefined",
      ref: "v1.2.3",
      branch: "trunk",
      here: "true",
      file: "content",
    });
  });

  it("carries outputs of several lines, variables, paths, state and summary", async () => {
    const main = `${fs} append("OUTPUT", "greeting<<EOF\\none\\ntwo\\nEOF\\n"); append("ENV", "A=1\\n"); append("PATH", "/x\\n/y\\n/x\\n"); append("STATE", "key=kept\\n"); append("STEP_SUMMARY", "# main\\n");`;
    const post = `${fs} append("OUTPUT", "fromPost=" + process.env.STATE_key + process.env.A); append("STEP_SUMMARY", "# post\\n");`;
    const result = await runAction(scripted, { with: { main, post } });
    assert.deepEqual(result.outputs, { greeting: "one\ntwo", fromPost: "kept1" });
    assert.deepEqual(result.env, { A: "1" });
    assert.deepEqual(result.path, ["/x", "/y"]);
    assert.equal(result.summary, "# main\n# post\n");
    assert.deepEqual(result.exitCodes, { pre: 0, main: 0, post: 0 });
  });

  it("masks from the command on, line by line, and keeps the masked text out of annotations", async () => {
    const main = `console.log("before abc"); console.log("::add-mask::abc%0Adef"); console.log("after abc"); console.log("::error title=T%2CU,line=3::bad def%250A%0Aend");`;
    const result = await runAction(scriptedMain, { with: { main } });
    assert.equal(result.log, "before abc\nafter ***\n##[error]bad ***%0A\nend\n");
    assert.deepEqual(result.masks, ["abc\ndef"]);
    assert.deepEqual(result.annotations, [
      { level: "error", message: "bad ***%0A\nend", properties: { title: "T,U", line: "3" } },
    ]);
  });

  it("takes commands literally between stop-commands and its token, and unknown ones always", async () => {
    const main = `for (const line of ["::stop-commands::t0k", "::warning::no", "::t0k::", "::warning::yes", "::unknown::text"]) console.log(line);`;
    const { annotations, log } = await runAction(scriptedMain, { with: { main } });
    assert.deepEqual(
      annotations.map(({ message }) => message),
      ["yes"],
    );
    assert.match(log, /^::warning::no$/m);
    assert.match(log, /^::unknown::text$/m);
  });

  it("fails the step when a file does not parse or NODE_OPTIONS is exported", async () => {
    for (const [name, text, message] of [
      ["OUTPUT", "no sign", /Invalid format 'no sign'/],
      ["OUTPUT", "a<<E\\nb", /Matching delimiter not found 'E'/],
      ["STATE", "=x", /Name must not be empty/],
      ["ENV", "NODE_OPTIONS=--inspect", /Can't store NODE_OPTIONS/],
    ] as const) {
      const result = await runAction(scriptedMain, { with: { main: `${fs} append("${name}", "${text}\\n");` } });
      assert.equal(result.conclusion, "failure");
      assert.equal(result.exitCodes.main, 0);
      assert.match(result.annotations.at(-1)?.message ?? "", message);
    }
  });

  it("drops a summary of more than 1 MiB, but not the step", async () => {
    const main = `${fs} append("STEP_SUMMARY", "x".repeat(1024 * 1024 + 1));`;
    const result = await runAction(scripted, { with: { main, post: `${fs} append("STEP_SUMMARY", "kept");` } });
    assert.equal(result.conclusion, "success");
    assert.equal(result.summary, "kept");
    assert.match(
      result.annotations[0]?.message ?? "",
      /upload aborted, supports content up to a size of 1024k, got 1025k/,
    );
  });
});

describe("stages and steps", () => {
  it("skips main after a failed pre, and runs post whatever came before", async () => {
    const result = await runAction(scripted, { with: { pre: "process.exit(3)", main: "", post: "" } });
    assert.deepEqual(result.exitCodes, { pre: 3, post: 0 });
    assert.equal(result.conclusion, "failure");
  });

  it("shares variables, paths and workspace between steps, runs posts backwards, skips after a failure", async () => {
    await using job = createJob();
    const say = (word: string) => `console.log("${word} " + process.env.SHARED + " " + process.env.PATH.split(":")[0])`;
    await job.run(scripted, {
      with: {
        main: `${fs} append("ENV", "SHARED=yes"); append("PATH", "/first"); fs.writeFileSync("made", "");`,
        post: say("a"),
      },
    });
    const second = await job.run(scripted, {
      with: {
        main: `${fs} ${say("b")}; fs.accessSync("made"); process.exit(1)`,
        post: `${fs} fs.writeFileSync("b-was-first", "")`,
      },
    });
    const third = await job.run(scripted, {});
    const fourth = await job.run(scripted, {
      if: "always()",
      with: { post: `${fs} fs.writeFileSync("last-was-first", "")` },
    });
    assert.match(second.log, /b yes \/first/);
    assert.equal(third.conclusion, "skipped");
    assert.equal(fourth.conclusion, "success");
    const { conclusion, leftBehind } = await job.finish();
    assert.equal(conclusion, "failure");
    const names = leftBehind.map(({ path }) => path.split("/").at(-1)).sort();
    assert.deepEqual(names, ["b-was-first", "last-was-first", "made"]);
  });

  it("cancels when a line appears: SIGINT first, post still runs, and removes its folders", async () => {
    const main = `process.on("SIGINT", () => { console.log("got SIGINT"); process.exit(0); }); console.log("ready"); setInterval(() => {}, 1000);`;
    const result = await runAction(scripted, {
      with: { main, post: `console.log("post ran at " + process.cwd())` },
      cancelAfter: /^ready$/,
    });
    assert.equal(result.conclusion, "cancelled");
    assert.match(result.log, /got SIGINT/);
    const [, folder = ""] = /post ran at (.*)/.exec(result.log) ?? [];
    assert.notEqual(folder, "");
    assert.equal(existsSync(folder), false);
  });

  it("kills what ignores SIGINT and SIGTERM, with its children", async () => {
    const main = `import { spawn } from "node:child_process";
      for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => console.log("ignored " + signal));
      const child = spawn("sleep", ["600"]);
      child.on("spawn", () => console.log("child " + child.pid));
      setInterval(() => {}, 1000);`;
    const patience = { untilTerminate: 300, untilKill: 1_500 };
    const result = await runAction(scriptedMain, { with: { main }, cancelAfter: /^child/, patience });
    assert.equal(result.exitCodes.main, 128 + 9);
    assert.match(result.log, /ignored SIGINT\n(.*\n)*ignored SIGTERM/);
    // The child carries the job's tracking id, so it would be found here if only its parent had been killed.
    assert.deepEqual(result.orphans, []);
  });

  it("cancels the job at its deadline", async () => {
    const result = await runAction(scriptedMain, { with: { main: "setInterval(() => {}, 1000)" }, deadline: 300 });
    // On a busy machine the deadline may pass before the stage has even started, so only the end is looked at here.
    assert.equal(result.conclusion, "cancelled");
  });

  it("ends and reports processes that outlive the job", async () => {
    const main = `import { spawn } from "node:child_process"; spawn("sleep", ["601"], { detached: true, stdio: "ignore" }).unref();`;
    const { orphans } = await runAction(scriptedMain, { with: { main } });
    assert.deepEqual(
      orphans.map(({ command }) => command),
      ["sleep 601"],
    );
  });
});

describe("the search for secrets", () => {
  const leaking: Record<string, (secret: string) => string> = {
    "in the log, even when it is masked": () =>
      `console.log("::add-mask::" + process.env.SECRET); console.log(process.env.SECRET)`,
    "on the error stream, split over two writes": () =>
      `process.stderr.write(process.env.SECRET.slice(0, 9)); process.stderr.write(process.env.SECRET.slice(9))`,
    "as base64 inside a longer text": () =>
      `console.log(Buffer.from("user:" + process.env.SECRET + "!").toString("base64"))`,
    "in an error annotation": () => `console.log("::error::" + process.env.SECRET)`,
    "in the summary": () => `${fs} append("STEP_SUMMARY", process.env.SECRET)`,
    "in an output": () => `${fs} append("OUTPUT", "x=" + process.env.SECRET)`,
    "in a variable": () => `${fs} append("ENV", "x=" + process.env.SECRET)`,
    "in a file in RUNNER_TEMP": () => `${fs} fs.writeFileSync(process.env.RUNNER_TEMP + "/x", process.env.SECRET)`,
    "in a file in HOME": () => `${fs} fs.writeFileSync(process.env.HOME + "/x", process.env.SECRET)`,
    "in the arguments of a child": () =>
      `import { spawn } from "node:child_process"; spawn("true", [process.env.SECRET])`,
    "in the arguments of a synchronous child": () =>
      `import { execFileSync } from "node:child_process"; execFileSync("true", ["--password=" + process.env.SECRET])`,
  };
  for (const [where, main] of Object.entries(leaking)) {
    it(`finds one ${where}`, async () => {
      const secret = newSecret();
      const run = runAction(scriptedMain, { with: { main: main(secret) }, env: { SECRET: secret }, secrets: [secret] });
      await assert.rejects(run, (thrown: Error) => thrown instanceof LeakError && !thrown.message.includes(secret));
    });
  }

  it("lets a masked secret go where the test allows it, and only there", async () => {
    const secret = newSecret();
    const exporting = `${fs} append("ENV", "TOKEN=" + process.env.SECRET + "\\n"); fs.writeFileSync("dotenv", process.env.SECRET);`;
    const options = { env: { SECRET: secret }, secrets: [secret], allow: { env: ["TOKEN"], files: ["dotenv"] } };
    const masked = `console.log("::add-mask::" + process.env.SECRET);`;
    const result = await runAction(scriptedMain, { ...options, with: { main: exporting + masked } });
    assert.equal(result.env["TOKEN"], secret);
    await assert.rejects(
      runAction(scriptedMain, { ...options, with: { main: exporting } }),
      /TOKEN of scripted-main, main, unmasked/,
    );
  });

  it("does not look at what was there before the job", async () => {
    const secret = newSecret();
    const result = await runAction(scriptedMain, { files: { ".env": secret }, secrets: [secret] });
    assert.deepEqual(result.leftBehind, []);
  });
});
