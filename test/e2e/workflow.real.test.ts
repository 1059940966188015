// Workflow files that are there to be copied, run by act as GitHub would run them, on all real parts.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, it } from "node:test";
import { run } from "../cluster/run.ts";
import { startGitHub } from "../fakes/github/server.ts";
import { assertNoLeaks } from "../harness/leaks.ts";
import { cloneAndCommit, filesBelow, runExample, runWorkflow } from "./act.ts";
import { pageWith, serviceAddress } from "./page.ts";
import { openWorld, repository } from "./world.ts";

const world = await openWorld();
after(() => world[Symbol.dispose]());

it("runs the example's workflow, and the pushed commit is live", async () => {
  using folder = temporaryFolder();
  const checkout = join(folder.path, "checkout");
  const commit = await cloneAndCommit(checkout);
  const trigger = { event: "push", ref: "refs/heads/main", commit } as const;
  const { code, log } = await runExample(world, { folder: folder.path, checkout }, trigger);
  const files = filesBelow(checkout, join(folder.path, "home"));
  assertNoLeaks(world.secrets, [{ place: "the log of act", content: log }, ...files]);
  assert.equal(code, 0, log);
  const live = /\| live https:\/\/my-app-staging\.jterrazz\.com (\S+@sha256:[0-9a-f]{64}) revision (\d+)$/m.exec(log);
  assert.ok(live !== null, log);
  const [, image = "", revision] = live;
  assert.match(await pageWith(await serviceAddress(world, "staging", { name: "my-app" }), commit), /development/);
  const running = "jsonpath={.spec.template.spec.containers[0].image}";
  assert.equal(await world.kubectl("get", "deployment", "my-app", "-n", "staging-my-app", "-o", running), image);
  const summary = log.slice(log.indexOf("Summary - "));
  assert.match(summary, new RegExp(`^\\| Revision \\| ${revision}\\b`, "m"));
  assert.ok(summary.includes(image), summary);

  // The form for the day after, filled in for a look.
  using other = temporaryFolder();
  const kubeconfig = readFileSync(world.cluster.kubernetes.kubeconfig).toString("base64");
  const form = { operation: "status", environment: "staging", previous: "false" };
  const looked = await runExample(world, { folder: other.path, checkout }, {
    ...{ event: "workflow_dispatch", ref: "refs/heads/main", commit, workflow: "operate.yml", inputs: form },
    secrets: { KUBECONFIG_BASE64: kubeconfig },
  } as const);
  assert.equal(looked.code, 0, looked.log);
  assert.match(looked.log, new RegExp(`staging-my-app revision ${revision} is healthy`));
});

it("runs the bootstrap workflow as it is copied, and every listed repository is dispatched", async () => {
  using folder = temporaryFolder();
  const [fairlead, checkout] = [join(folder.path, "fairlead"), join(folder.path, "checkout")];
  await cloneAndCommit(fairlead);
  const workflow = ".github/workflows/bootstrap.yml";
  mkdirSync(join(checkout, dirname(workflow)), { recursive: true });
  copyFileSync(join(repository, workflow), join(checkout, workflow));
  writeFileSync(join(checkout, "apps.yaml"), "repositories:\n  - acme/shop\n  - other-team/blog release.yml\n");
  const git = ["git", "-C", checkout, "-c", "user.name=Test", "-c", "user.email=test@example.com"];
  for (const args of [
    ["init", "--quiet"],
    ["add", "."],
    ["commit", "--quiet", "--message", "List the apps"],
  ])
    await run([...git, ...args]);

  const tokens = ["acme", "other-team"].map((owner) => ({ token: randomBytes(20).toString("hex"), owners: [owner] }));
  const secrets = tokens.map(({ token }) => token);
  const repositories = [
    { name: "acme/shop", workflows: [{ file: "deploy.yml" }] },
    { name: "other-team/blog", workflows: [{ file: "release.yml" }] },
  ];
  await using github = await startGitHub({ repositories, tokens });
  const kubeconfig = readFileSync(world.cluster.kubernetes.kubeconfig).toString("base64");
  const fill = async (inputs: Readonly<Record<string, string>>) => {
    using kept = temporaryFolder();
    const { code, log } = await runWorkflow({
      ...{ folder: kept.path, checkout, workflow, event: "workflow_dispatch", path: world.env["PATH"] ?? "" },
      payload: { ref: "refs/heads/main", repository: { default_branch: "main" }, inputs },
      secrets: {
        BOOTSTRAP_TOKENS: tokens.map(({ token, owners }) => `${owners.join()}=${token}`).join("\n"),
        KUBECONFIG_BASE64: kubeconfig,
      },
      environment: { GITHUB_API_URL: github.url },
      repositories: { "jterrazz/fairlead@v1": fairlead },
    });
    const files = filesBelow(checkout, join(kept.path, "home"));
    assertNoLeaks([...world.secrets, ...secrets], [{ place: "the log of act", content: log }, ...files]);
    assert.equal(code, 0, log);
    return log;
  };

  const looked = await fill({ repositories: "acme/shop", "dry-run": "true" });
  assert.match(looked, /Bootstrap: 1 planned/);
  assert.equal(github.runs.length, 0);
  const done = await fill({});
  assert.match(done, /Bootstrap: 2 succeeded/);
  assert.deepEqual(github.runs.map(({ repository: { name }, workflow: { file } }) => `${name} ${file}`).sort(), [
    "acme/shop deploy.yml",
    "other-team/blog release.yml",
  ]);
});

function temporaryFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "fairlead-act-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
