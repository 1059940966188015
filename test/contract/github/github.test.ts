// What fairlead relies on in GitHub's API, asked of the stand-in, and of a real server when GITHUB_TEST_API_URL,
// GITHUB_TEST_TOKEN, GITHUB_TEST_REPOSITORY and GITHUB_TEST_WORKFLOW (a file name that may be dispatched) are set.
// The real one runs the workflow once.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { type GitHub, startGitHub } from "../../fakes/github/server.ts";

interface Target {
  readonly url: string;
  readonly token: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly workflow: string;
}

interface Told {
  readonly status: number;
  readonly message?: string;
  readonly [field: string]: unknown;
}

async function ask({ url, token }: Target, path: string, body?: object): Promise<{ status: number; body: Told }> {
  const response = await fetch(`${url}/repos/${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      accept: "application/vnd.github+json",
      authorization: `Bearer ${token}`,
      "x-github-api-version": "2022-11-28",
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Told };
}

function contract(target: () => Target): void {
  it("tells the default branch of a repository and the state of a workflow", async () => {
    const { repository, workflow } = target();
    const about = await ask(target(), repository);
    assert.equal(about.status, 200);
    assert.equal(typeof about.body["default_branch"], "string");
    const file = await ask(target(), `${repository}/actions/workflows/${workflow}`);
    assert.deepEqual([file.status, file.body["state"]], [200, "active"]);
  });

  it("refuses a wrong token, and hides what is not there", async () => {
    const { repository } = target();
    const stranger = { ...target(), token: randomBytes(20).toString("hex") };
    const refused = await ask(stranger, repository);
    assert.deepEqual([refused.status, refused.body.message], [401, "Bad credentials"]);
    const [owner] = repository.split("/");
    const hidden = await ask(target(), `${owner}/no-such-repository`);
    assert.deepEqual([hidden.status, hidden.body.message], [404, "Not Found"]);
    assert.equal((await ask(target(), `${repository}/actions/workflows/no-such-workflow.yml`)).status, 404);
  });

  it("refuses a ref that is not there", async () => {
    const { repository, workflow } = target();
    const body = { ref: "no-such-ref", return_run_details: true };
    const refused = await ask(target(), `${repository}/actions/workflows/${workflow}/dispatches`, body);
    assert.deepEqual([refused.status, refused.body.message], [422, "No ref found for: no-such-ref"]);
  });

  it("dispatches, gives the run's number, and tells of it alone and in the list", async () => {
    const { repository, workflow } = target();
    const ref = String((await ask(target(), repository)).body["default_branch"]);
    const path = `${repository}/actions/workflows/${workflow}`;
    const dispatched = await ask(target(), `${path}/dispatches`, { ref, return_run_details: true });
    assert.equal(dispatched.status, 200);
    const id = dispatched.body["workflow_run_id"];
    const run = await ask(target(), `${repository}/actions/runs/${id}`);
    assert.deepEqual([run.body["event"], run.body["head_branch"]], ["workflow_dispatch", ref]);
    const list = await ask(target(), `${path}/runs?event=workflow_dispatch&branch=${ref}`);
    const listed = list.body["workflow_runs"] as { id: number }[];
    assert.ok(listed.some((each) => each.id === id));
    const jobs = await ask(target(), `${repository}/actions/runs/${id}/jobs`);
    assert.ok(Array.isArray(jobs.body["jobs"]));
  });
}

describe("GitHub's stand-in", () => {
  const token = randomBytes(20).toString("hex");
  let github: GitHub;
  before(async () => {
    github = await startGitHub({
      repositories: [{ name: "acme/hello", workflows: [{ file: "deploy.yml" }] }],
      tokens: [{ token, owners: ["acme"] }],
    });
  });
  after(() => github.close());
  contract(() => ({ url: github.url, token, repository: "acme/hello", workflow: "deploy.yml" }));
});

const { GITHUB_TEST_API_URL: url, GITHUB_TEST_TOKEN: token } = process.env;
const { GITHUB_TEST_REPOSITORY: repository, GITHUB_TEST_WORKFLOW: workflow } = process.env;
if (url && token && repository && workflow) {
  describe(`GitHub at ${url}`, () => contract(() => ({ url, token, repository, workflow })));
} else {
  console.log(
    "contract with the real GitHub: not asked for (GITHUB_TEST_API_URL and its three companions are not set)",
  );
}
