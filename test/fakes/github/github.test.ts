import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { createGitHub } from "./github.ts";
import { type GitHub, startGitHub } from "./server.ts";

const token = randomBytes(20).toString("hex");
const options = {
  repositories: [
    {
      name: "acme/hello",
      workflows: [
        { file: "deploy.yml", takes: 300 },
        { file: "push.yml", dispatchable: false },
      ],
    },
  ],
  tokens: [{ token, owners: ["acme"] }],
};
const headers = {
  accept: "application/vnd.github+json",
  authorization: `Bearer ${token}`,
  "x-github-api-version": "2022-11-28",
};
const workflow = "/repos/acme/hello/actions/workflows/deploy.yml";

async function get(github: GitHub, path: string): Promise<Record<string, unknown>> {
  return (await (await fetch(`${github.url}${path}`, { headers })).json()) as Record<string, unknown>;
}

async function dispatch(github: GitHub, body: object, path = workflow) {
  return fetch(`${github.url}${path}/dispatches`, { method: "POST", headers, body: JSON.stringify(body) });
}

describe("GitHub's stand-in is strict", () => {
  const wrong: Record<string, (github: GitHub) => Promise<unknown>> = {
    "a route that GitHub's document lacks": (github) => get(github, "/repos/acme/hello/branch"),
    "an unknown parameter": (github) => get(github, `${workflow}/runs?head=main`),
    "a parameter of another type": (github) => get(github, `${workflow}/runs?per_page=many`),
    "a body without its required field": (github) => dispatch(github, { inputs: {} }),
    "a field of another type": (github) => dispatch(github, { ref: "main", return_run_details: "yes" }),
    "a missing version of the API": ({ url }) =>
      fetch(`${url}/repos/acme/hello`, { headers: { ...headers, "x-github-api-version": "" } }),
    "a missing Accept": ({ url }) => fetch(`${url}/repos/acme/hello`, { headers: { ...headers, accept: "*/*" } }),
  };
  for (const [what, send] of Object.entries(wrong)) {
    it(`reports ${what} when it is closed`, async () => {
      const used = async () => {
        await using github = await startGitHub(options);
        await send(github);
      };
      await assert.rejects(used, /GitHub was used wrongly/);
    });
  }
});

describe("GitHub's stand-in keeps state", () => {
  let now = Date.UTC(2026, 0, 1);
  const clocked = { ...options, now: () => now };

  it("completes a run after its time, and tells what is known already for nothing", async () => {
    await using github = await startGitHub(clocked);
    const dispatched = await dispatch(github, { ref: "main", return_run_details: true });
    const { workflow_run_id: id } = (await dispatched.json()) as { workflow_run_id: number };
    const path = `/repos/acme/hello/actions/runs/${id}`;
    const first = await fetch(`${github.url}${path}`, { headers });
    assert.equal(((await first.json()) as { status: string }).status, "queued");
    const known = { ...headers, "if-none-match": first.headers.get("etag") ?? "" };
    const again = await fetch(`${github.url}${path}`, { headers: known });
    assert.deepEqual([again.status, await again.text()], [304, ""]);
    const left = (answer: Response) => Number(answer.headers.get("x-ratelimit-remaining"));
    assert.equal(left(again), left(first));
    now += 300;
    const last = await get(github, path);
    assert.deepEqual([last["status"], last["conclusion"]], ["completed", "success"]);
  });

  it("refuses or ignores run details as older servers do, and lists the run after a while", async () => {
    for (const runDetails of ["refused", "ignored"] as const) {
      await using github = await startGitHub({ ...clocked, runDetails, listingLag: 1_000 });
      const first = await dispatch(github, { ref: "main", return_run_details: true });
      assert.equal(first.status, runDetails === "refused" ? 422 : 204);
      if (runDetails === "refused") assert.equal((await dispatch(github, { ref: "main" })).status, 204);
      assert.equal((await get(github, `${workflow}/runs?event=workflow_dispatch`))["total_count"], 0);
      now += 1_000;
      assert.equal((await get(github, `${workflow}/runs?event=workflow_dispatch`))["total_count"], 1);
    }
  });

  it("refuses a workflow without the trigger, and a token that may only read", async () => {
    await using github = await startGitHub({ ...options, tokens: [{ token, owners: ["acme"], may: "read" }] });
    const forbidden = await dispatch(github, { ref: "main" });
    assert.equal(forbidden.status, 403);
    await using willing = await startGitHub(options);
    const path = "/repos/acme/hello/actions/workflows/push.yml";
    const refused = (await (await dispatch(willing, { ref: "main" }, path)).json()) as { message: string };
    assert.equal(refused.message, "Workflow does not have 'workflow_dispatch' trigger");
  });

  it("refuses more than a minute, an hour, or content may have", async () => {
    const limits: readonly [options: object, calls: number, write: boolean, message: RegExp][] = [
      [{ hourlyLimit: 3 }, 3, false, /API rate limit exceeded/],
      [{}, 900, false, /secondary rate limit/],
      [{}, 80, true, /secondary rate limit/],
    ];
    for (const [more, calls, write, message] of limits) {
      const github = createGitHub({ ...clocked, ...more });
      const ask = () => {
        const path = write ? `${workflow}/dispatches` : "/repos/acme/hello";
        const body = write ? JSON.stringify({ ref: "none" }) : "";
        const url = new URL(path, "http://github.example");
        return github.handle(
          { method: write ? "POST" : "GET", url, headers: { ...headers, "user-agent": "x" }, body },
          "",
        );
      };
      const answers = Array.from({ length: calls + 1 }, ask);
      assert.ok(answers.slice(0, -1).every(({ status }) => status === (write ? 422 : 200)));
      const last = answers.at(-1);
      assert.equal(last?.status, 403);
      assert.match(JSON.stringify(last?.body), message);
    }
  });
});
