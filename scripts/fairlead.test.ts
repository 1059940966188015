import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { compileCache } from "../test/compile-cache.ts";

const folder = mkdtempSync(join(tmpdir(), "fairlead-cli-"));
after(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, "apps"));
cpSync(join(import.meta.dirname, "../examples/hello/.deploy"), join(folder, ".deploy"), { recursive: true });
writeFileSync(join(folder, "apps/bad.yaml"), "metadata: {name: web}\nspec:\n  prot: 3000\nenvironments: {prod: }\n");

/** Runs the command line from its sources. */
function fairlead(args: readonly string[], env: Record<string, string> = {}) {
  const program = join(import.meta.dirname, "fairlead.ts");
  const run = spawnSync(process.execPath, [program, ...args], {
    cwd: folder,
    encoding: "utf8",
    env: { PATH: process.env["PATH"], HOME: folder, ...compileCache, ...env },
    timeout: 60_000,
  });
  return { status: run.status, stdout: run.stdout, stderr: run.stderr };
}

test("the manifest of the folder is checked by default", () => {
  assert.deepEqual(fairlead(["validate", "--no-render"]), { status: 0, stdout: "No problem found.\n", stderr: "" });
});

test("a problem is shown with its line, uncoloured where there is no terminal", () => {
  const { status, stdout } = fairlead(["validate", "--no-render", "apps/*.yaml"]);
  assert.equal(status, 1);
  assert.match(stdout, /^error\[APP_KEY_UNKNOWN\]: `prot` is not a key here/);
  assert.match(stdout, / --> apps\/bad\.yaml:3:3 {2}spec\.prot\n/);
  assert.match(stdout, /^3 \| {3}prot: 3000\n {2}\| {3}\^{4}\n {2}= did you mean `port`\?$/m);
  assert.match(stdout, /\n1 problem\n$/);
});

test("colours are used where they are asked for", () => {
  const { stdout } = fairlead(["validate", "--no-render", "apps/bad.yaml"], { FORCE_COLOR: "1" });
  assert.ok(stdout.startsWith("\u001b[31merror[APP_KEY_UNKNOWN]\u001b[39m"));
});

test("--json prints what the action's output holds", () => {
  const { status, stdout } = fairlead(["validate", "--no-render", "--json", "apps/bad.yaml"]);
  assert.equal(status, 1);
  const [problem, ...others] = JSON.parse(stdout);
  assert.deepEqual(others, []);
  assert.deepEqual(Object.keys(problem).sort(), [
    ...["code", "column", "endColumn", "endLine", "environment", "file", "hint", "line", "message", "path"],
  ]);
  assert.deepEqual([problem.file, problem.line, problem.endColumn], ["apps/bad.yaml", 3, 7]);
});

test("an older Node is told what is needed, and shows no code", () => {
  const older = "data:text/javascript,Object.defineProperty(process,'versions',{value:{node:'20.20.2'}})";
  assert.deepEqual(fairlead(["validate"], { NODE_OPTIONS: `--import=${older}` }), {
    status: 2,
    stdout: "",
    stderr: "fairlead needs Node 24 or newer; this is 20.20.2.\n",
  });
});

test("what cannot be carried out is no verdict on a manifest", () => {
  for (const [args, words] of [
    [["validate", "absent.yaml"], /No file matches absent\.yaml/],
    [["validate", "--nope"], /Unknown option '--nope'/],
    [["deploy"], /Usage: fairlead COMMAND/],
    [["validat"], /^There is no command validat; did you mean validate\?\n\nUsage: fairlead COMMAND/],
    [[], /^Usage: fairlead COMMAND/],
    [["render"], /One environment is needed/],
    [["diff", "a", "b"], /One environment is needed/],
    [["status"], /One environment is needed\. See `fairlead status --help`/],
    [["scale", "prod"], /`replicas` is missing, which `scale` needs\. See `fairlead scale --help`/],
    [["rollback", "prod", "--replicas", "2"], /Unknown option '--replicas'/],
  ] as const) {
    const { status, stdout, stderr } = fairlead(args);
    assert.deepEqual([status, stdout], [2, ""]);
    assert.match(stderr, words);
  }
});
