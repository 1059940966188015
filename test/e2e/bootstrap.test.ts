import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type GitHub, type GitHubOptions, startGitHub } from "../fakes/github/server.ts";
import { runAction, type StepOptions } from "../harness/job.ts";

const bootstrap = join(import.meta.dirname, "../../actions/bootstrap");
const acme = randomBytes(20).toString("hex");
const otherTeam = randomBytes(20).toString("hex");
const secrets = [acme, otherTeam];
const deploy = { file: "deploy.yml", looks: 2 };
const tokens = [
  { token: acme, owners: ["acme"] },
  { token: otherTeam, owners: ["other-team"] },
];

/** Runs the built action against a GitHub of its own, which must not have been asked anything wrong. */
async function runWith(
  options: Partial<GitHubOptions>,
  inputs: Record<string, string>,
  step: StepOptions & { onLine?: (line: string, github: GitHub) => void } = {},
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

// Most of the time goes into waiting between two looks at a run, so the tests share it.
describe("bootstrap", { concurrency: 8 }, () => {
  it("deploys repositories of two owners on their refs, each with its token, and waits for all", async () => {
    const repositories = [
      { name: "acme/a", workflows: [deploy], refs: ["v1.0.0"] },
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
      [6, 6, 6, 6, 6],
    );
    assert.match(result.log, /^acme\/a: dispatched deploy.yml on main, https:/m);
    assert.match(result.log, /^acme\/a: in progress$/m);
  });

  it("reports what is wrong with each repository, and goes on with the others", async () => {
    const repositories = [
      { name: "acme/good", workflows: [deploy] },
      { name: "acme/red", workflows: [{ ...deploy, conclusion: "failure" as const, failedJob: "deploy" }] },
      { name: "acme/slow", workflows: [{ ...deploy, conclusion: "timed_out" as const }] },
      { name: "acme/empty", workflows: [] },
      { name: "acme/off", workflows: [{ ...deploy, state: "disabled_manually" as const }] },
      { name: "acme/push-only", workflows: [{ ...deploy, dispatchable: false }] },
    ];
    const names = [...repositories.map(({ name }) => name), "acme/none", "acme/good@v9"];
    const { result } = await runWith({ repositories }, { repositories: names.join("\n"), concurrency: "8" });
    const message = onlyError(result);
    assert.match(message, /^7 of 8 repositories failed\. /);
    for (const part of [
      /acme\/red: The run ended as failure; look at deploy\./,
      /acme\/slow: The run ended as timed out\./,
      /acme\/empty has no workflow deploy.yml on its default branch\./,
      /deploy.yml of acme\/off is not active \(disabled manually\)\./,
      /acme\/push-only: GitHub refused with status 422: Workflow does not have 'workflow_dispatch' trigger\./,
      /acme\/none does not exist, or the token of acme may not see it\./,
      /acme\/good: GitHub refused with status 422: No ref found for: v9\./,
    ]) {
      assert.match(message, part);
    }
    assert.deepEqual(
      [result.outputs["dispatched"], result.outputs["succeeded"], result.outputs["failed"]],
      ["3", "1", "7"],
    );
    assert.deepEqual(
      results(result).map(({ repository }) => repository),
      [...names.slice(0, 7), "acme/good"],
    );
  });

  it("names every missing token before anything is dispatched", async () => {
    const { result, github } = await runWith(
      {},
      { repositories: "acme/a\nsome-one/b\nelse/c" },
      { env: { GITHUB_TOKEN_OTHER_TEAM: "" } },
    );
    const message = onlyError(result);
    assert.match(message, /no token for some-one, else, so nothing was dispatched/);
    assert.match(message, /GITHUB_TOKEN_SOME_ONE, GITHUB_TOKEN_ELSE/);
    assert.equal(github.exchanges.length, 0);
  });

  it("says whose token is refused, and which permission is missing", async () => {
    const repositories = [
      { name: "acme/a", workflows: [deploy] },
      { name: "other-team/b", workflows: [deploy] },
    ];
    const readOnly = [{ token: acme, owners: ["acme"], may: "read" as const }];
    const { result } = await runWith({ repositories, tokens: readOnly }, { repositories: "acme/a\nother-team/b" });
    const message = onlyError(result);
    assert.match(message, /acme\/a: The token of acme is not allowed .*Give it the permission `actions: write`/);
    assert.match(message, /other-team\/b: GitHub does not accept the token of other-team \(Bad credentials\)/);
  });

  for (const runDetails of ["refused", "ignored"] as const) {
    it(`finds its own run where run details are ${runDetails}`, async () => {
      const { result, github } = await runWith({ runDetails, listingLag: 1 }, { repositories: "acme/a" });
      assert.equal(result.conclusion, "success");
      assert.equal(github.runs.length, 1);
      assert.match(String(results(result)[0]?.["run"]), /\/runs\/9000$/);
    });
  }

  it("is not misled by a run that was there before, where GitHub names none", async () => {
    const repositories = [{ name: "acme/a", workflows: [deploy] }];
    await using github = await startGitHub({ repositories, tokens, runDetails: "refused" });
    const elsewhere = github.dispatchElsewhere("acme/a", "deploy.yml", "main");
    const inputs = { "api-url": github.url, repositories: "acme/a", tokens: `acme=${acme}` };
    const result = await runAction(bootstrap, { with: inputs, secrets });
    assert.match(String(results(result)[0]?.["run"]), /\/runs\/9001$/);
    assert.equal(elsewhere.looks, 0);
  });

  it("checks everything and dispatches nothing in a dry run", async () => {
    const { result, github } = await runWith({}, { repositories: "acme/a\nacme/none", "dry-run": "true" });
    assert.match(onlyError(result), /^1 of 2 repositories failed\. acme\/none: /);
    assert.equal(github.runs.length, 0);
    assert.equal(results(result)[0]?.["status"], "planned");
  });

  it("does not wait when it is told so", async () => {
    const { result, github } = await runWith({}, { repositories: "acme/a", wait: "false" });
    assert.equal(result.conclusion, "success");
    assert.equal(results(result)[0]?.["status"], "dispatched");
    assert.equal(github.runs[0]?.looks, 0);
  });

  it("deploys no more repositories at a time than told", async () => {
    const names = ["acme/a", "acme/b", "acme/c"];
    const repositories = names.map((name) => ({ name, workflows: [{ file: "deploy.yml" }] }));
    const { github } = await runWith({ repositories }, { repositories: names.join("\n"), concurrency: "1" });
    assert.equal(github.runs.length, 3);
    assert.equal(github.mostUnfinished(), 1);
  });

  it("gives up at the timeout, and does not start what is still to come", async () => {
    const names = ["acme/a", "acme/b"];
    const repositories = names.map((name) => ({ name, workflows: [{ file: "deploy.yml", looks: 1_000 }] }));
    const inputs = { repositories: names.join("\n"), concurrency: "1", timeout: "1s" };
    const { result, github } = await runWith({ repositories }, inputs);
    const message = onlyError(result);
    assert.match(message, /acme\/a: The run was still in progress when the time was up; it goes on without us\./);
    assert.match(message, /acme\/b: It was not dispatched, because the time was up\./);
    assert.equal(github.runs.length, 1);
  });

  it("outlives a GitHub that is busy while a run is watched", async () => {
    const onLine = (line: string, github: GitHub) => {
      if (line.startsWith("acme/a: dispatched")) {
        github.interrupt({ route: /GET .*\/runs\/\d+$/, times: 5, answer: { status: 502, body: {} } });
      }
    };
    const { result, github } = await runWith({}, { repositories: "acme/a" }, { onLine });
    assert.equal(result.conclusion, "success");
    assert.equal(github.exchanges.filter(({ status }) => status === 502).length, 5);
  });

  it("stops waiting when the job is cancelled", async () => {
    const repositories = [{ name: "acme/a", workflows: [{ file: "deploy.yml", looks: 1_000 }] }];
    const { result } = await runWith({ repositories }, { repositories: "acme/a" }, { cancelAfter: /in progress/ });
    assert.equal(result.conclusion, "cancelled");
    assert.match(onlyError(result), /The job was cancelled/);
    assert.deepEqual(result.leftBehind, []);
  });

  it("says that nobody answers, or that it is not GitHub", async () => {
    const gone = await startGitHub({ repositories: [], tokens: [] });
    await gone.close();
    const inputs = { repositories: "acme/a", tokens: `acme=${acme}` };
    const unanswered = await runAction(bootstrap, { with: { ...inputs, "api-url": gone.url }, secrets });
    assert.match(onlyError(unanswered), /did not answer: .*ECONNREFUSED/);
    await using other = await startGitHub({ repositories: [], tokens: [] });
    other.interrupt({ answer: { status: 200, body: "welcome" } });
    const welcomed = await runAction(bootstrap, { with: { ...inputs, "api-url": other.url }, secrets });
    assert.match(onlyError(welcomed), /is not GitHub's REST API\. Check `api-url`\./);
  });
});
