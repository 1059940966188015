// The built action on real Helm: what a pull request shows of wrong manifests.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, describe, it } from "node:test";
import { marked } from "marked";
import type { Problem } from "../../actions/validate/problem.ts";
import { ensureTools } from "../cluster/toolchain.ts";
import { createJob, type JobOptions, type StepOptions } from "../harness/job.ts";
import { openPullRequest, type PullRequest } from "./fixtures/pull-request.ts";

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
    const { step, errors } = await validate({ ".deploy/manifest.yaml": hello });
    assert.equal(step.conclusion, "success", step.log);
    assert.deepEqual([step.outputs["valid"], errors, step.summary], ["true", [], ""]);
    const rendered = step.commands.filter((command) => command.includes("template"));
    assert.equal(rendered.length, 1, "all environments are resolved and rendered by one process");
    assert.deepEqual(step.annotations, [], "every kind is checked, Traefik's too");
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

  it("checks what is rendered against the version of Kubernetes that is asked for", async () => {
    const files = {
      ".deploy/manifest.yaml": hello.replace("spec:\n", "spec:\n  patch:\n    podSpec:\n      hostnameOverride: db\n"),
    };
    const asked = (version: string) => validate(files, { with: { "kubernetes-version": version } });
    assert.deepEqual((await validate(files)).errors, []);
    const { errors } = await asked("1.33");
    assert.deepEqual(
      errors.map(({ code, path, hint }) => ({ code, path, hint })),
      [
        {
          code: "APP_OBJECT_INVALID",
          path: "spec.patch.podSpec.hostnameOverride",
          hint: "Kubernetes 1.34, 1.35 and 1.36 take it",
        },
      ],
    );
    const { step, annotations } = await asked("1.3");
    assert.equal(step.conclusion, "failure");
    assert.deepEqual(
      annotations.map(({ properties }) => properties["title"]),
      ["INPUT_INVALID"],
    );
    assert.match(annotations[0]?.message ?? "", /kubernetes-version.*"1\.3".*1\.36; for 1\.30 write it in quotes/);
  });

  it("asks back when an environment is misspelt", async () => {
    const { errors } = await validate({ ".deploy/manifest.yaml": hello }, { with: { environments: "stagin" } });
    assert.deepEqual(
      errors.map(({ code, path, hint, line }) => ({ code, path, hint, line })),
      [{ code: "APP_ENV_UNDECLARED", path: "environments", hint: "did you mean `staging`?", line: 16 }],
    );
  });

  it("renders one environment of a pattern", async () => {
    const pattern = hello.replace("  staging:", "  pr-*:\n    deploy: {branch: x}");
    const { step } = await validate({ ".deploy/manifest.yaml": pattern }, { with: { environments: "pr-*" } });
    assert.equal(step.outputs["valid"], "true", step.log);
    assert.ok(step.commands.some((command) => command.some((argument) => argument.includes('environment="pr-1"'))));
  });

  it("says which files it looked for when there is none", async () => {
    const { step, annotations } = await validate({ "README.md": "" });
    assert.equal(step.conclusion, "failure");
    assert.match(annotations.map(({ message }) => message).join(), /No file matches \.deploy\/manifest\.yaml/);
  });
});

describe("validate in a pull request", () => {
  const file = ".deploy/manifest.yaml";
  const [oldSecret, newSecret] = ["the-old-password-of-the-shop", "the-new-password-of-the-shop"];
  const shop = (secret: string) => `apiVersion: jterrazz.com/v1
metadata: {name: shop}
spec:
  image: shop:1
  env: {DB_PASSWORD: ${secret}, CONF: {config: relay/conf.yaml}}
  config: {relay: {conf.yaml: {file: conf/relay.yaml}}}
  manifests: {extra: {apiVersion: v1, kind: Secret, metadata: {name: extra}, stringData: {password: ${secret}}}}
  ingress: {host: old.example.com}
environments:
  staging: {ingress: {host: staging.example.com}}
  prod: {replicas: 2}
`;
  const base = { [file]: shop(oldSecret), "conf/relay.yaml": "level: info\n" };
  const change = {
    [file]: shop(newSecret).replace("shop:1", "'shop:2'").replace("old.example.com", "new.example.com"),
    "conf/relay.yaml": `level: "<b>|debug|</b>"\nurl: postgres://app:${newSecret}@db/app\n`,
  };

  /** Runs the action on the request; nobody gave it a secret or a token, as for a fork's. */
  async function check(request: PullRequest, options: StepOptions = {}) {
    const { workspace, event } = request;
    await using job = createJob({
      ...{ workspace, event, env: { ...env, ...request.env } },
      secrets: [oldSecret, newSecret],
    });
    const step = await job.run(join(repository, "actions/validate"), options);
    // The checkout holds the secrets of this manifest itself; what comes out of the step may not.
    const { leftBehind, orphans } = await job.finish();
    assert.deepEqual(orphans, []);
    const ours = leftBehind.filter(({ path }) => !path.includes("/.git/"));
    assert.deepEqual(ours, []);
    const output = step.outputs["diff"] ?? "";
    const messages = (level: string) =>
      step.annotations.filter((annotation) => annotation.level === level).map(({ message }) => message);
    return { step, changes: output === "" ? undefined : JSON.parse(output), messages };
  }

  it("shows what changes in every environment, without a secret", async () => {
    using request = openPullRequest(base, change);
    const { step, changes, messages } = await check(request);
    assert.equal(step.outputs["valid"], "true", step.log);
    type Change = { kind: string; name: string; change: string; effects: { kind: string }[] };
    const objects = (environment: { objects: Change[] }) =>
      environment.objects.map(({ kind, name, change, effects }) => [
        `${kind}/${name}`,
        change,
        ...effects.map((one) => one.kind),
      ]);
    assert.deepEqual(
      changes.map(({ environment, state, manifest }: Record<string, string>) => [manifest, environment, state]),
      [
        [file, "staging", "changed"],
        [file, "prod", "changed"],
      ],
    );
    const always = [
      ["Secret/extra", "changed"],
      ["ConfigMap/shop-relay", "changed"],
      ["Deployment/shop", "changed", "restarts"],
    ];
    assert.deepEqual(objects(changes[0]), always);
    assert.deepEqual(objects(changes[1]), [
      ...always,
      ["Certificate/shop-tls", "changed"],
      ["IngressRoute/shop", "changed"],
    ]);
    assert.deepEqual([changes[0].hosts, changes[1].hosts], [[], ["old.example.com"]]);
    const ofHosts = messages("warning").filter((message) => message.includes("example.com"));
    assert.deepEqual(ofHosts, ["old.example.com is routed no more; its DNS record stays until somebody removes it."]);
    assert.match(step.summary, /^### Changes against `main` \(`[0-9a-f]{7}`\)$/m);
    assert.match(step.summary, /^- {10}image: shop:1\n\+ {10}image: shop:2$/m);
    assert.match(step.summary, /^\+ {4}url: postgres:\/\/<hidden \d>@db\/app$/m);
    assert.match(step.summary, /^- {2}password: <hidden 1>\n\+ {2}password: <hidden 2>$/m);
  });

  it("gives a summary in which the texts of a manifest are text", async () => {
    using request = openPullRequest(base, change);
    const { step } = await check(request);
    const html = await marked.parse(step.summary);
    assert.doesNotMatch(html, /<b>/);
    const rows = [...html.matchAll(/<tr>\s*((?:<t[dh]>[\s\S]*?<\/t[dh]>\s*)+)<\/tr>/g)];
    assert.equal(rows.length, 2 + 3 + 5, "one table for each environment, one row for each object");
    for (const [, cells = ""] of rows) assert.equal(cells.match(/<t[dh]>/g)?.length, 4);
    assert.equal(html.match(/<details>/g)?.length, 2);
  });

  it("says that nothing changes, and renders nothing twice for it", async () => {
    using request = openPullRequest(base, { "src/main.ts": "1" });
    const { step, changes, messages } = await check(request);
    assert.deepEqual([changes, messages("warning")], [[], []]);
    assert.match(step.summary, /Nothing changes in any environment/);
    assert.equal(step.commands.filter((command) => command.includes("template")).length, 2, "one for each environment");
  });

  it("shows environments and manifests that come and go", async () => {
    const renamed = shop(oldSecret).replace("  staging:", "  pr-*:");
    const before = { ...base, "old/.deploy/manifest.yaml": hello, "other/file.yaml": "" };
    const after = { "old/.deploy/manifest.yaml": null, "other/file.yaml": null, "b/.deploy/manifest.yaml": hello };
    using request = openPullRequest(before, { [file]: renamed, ...after });
    const { changes, step } = await check(request, { with: { manifests: `${file}\n*/.deploy/manifest.yaml` } });
    assert.deepEqual(
      changes.map(({ manifest, environment, state }: Record<string, string>) => `${manifest} ${environment} ${state}`),
      [
        `${file} pr-* new`,
        `${file} staging gone`,
        "b/.deploy/manifest.yaml staging new",
        "b/.deploy/manifest.yaml prod new",
      ],
    );
    assert.match(step.summary, /staging: no longer declared; what is deployed stays until it is removed/);
    assert.match(
      step.summary,
      /^old\/\.deploy\/manifest\.yaml is gone; what is deployed of it stays until it is removed\.$/m,
    );
    assert.doesNotMatch(step.summary, /file\.yaml is gone/);
  });

  it("says why it shows nothing where the base cannot be had, and passes", async () => {
    using request = openPullRequest(base, change);
    rmSync(request.origin, { recursive: true });
    const { step, changes, messages } = await check(request);
    assert.deepEqual([step.conclusion, step.outputs["valid"], changes], ["success", "true", undefined], step.log);
    const [notice] = messages("notice").filter((message) => message.includes("against main"));
    assert.match(notice ?? "", /^What changes against main is not shown: git fetch: .*fetch-depth: 0/);
  });

  it("passes over a base whose manifest is broken", async () => {
    using request = openPullRequest({ ...base, [file]: "spec: [" }, { [file]: shop(oldSecret) });
    const { step, changes } = await check(request);
    assert.deepEqual([step.outputs["valid"], changes], ["true", []], step.log);
    assert.match(step.summary, /manifest\.yaml was not compared: its version in the base has a problem/);
  });

  it("compares with what it is told to, whatever the event", async () => {
    using request = openPullRequest(base, change);
    const pushed = { ...request, event: { ...request.event, name: "push" }, env: {} };
    assert.equal((await check(pushed)).changes, undefined);
    const { changes, step } = await check(pushed, { with: { "base-ref": request.base, environments: "prod" } });
    assert.deepEqual(
      changes.map(({ environment }: Record<string, string>) => environment),
      ["prod"],
      step.log,
    );
  });

  it("shows no changes of a manifest that has a problem", async () => {
    using request = openPullRequest(base, { [file]: shop(oldSecret).replace("replicas: 2", "replica: 2") });
    const { step, changes } = await check(request);
    assert.deepEqual([step.outputs["valid"], changes], ["false", undefined]);
  });
});
