// The built action on real Helm: what a pull request shows of wrong manifests.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, describe, it } from "node:test";
import type { Problem } from "../../actions/validate/problem.ts";
import { ensureTools } from "../cluster/toolchain.ts";
import { createJob, type JobOptions, type StepOptions } from "../harness/job.ts";

const repository = join(import.meta.dirname, "../..");
const hello = readFileSync(join(repository, "examples/hello/.deploy/manifest.yaml"), "utf8");
const bin = mkdtempSync(join(tmpdir(), "fairlead-bin-"));
after(() => rmSync(bin, { recursive: true }));
symlinkSync((await ensureTools(["helm"])).helm, join(bin, "helm"));
const env = { PATH: [bin, process.env["PATH"]].join(delimiter) };

/** Runs the action on files of a checkout. */
async function validate(files: JobOptions["files"], options: StepOptions = {}) {
  await using job = createJob({ env, ...(files === undefined ? {} : { files }) });
  const step = await job.run(join(repository, "actions/validate"), options);
  const { leftBehind, orphans } = await job.finish();
  assert.deepEqual({ leftBehind, orphans }, { leftBehind: [], orphans: [] });
  const errors: Problem[] = JSON.parse(step.outputs["errors"] ?? "null");
  return { step, errors, annotations: step.annotations.filter(({ level }) => level === "error") };
}

const places = (errors: readonly Problem[]) =>
  errors.map(({ line, column, endColumn, code, path }) => `${line}:${column}-${endColumn} ${code} ${path}`);

describe("validate", () => {
  it("passes a right manifest in all environments and says nothing", async () => {
    const { step, errors, annotations } = await validate({ ".deploy/manifest.yaml": hello });
    assert.equal(step.conclusion, "success", step.log);
    assert.deepEqual([step.outputs["valid"], errors, annotations, step.summary], ["true", [], [], ""]);
    const rendered = step.commands.filter((command) => command.includes("template"));
    assert.equal(rendered.length, 4, "each environment is resolved and rendered once");
    const notices = step.annotations.filter(({ level }) => level === "notice").map(({ message }) => message);
    assert.equal(notices.length, 1, step.log);
    assert.match(notices.join(), /not checked against a schema: .*traefik\.io\/v1alpha1 IngressRoute/);
  });

  it("annotates each problem at its key or value, with what was meant", async () => {
    const text = hello
      .replace("    replicas: 2", "    replica: 2")
      .replace("port: 3000", 'port: "3000"')
      .replace("NODE_ENV: production", "NODE_ENV: production\n      DEBUG: no\n      VERSION: 1.10");
    const { step, errors, annotations } = await validate({ ".deploy/manifest.yaml": text });
    assert.equal(step.conclusion, "failure");
    assert.equal(step.outputs["valid"], "false");
    assert.deepEqual(places(errors), [
      "9:9-15 APP_VALUE_TYPE spec.port",
      "25:5-12 APP_KEY_UNKNOWN environments.prod.replica",
      "30:14-16 YAML_BOOLEAN_WORD environments.prod.env.DEBUG",
      "31:16-20 YAML_NUMBER_TEXT environments.prod.env.VERSION",
    ]);
    assert.deepEqual(
      annotations.map(({ properties }) => properties),
      errors.map(({ file, line, column, endColumn, code }) => ({
        ...{ title: code, file, line: String(line) },
        ...{ col: String(column), endColumn: String(endColumn) },
      })),
    );
    const messages = annotations.map(({ message }) => message).join("\n");
    assert.match(messages, /`replica` is not a key here; did you mean `replicas`\?/);
    assert.match(messages, /write it in quotes: "1\.10"/);
    assert.match(step.summary, /4 problems[\s\S]*did you mean/);
  });

  it("gives a rule that is broken in several environments once, and names them", async () => {
    const text = hello.replace("memory: 256Mi", "memory: lots").replace("replicas: 2", "resources: {cpu: half}");
    const { step, errors } = await validate({ ".deploy/manifest.yaml": text });
    assert.deepEqual(
      errors.map(({ path, environment }) => `${path} (${environment})`),
      ["spec.resources.memory (staging, prod)", "environments.prod.resources.cpu (prod)"],
      step.log,
    );
    assert.deepEqual(places(errors)[0], "12:13-17 APP_QUANTITY_INVALID spec.resources.memory");
  });

  it("warns of what is most likely a mistake, at its place, and passes", async () => {
    const text = hello.replace(
      "  port: 3000",
      '  port: 3000\n  nodeSelector: { node-role.kubernetes.io/web: "true" }\n  env: { API: "https://me:secret@api" }',
    );
    const { step } = await validate({
      ".deploy/manifest.yaml": text.replace("host: my-app.", "private: false\n      host: my-app."),
    });
    assert.equal(step.outputs["valid"], "true", step.log);
    assert.deepEqual(
      step.annotations
        .filter(({ level, properties }) => level === "warning" || properties["title"] === "APP_NOTICE")
        .map(({ level, properties: { title, file, line } }) => `${level} ${title} ${file}:${line}`),
      [
        "warning APP_NODE_ROLE .deploy/manifest.yaml:10",
        "warning APP_SECRET_PLAIN .deploy/manifest.yaml:11",
        "notice APP_NOTICE .deploy/manifest.yaml:29",
      ],
    );
  });

  it("checks every manifest, also when the YAML of one is broken", async () => {
    const files = {
      "apps/a/.deploy/manifest.yaml": hello,
      "apps/b/.deploy/manifest.yaml": hello.replace("port: 3000", "port: 3000\n  port: 3001"),
      "apps/c/.deploy/manifest.yaml": hello.replace("  port", "\tport"),
      "apps/d/.deploy/manifest.yaml": hello.replace("cpu: 100m", "cpu: much"),
    };
    const { step, errors } = await validate(files, { with: { manifests: "apps/*/.deploy/manifest.yaml" } });
    assert.deepEqual(
      errors.map(({ file, line, code }) => `${file.slice(5, 6)}:${line} ${code}`),
      ["b:10 YAML_KEY_TWICE", "c:9 YAML_TAB", "d:11 APP_QUANTITY_INVALID"],
      step.log,
    );
  });

  it("shows ten of many problems beside the code, all of them in the summary", async () => {
    const keys = Array.from({ length: 14 }, (_, index) => `  unknown${index}: 1\n`).join("");
    const { step, errors, annotations } = await validate({
      ".deploy/manifest.yaml": hello.replace("spec:\n", `spec:\n${keys}`),
    });
    assert.deepEqual([errors.length, annotations.length], [14, 10], step.log);
    for (const { path } of errors) assert.ok(step.summary.includes(`\`${path}\``), path);
  });

  it("asks back when an environment is misspelt", async () => {
    const { errors } = await validate({ ".deploy/manifest.yaml": hello }, { with: { environments: "stagin" } });
    assert.deepEqual(
      errors.map(({ code, path, hint, line }) => ({ code, path, hint, line })),
      [{ code: "APP_ENV_UNDECLARED", path: "environments", hint: "did you mean `staging`?", line: 16 }],
    );
  });

  it("renders one environment of a pattern", async () => {
    const { step } = await validate({
      ".deploy/manifest.yaml": hello.replace("  staging:", "  pr-*:\n    deploy: {branch: x}"),
    });
    assert.equal(step.outputs["valid"], "true", step.log);
    assert.ok(step.commands.some((command) => command.some((argument) => argument.includes('environment="pr-1"'))));
  });

  it("says which files it looked for when there is none", async () => {
    const { step, annotations } = await validate({ "README.md": "" });
    assert.equal(step.conclusion, "failure");
    assert.match(annotations.map(({ message }) => message).join(), /No file matches \.deploy\/manifest\.yaml/);
  });
});
