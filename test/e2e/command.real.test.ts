// The command line as npm gives it to users: the packed files, in the dependencies of an app, on real Helm and git.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, describe, it } from "node:test";
import { styleText } from "node:util";
import { parseAllDocuments } from "yaml";
import { ensureTools } from "../cluster/toolchain.ts";
import { commit, gitIn } from "./fixtures/pull-request.ts";

const repository = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "fairlead-command-"));
after(() => rmSync(folder, { recursive: true }));
const { helm } = await ensureTools(["helm"]);
const [app, temporary] = [join(folder, "app"), join(folder, "temporary")];
const PATH = [dirname(helm), dirname(process.execPath), process.env["PATH"]].join(delimiter);
const env = { PATH, HOME: folder, TMPDIR: temporary };

function run(command: string, args: readonly string[], cwd: string, more: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    ...{ cwd, encoding: "utf8", timeout: 120_000 },
    env: { ...env, ...more },
  });
  return { status, stdout, stderr };
}

/** What npm does with the packed files, but for asking a registry for what the bundle holds already. */
function install(): void {
  const target = join(app, "node_modules/fairlead");
  for (const path of [target, join(app, "node_modules/.bin"), temporary]) mkdirSync(path, { recursive: true });
  assert.equal(run("npm", ["pack", "--pack-destination", folder, repository], folder).status, 0);
  const archive = readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "";
  assert.equal(run("tar", ["-xzf", archive, "-C", target, "--strip-components=1"], folder).status, 0);
  chmodSync(join(target, "dist/fairlead.mjs"), 0o755);
  symlinkSync("../fairlead/dist/fairlead.mjs", join(app, "node_modules/.bin/fairlead"));
  writeFileSync(join(app, "package.json"), "{}");
}

install();
const manifest = (image: string) => `apiVersion: jterrazz.com/v1
metadata: {name: shop}
spec:
  image: ${image}
  config: {relay: {conf: {file: conf/relay}}}
  env: {CONF: {config: relay/conf}, DB_PASSWORD: hunter2}
environments: {staging: , prod: {replicas: 2}, pr-*: }
`;
gitIn(app)("init", "--quiet", "--initial-branch=main");
const files = { ".gitignore": "node_modules", "conf/relay": "a", ".deploy/manifest.yaml": manifest("shop:1") };
commit(app, files, "first");
writeFileSync(join(app, ".deploy/manifest.yaml"), manifest("shop:2"));

/** `npx fairlead …` in the app; what it made for itself must be gone. */
function fairlead(args: readonly string[], more: Record<string, string> = {}) {
  const result = run("npx", ["--no-install", "fairlead", ...args], app, more);
  assert.deepEqual(
    readdirSync(temporary).filter((name) => name.startsWith("fairlead-")),
    [],
  );
  return result;
}

describe("npx fairlead", () => {
  it("validate finds no problem in all environments", () => {
    const { status, stdout, stderr } = fairlead(["validate"]);
    assert.match(stdout, /No problem found\.\n$/, stderr);
    assert.equal(status, 0);
  });

  it("render prints the objects of an environment, the texts of files in them", () => {
    const { status, stdout } = fairlead(["render", "prod"]);
    assert.equal(status, 0);
    const objects = parseAllDocuments(stdout).map((document) => document.toJS());
    assert.equal(objects.find(({ kind }) => kind === "Deployment").spec.replicas, 2);
    assert.deepEqual(objects.find(({ kind }) => kind === "ConfigMap").data, { conf: "a" });
    assert.deepEqual(JSON.parse(fairlead(["render", "prod", "--json"]).stdout), objects);
  });

  it("render lays the facts about a cluster over the chart's, and takes another manifest", () => {
    writeFileSync(join(app, "cluster.yaml"), "cluster: {telemetry: {endpoint: 'http://collector:4318'}}\n");
    writeFileSync(join(app, "other.yaml"), manifest("shop:3").replace("conf/relay", "cluster.yaml"));
    const { stdout } = fairlead(["render", "pr-7", "--manifest", "other.yaml", "--cluster", "cluster.yaml"]);
    assert.match(stdout, /http:\/\/collector:4318/);
    assert.match(stdout, /image: "?shop:3/);
    assert.match(stdout, /namespace: "?pr-7-shop/);
  });

  it("diff shows what the files change, without what is secret", () => {
    const { status, stdout } = fairlead(["diff", "prod"]);
    assert.equal(status, 0);
    assert.match(stdout, /^prod: 1 changed against main \([0-9a-f]{7}\)$/m);
    assert.match(stdout, /^Deployment\/shop changed: restarts\n--- Deployment\/shop\n/m);
    assert.match(stdout, /^- {10}image: shop:1\n\+ {10}image: shop:2$/m);
    assert.doesNotMatch(stdout, /hunter2/);
    const [environment] = JSON.parse(fairlead(["diff", "pr-7", "--json", "--base", "HEAD"]).stdout);
    assert.deepEqual([environment.environment, environment.state], ["pr-7", "changed"]);
  });

  it("colours where it is asked to, and not where NO_COLOR says so", () => {
    const { stdout } = fairlead(["diff", "prod"], { FORCE_COLOR: "1" });
    assert.ok(stdout.includes(`${styleText("green", "+          image: shop:2", { validateStream: false })}\n`));
    assert.ok(!fairlead(["diff", "prod"], { NO_COLOR: "1" }).stdout.includes("\u001b"));
  });

  it("says what is wrong on the error stream, and keeps the output for what was asked", () => {
    for (const command of ["render", "diff"]) {
      const { status, stdout, stderr } = fairlead([command, "prd"]);
      assert.deepEqual([status, stdout], [1, ""]);
      assert.match(
        stderr,
        /error\[APP_ENV_UNDECLARED\][\s\S]*\.deploy\/manifest\.yaml:7:1[\s\S]*did you mean `prod`\?/,
      );
      assert.equal(JSON.parse(fairlead([command, "prd", "--json"]).stderr)[0].code, "APP_ENV_UNDECLARED");
    }
    const { status, stdout, stderr } = fairlead(["diff", "prod", "--base", "absent"]);
    assert.deepEqual([status, stdout], [2, ""]);
    assert.match(stderr, /git knows no absent; fetch it first/);
  });

  it("ends well when its reader does", () => {
    const program = join(app, "node_modules/.bin/fairlead");
    const piped = spawnSync("bash", ["-c", '"$1" render prod | head -n 1', "bash", program], { cwd: app, env });
    assert.deepEqual([piped.status, String(piped.stderr)], [0, ""]);
    assert.deepEqual(
      readdirSync(temporary).filter((name) => name.startsWith("fairlead-")),
      [],
    );
  });
});
