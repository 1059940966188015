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

async function ask(
  { url, token }: Target,
  path: string,
  body?: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; body: Told; headers: Headers }> {
  const response = await fetch(path.startsWith("/") ? `${url}${path}` : `${url}/repos/${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      accept: "application/vnd.github+json",
      authorization: `Bearer ${token}`,
      "user-agent": "fairlead-contract",
      "x-github-api-version": "2022-11-28",
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === "" ? { status: 0 } : JSON.parse(text) };
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

  it("tells whose token it is, and what is left of the hour", async () => {
    const { status, body, headers } = await ask(target(), "/user");
    assert.equal(status, 200);
    assert.equal(typeof body["login"], "string");
    for (const name of ["limit", "remaining", "reset"]) assert.match(headers.get(`x-ratelimit-${name}`) ?? "", /^\d+$/);
  });

  it("says that nothing changed, and takes nothing of the hour for it", async () => {
    const { repository } = target();
    const first = await ask(target(), repository);
    const again = await ask(target(), repository, undefined, { "if-none-match": first.headers.get("etag") ?? "" });
    assert.equal(again.status, 304);
    const left = ({ headers }: { headers: Headers }) => Number(headers.get("x-ratelimit-remaining"));
    assert.equal(left(again), left(first));
  });

  it("gives a workflow file as it is at a branch, and the refs that begin with a text", async () => {
    const { repository, workflow } = target();
    const ref = String((await ask(target(), repository)).body["default_branch"]);
    const file = await ask(target(), `${repository}/contents/.github/workflows/${workflow}?ref=${ref}`);
    assert.deepEqual([file.status, file.body["type"], file.body["encoding"]], [200, "file", "base64"]);
    assert.match(Buffer.from(String(file.body["content"]), "base64").toString(), /workflow_dispatch/);
    const missing = await ask(target(), `${repository}/contents/no-such-file?ref=${ref}`);
    assert.equal(missing.status, 404);
    const tags = await ask(target(), `${repository}/git/matching-refs/tags/no-such-tag`);
    assert.deepEqual([tags.status, tags.body], [200, []]);
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
