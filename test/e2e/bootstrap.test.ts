import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { run } from "../cluster/run.ts";
import { compileCache } from "../compile-cache.ts";
import { type GitHub, type GitHubOptions, startGitHub } from "../fakes/github/server.ts";
import { startInfisical } from "../fakes/infisical/server.ts";
import { type JobOptions, runAction, type StepOptions } from "../harness/job.ts";

const bootstrap = join(import.meta.dirname, "../../actions/bootstrap");
const acme = randomBytes(20).toString("hex");
const otherTeam = randomBytes(20).toString("hex");
const secrets = [acme, otherTeam];
const deploy = { file: "deploy.yml", takes: 500 };
const tokens = [
  { token: acme, owners: ["acme"] },
  { token: otherTeam, owners: ["other-team"] },
];

/** Runs the built action against a GitHub of its own, which must not have been asked anything wrong. */
async function runWith(
  options: Partial<GitHubOptions>,
  inputs: Record<string, string>,
  step: StepOptions & Pick<JobOptions, "files"> & { onLine?: (line: string, github: GitHub) => void } = {},
) {
  const repositories = [{ name: "acme/a", workflows: [deploy] }];
  await using github = await startGitHub({ repositories, tokens, ...options });
  const result = await runAction(bootstrap, {
    ...step,
    onLine: (line) => step.onLine?.(line, github),
    with: { "api-url": github.url, ...inputs },
    env: { GITHUB_TOKEN_ACME: acme, GITHUB_TOKEN_OTHER_TEAM: otherTeam, ...step.env },
    secrets,
  });
  return { result, github };
}

type Result = Awaited<ReturnType<typeof runWith>>["result"];

function results({ outputs }: Result): Record<string, unknown>[] {
  return JSON.parse(outputs["results"] ?? "[]");
}

function onlyError(result: Result): string {
  assert.equal(result.exitCodes.main, 1);
  const errors = result.annotations.filter(({ level }) => level === "error");
  assert.equal(errors.length, 1, JSON.stringify(errors));
  assert.doesNotMatch(result.log, /^\s+at /m);
  return errors[0]?.message ?? "";
}

/** Runs the command line from its sources. */
async function fairlead(args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  const program = join(import.meta.dirname, "../../scripts/fairlead.ts");
  const environment = { PATH: process.env["PATH"], ...compileCache, GITHUB_TOKEN_ACME: acme, ...variables };
  const command = [process.execPath, program, "bootstrap", ...args];
  const { code, rawOutput, errors } = await run(command, { environment, timeout: 60_000, accept: [0, 1, 2] });
  return { code, output: rawOutput, errors };
}

// What a bootstrap does is tested on a simulated clock, in its room; here is the built action, with its network, its
// files, its outputs and its post step. Most of the time goes into waiting between two looks at a run.
describe("bootstrap", { concurrency: 8 }, () => {
  it("deploys repositories of two owners on their refs, each with its token, and waits for all", async () => {
    const repositories = [
      { name: "acme/a", workflows: [deploy], tags: ["v1.0.0"] },
      { name: "other-team/b", workflows: [{ file: "release.yml" }], defaultBranch: "trunk" },
    ];
    const { result, github } = await runWith(
      { repositories },
      { repositories: "acme/a\nacme/a@v1.0.0\nother-team/b release.yml" },
    );
    assert.equal(result.conclusion, "success");
    const { dispatched, succeeded, failed } = result.outputs;
    assert.deepEqual({ dispatched, succeeded, failed }, { dispatched: "3", succeeded: "3", failed: "0" });
    assert.deepEqual(github.runs.map(({ repository, ref }) => `${repository.name}@${ref}`).sort(), [
      "acme/a@main",
      "acme/a@v1.0.0",
      "other-team/b@trunk",
    ]);
    assert.deepEqual(result.leftBehind, []);
    const rows = result.summary.split("\n").filter((line) => line.startsWith("|"));
    assert.deepEqual(
      rows.map((row) => row.replaceAll("\\|", "").split("|").length - 2),
      [7, 7, 7, 7, 7],
    );
    assert.match(result.log, /^acme\/a@main: dispatched, https:/m);
  });

  it("reads the list from a file, with waves", async () => {
    const list = "repositories:\n  - acme/a\n  - repository: other-team/b\n    workflow: release.yml\n    wave: 0\n";
    const repositories = [
      { name: "acme/a", workflows: [deploy] },
      { name: "other-team/b", workflows: [{ file: "release.yml" }] },
    ];
    const { result, github } = await runWith(
      { repositories },
      { repositories: "apps.yaml" },
      { files: { "apps.yaml": list } },
    );
    assert.equal(result.conclusion, "success");
    assert.deepEqual(
      github.runs.map(({ repository }) => repository.name),
      ["other-team/b", "acme/a"],
    );
    const missing = await runWith({}, { repositories: "nothing.yaml" });
    assert.match(onlyError(missing.result), /`repositories` names the file nothing.yaml, which/);
  });

  it("ends with one error for everything that failed, and says which job and step", async () => {
    const repositories = [
      { name: "acme/good", workflows: [deploy] },
      { name: "acme/red", workflows: [{ ...deploy, conclusion: "failure", failedJob: "deploy", failedStep: "Apply" }] },
    ];
    const { result } = await runWith({ repositories }, { repositories: "acme/good\nacme/red\nacme/none" });
    const message = onlyError(result);
    assert.match(message, /^2 of 3 repositories failed\. .*look at deploy \/ Apply\./);
    assert.deepEqual(
      results(result).map(({ repository, status }) => `${repository} ${status}`),
      ["acme/good succeeded", "acme/red failed", "acme/none failed"],
    );
  });

  it("outlives a GitHub that is busy, silent or gone for a while", async () => {
    const onLine = (line: string, github: GitHub) => {
      if (!line.startsWith("acme/a@main: dispatched")) return;
      github.interrupt({ route: /GET .*\/runs\/\d+$/, times: 2, answer: { status: 502, body: {} } });
      github.interrupt({ route: /GET .*\/runs\/\d+$/, answer: "reset" });
    };
    const { result, github } = await runWith({}, { repositories: "acme/a" }, { onLine });
    assert.equal(result.conclusion, "success");
    assert.equal(github.exchanges.filter(({ status }) => status === 502).length, 2);
  });

  it("cancels its runs when the job is cancelled, if it is told so", async () => {
    const repositories = ["acme/a", "acme/b"].map((name) => ({ name, workflows: [{ ...deploy, takes: 600_000 }] }));
    const inputs = { repositories: "acme/a\nacme/b", "cancel-runs": "true" };
    const { result, github } = await runWith({ repositories }, inputs, {
      cancelAfter: /acme\/b@main: (queued|in prog)/,
    });
    assert.equal(result.conclusion, "cancelled");
    assert.match(onlyError(result), /The job was cancelled/);
    assert.deepEqual(
      github.runs.map(({ cancelled }) => cancelled),
      [true, true],
    );
    assert.deepEqual(
      results(result).map(({ status }) => status),
      ["cancelled", "cancelled"],
    );
    assert.deepEqual(result.leftBehind, []);
  });

  it("tells what became of everything also when a run cannot be cancelled, and tries again afterwards", async () => {
    const repositories = ["acme/a", "acme/b"].map((name) => ({ name, workflows: [{ ...deploy, takes: 600_000 }] }));
    const inputs = { repositories: "acme/a\nacme/b", "cancel-runs": "true" };
    const no = { status: 403, body: { message: "not now" } };
    const { result, github } = await runWith({ repositories }, inputs, {
      onLine: (line, state) => {
        if (line.startsWith("acme/a@main: dispatched")) state.interrupt({ route: /POST .*\/cancel$/, answer: no });
      },
      cancelAfter: /acme\/b@main: (queued|in prog)/,
    });
    assert.match(onlyError(result), /The job was cancelled/);
    assert.deepEqual(
      results(result).map(({ status }) => status),
      ["cancelled", "cancelled"],
    );
    const warnings = result.annotations.filter(({ level }) => level === "warning").map(({ message }) => message);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? "", /^1 runs could not be cancelled\. acme\//);
    assert.deepEqual(
      github.runs.map(({ cancelled }) => cancelled),
      [true, true],
    );
  });

  it("revokes the tokens that an App made for it", async () => {
    const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const publicKey = keys.publicKey.export({ type: "spki", format: "pem" }).toString();
    const privateKey = keys.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    const granted = { actions: "write", contents: "read", metadata: "read" };
    const app = { id: "7", slug: "deployer", publicKey, installations: { acme: granted } };
    const inputs = { repositories: "acme/a", tokens: "", "app-id": "7", "app-private-key": privateKey };
    const { result, github } = await runWith({ app, tokens: [] }, inputs, { env: { GITHUB_TOKEN_ACME: "" } });
    assert.equal(result.conclusion, "success");
    assert.deepEqual(
      [...github.made.values()].map(({ revoked }) => revoked),
      [true],
    );
    for (const token of github.made.keys()) assert.ok(!result.log.replaceAll(/^::add-mask::.*$/gm, "").includes(token));
  });

  it("takes tokens from Infisical's folder for bootstrap, and nothing else of it", async () => {
    const clientSecret = randomBytes(20).toString("hex");
    const other = randomBytes(20).toString("hex");
    const folders = { "/infrastructure": { secrets: { GITHUB_TOKEN_ACME: acme, N8N_ENCRYPTION_KEY: other } } };
    const project = { id: randomUUID(), slug: "jterrazz", environments: { prod: folders } };
    const client = { clientId: randomUUID(), clientSecret, projects: ["jterrazz"] };
    await using infisical = await startInfisical({ projects: [project], identities: [client] });
    const files = { "cluster.yaml": `cluster: {infisical: {url: "${infisical.url}"}}\n` };
    const identity = {
      "infisical-client-id": client.clientId,
      "infisical-client-secret": clientSecret,
      cluster: "cluster.yaml",
    };
    const inputs = { repositories: "acme/a", preflight: "none", ...identity };
    const { result } = await runWith({}, inputs, { files, env: { GITHUB_TOKEN_ACME: "" } });
    assert.equal(result.conclusion, "success", result.log);
    assert.ok(!result.log.includes(other));
  });

  it("does the same from a terminal, with the results as a table or as JSON", async () => {
    const repositories = [
      { name: "acme/a", workflows: [deploy] },
      { name: "acme/red", workflows: [{ ...deploy, conclusion: "timed_out" }] },
    ];
    await using github = await startGitHub({ repositories, tokens });
    const good = await fairlead(["acme/a", "--api-url", github.url]);
    assert.equal(good.code, 0, good.errors);
    assert.match(
      good.output,
      /^acme\/a@main: dispatched, https:.*\n[\s\S]*Bootstrap: 1 succeeded\n {2}acme\/a +- +main +succeeded/m,
    );
    const bad = await fairlead(["acme/a", "acme/red", "--json", "--api-url", github.url]);
    assert.equal(bad.code, 1, bad.errors);
    const conclusions = (JSON.parse(bad.output) as { conclusion: string }[]).map(({ conclusion }) => conclusion);
    assert.deepEqual(conclusions, ["success", "timed_out"]);
    assert.equal((await fairlead(["other-team/b", "--api-url", github.url])).code, 2);
  });

  it("leaves no token behind from a terminal where it could not be revoked at once", async () => {
    const folder = mkdtempSync(join(tmpdir(), "fairlead-bootstrap-"));
    const client = { clientId: randomUUID(), clientSecret: randomBytes(20).toString("hex"), projects: ["jterrazz"] };
    const folders = { "/infrastructure": { secrets: { GITHUB_TOKEN_ACME: acme } } };
    const project = { id: randomUUID(), slug: "jterrazz", environments: { prod: folders } };
    try {
      await using infisical = await startInfisical({ projects: [project], identities: [client] });
      await using github = await startGitHub({ repositories: [{ name: "acme/a", workflows: [deploy] }], tokens });
      infisical.interrupt({ route: /POST .*\/revoke$/, times: 2, answer: { status: 503, body: {} } });
      const file = join(folder, "cluster.yaml");
      writeFileSync(file, `cluster: {infisical: {url: "${infisical.url}"}}\n`);
      const { code, errors } = await fairlead(
        ["acme/a", "--api-url", github.url, "--cluster", file, "--preflight", "none"],
        {
          ...{ INFISICAL_CLIENT_ID: client.clientId, INFISICAL_CLIENT_SECRET: client.clientSecret },
          GITHUB_TOKEN_ACME: "",
        },
      );
      assert.equal(code, 0, errors);
      assert.equal(infisical.tokens.length, 1);
      assert.deepEqual(infisical.liveTokens(), []);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("says that nobody answers", async () => {
    const gone = await startGitHub({ repositories: [], tokens: [] });
    await gone.close();
    const inputs = { repositories: "acme/a", tokens: `acme=${acme}`, "api-url": gone.url };
    assert.match(onlyError(await runAction(bootstrap, { with: inputs, secrets })), /did not answer: .*ECONNREFUSED/);
  });
});
