import assert from "node:assert/strict";
import { it } from "node:test";
import { recordingContext } from "../../../test/context.ts";
import { startGitHub } from "../../../test/fakes/github/server.ts";
import { cancelNotedRuns, noteRun, noteToken } from "./cancel.ts";

it("cancels a run with the token that followed the one it was started with", async (test) => {
  const repositories = [{ name: "acme/a", workflows: [{ file: "deploy.yml", takes: 600_000 }] }];
  const token = "token-of-the-second-hour";
  await using github = await startGitHub({ repositories, tokens: [{ token, owners: ["acme"] }] });
  const { id } = github.dispatchElsewhere("acme/a", "deploy.yml", "main");
  const { context } = await recordingContext(test);
  const about = { apiUrl: github.url, owner: "acme" };
  noteToken({ ...about, token: "token-of-the-first-hour" }, context);
  noteRun({ ...about, token: "token-of-the-first-hour", repository: "acme/a", id }, context);
  noteToken({ ...about, token }, context);
  assert.equal(await cancelNotedRuns(context, AbortSignal.timeout(30_000)), 1);
  assert.equal(github.runs[0]?.cancelled, true);
});
