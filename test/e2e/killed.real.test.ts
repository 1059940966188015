// Bootstraps whose process is killed for real, and started again as the second attempt of the same workflow run. On a
// simulated clock the same is done at any call, in test/bootstrap.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { Outcome } from "../../actions/bootstrap/target.ts";
import { poll } from "../../actions/core/retry.ts";
import { type GitHub, startGitHub } from "../fakes/github/server.ts";
import { chooseSeed } from "../long.ts";
import { randomFrom } from "../manifests/random.ts";
import { repository } from "./world.ts";

const tokens = ["acme", "other-team"].map((owner) => ({ token: randomBytes(20).toString("hex"), owners: [owner] }));
const names = Array.from({ length: 24 }, (_, index) => `${index % 2 === 0 ? "acme" : "other-team"}/app-${index}`);
const infra = { name: "acme/infra", workflows: [{ file: "bootstrap.yml" }] };
const seed = chooseSeed();

/** Starts the built action as the runner does, and gives its process. */
function startAttempt(attempt: number, github: GitHub, folder: string) {
  const outputs = outputsOf(folder, attempt);
  writeFileSync(outputs, "");
  const inputs = {
    repositories: names.join("\n"),
    tokens: tokens.map(({ token, owners }) => `${owners[0]}=${token}`).join("\n"),
    ...{ workflow: "deploy.yml", only: "all", concurrency: "50", wait: "true", "cancel-runs": "false", timeout: "5m" },
    ...{ "dry-run": "false", preflight: "none", "api-url": github.url },
  };
  const variables = Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]);
  return spawn(process.execPath, [join(repository, "dist/bootstrap.mjs")], {
    env: {
      ...Object.fromEntries(variables),
      PATH: process.env["PATH"],
      RUNNER_TEMP: folder,
      GITHUB_OUTPUT: outputs,
      GITHUB_REPOSITORY: infra.name,
      GITHUB_RUN_ID: String(github.runs[0]?.id),
      GITHUB_RUN_ATTEMPT: String(attempt),
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
}

function outputsOf(folder: string, attempt: number): string {
  return join(folder, `outputs-${attempt}`);
}

/** What an attempt told of every run, by repository. */
function conclusionsOf(attempt: number, folder: string): [string, string | undefined][] {
  const [, results = "[]"] = /^results=(.*)$/m.exec(readFileSync(outputsOf(folder, attempt), "utf8")) ?? [];
  const outcomes: Outcome[] = JSON.parse(results);
  return outcomes.map(({ repository, conclusion }) => [repository, conclusion]);
}

describe("a bootstrap that is killed", { concurrency: 3 }, () => {
  for (const index of [0, 1, 2]) {
    it(`is finished by the next attempt, kill ${index + 1}`, async (test) => {
      const folder = mkdtempSync(join(tmpdir(), "fairlead-killed-"));
      test.after(() => rmSync(folder, { recursive: true, force: true }));
      const conclusion = (number: number) => (number % 12 === 5 ? "timed_out" : "success");
      const apps = names.map((name, number) => {
        return { name, workflows: [{ file: "deploy.yml", takes: 9_000, conclusion: conclusion(number) }] };
      });
      await using github = await startGitHub({ repositories: [infra, ...apps], tokens, listingLag: 2_000 });
      github.dispatchElsewhere(infra.name, "bootstrap.yml", "main");
      const killAt = randomFrom(seed + index).between(20, 190);
      const first = startAttempt(1, github, folder);
      const onTimeout = () => new Error(`there were only ${github.exchanges.length} of ${killAt} calls`);
      await poll({ interval: 5, timeout: 60_000, signal: AbortSignal.timeout(90_000), onTimeout }, async () => {
        return github.exchanges.length >= killAt ? { done: undefined } : { waiting: "calls" };
      });
      first.kill("SIGKILL");
      await once(first, "exit");
      const before = github.runs.length - 1;
      const second = startAttempt(2, github, folder);
      const [code] = await once(second, "exit");
      assert.equal(code, 1, "two runs ended as failures");
      const expected = names.map((name, number) => [name, conclusion(number)]);
      assert.deepEqual(conclusionsOf(2, folder).sort(), expected.sort());
      assert.deepEqual(github.usage.refused, []);
      const dispatched = github.runs.slice(1).map((run) => run.repository.name);
      assert.deepEqual(dispatched.sort(), [...names].sort(), `killed at call ${killAt}, seed ${seed}`);
      test.diagnostic(`killed at call ${killAt}, when ${before} of ${names.length} were dispatched; seed ${seed}`);
    });
  }
});
