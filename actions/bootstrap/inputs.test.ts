import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readBootstrapInputs, tokenVariable } from "./inputs.ts";

const defaults = {
  INPUT_WORKFLOW: "deploy.yml",
  INPUT_CONCURRENCY: "5",
  INPUT_WAIT: "true",
  INPUT_TIMEOUT: "30m",
  "INPUT_DRY-RUN": "false",
};

const read = (repositories: string, more: Record<string, string> = {}) =>
  readBootstrapInputs({ ...defaults, INPUT_REPOSITORIES: repositories, ...more });

describe("the list of repositories", () => {
  it("has a ref and a workflow a line, else those of all lines", () => {
    const { targets } = read("# apps\nacme/a\n\n acme/b@feature/x\nacme/c.d release.yaml\nacme/e@v1 e.yml", {
      INPUT_REF: "next",
    });
    assert.deepEqual(targets, [
      { owner: "acme", repository: "acme/a", ref: "next", workflow: "deploy.yml" },
      { owner: "acme", repository: "acme/b", ref: "feature/x", workflow: "deploy.yml" },
      { owner: "acme", repository: "acme/c.d", ref: "next", workflow: "release.yaml" },
      { owner: "acme", repository: "acme/e", ref: "v1", workflow: "e.yml" },
    ]);
    assert.equal(read("acme/a").targets[0]?.ref, undefined);
  });

  it("is refused with the line that is wrong", () => {
    for (const [repositories, message] of [
      ["", /`repositories` is missing/],
      ["# none", /`repositories` lists no repository/],
      ["acme", /has the line "acme", but a line is owner\/repo/],
      ["acme/a deploy.yml wave=1", /has the line "acme\/a deploy.yml wave=1"/],
      ["acme/a wave=1", /names the workflow "wave=1", but must name a file/],
      ["acme/a@main\nACME/A@main", /lists acme\/a@main deploy.yml twice/],
    ] as const) {
      assert.throws(() => read(repositories), message);
    }
  });

  it("is refused together with the other inputs", () => {
    assert.throws(
      () => read("acme", { INPUT_CONCURRENCY: "0", INPUT_TIMEOUT: "soon", INPUT_REPOSITORY: "x" }),
      /did you mean `repositories`.*has the line "acme".*`concurrency` is 0.*`timeout` is "soon"/s,
    );
  });
});

describe("tokens", () => {
  it("come from the lines, else from the variable of the owner, whatever the case", () => {
    const environment = { GITHUB_TOKEN_ACME: "from-env", GITHUB_TOKEN_OTHER_TEAM: "other", GITHUB_TOKEN_UNUSED: "no" };
    const { tokens } = read("Acme/a\nother-team/b", environment);
    assert.deepEqual(tokens, { acme: "from-env", "other-team": "other" });
    assert.equal(read("Acme/a", { ...environment, INPUT_TOKENS: "ACME=from=line" }).tokens["acme"], "from=line");
  });

  it("have a variable that a shell can name", () =>
    assert.equal(tokenVariable("other-Team"), "GITHUB_TOKEN_OTHER_TEAM"));
});

it("asks the server on which the workflow runs, unless told another", () => {
  assert.equal(read("a/b").apiUrl, "https://api.github.com");
  const environment = { GITHUB_API_URL: "https://ghes.example/api/v3" };
  assert.equal(read("a/b", environment).apiUrl, "https://ghes.example/api/v3");
  assert.equal(read("a/b", { ...environment, "INPUT_API-URL": "https://x.example/" }).apiUrl, "https://x.example");
});
