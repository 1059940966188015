import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defaultInputs } from "../../test/default-inputs.ts";
import { tokenVariable } from "./access/clients.ts";
import { readBootstrapInputs } from "./inputs.ts";

const defaults = defaultInputs("bootstrap");

const read = (repositories: string, more: Record<string, string> = {}) =>
  readBootstrapInputs({ ...defaults, INPUT_REPOSITORIES: repositories, ...more });

describe("the list of repositories", () => {
  it("has a ref, a workflow and a wave a line, each of which may be left out", () => {
    const { repositories } = read(
      "# apps\nacme/a\n\n acme/b@feature/x\nacme/c.d release.yaml\nacme/e@v1 wave=2 e.yml\nacme/f wave=0",
    );
    assert.deepEqual(repositories, [
      { owner: "acme", repository: "acme/a" },
      { owner: "acme", repository: "acme/b", ref: "feature/x" },
      { owner: "acme", repository: "acme/c.d", workflow: "release.yaml" },
      { owner: "acme", repository: "acme/e", ref: "v1", workflow: "e.yml", wave: 2 },
      { owner: "acme", repository: "acme/f", wave: 0 },
    ]);
  });

  it("may be one line, as in the form of a workflow, with `; ` between two repositories", () => {
    const { repositories } = read("acme/a; acme/b@v1;x release.yml wave=2;");
    assert.deepEqual(repositories, [
      { owner: "acme", repository: "acme/a" },
      { owner: "acme", repository: "acme/b", ref: "v1;x", workflow: "release.yml", wave: 2 },
    ]);
  });

  it("is a file when it is one word that ends as YAML does", () =>
    assert.deepEqual(read("infra/apps.yaml").repositories, { file: "infra/apps.yaml" }));

  it("is refused with the line that is wrong", () => {
    for (const [repositories, message] of [
      ["# none", /`repositories` lists no repository/],
      ["acme", /has the line "acme", but a line is owner\/repo/],
      ["acme/a deploy.yml wave=1 wave=2", /has the line "acme\/a deploy.yml wave=1 wave=2"/],
      ["acme/a deploy.yml other.yml", /has the line "acme\/a deploy.yml other.yml"/],
      ["acme/a waves=1", /names the workflow "waves=1", but must name a file/],
      ["acme/a wave=first", /is "first", but must be a whole number/],
    ] as const) {
      assert.throws(() => read(repositories), message);
    }
  });

  it("is refused together with the other inputs", () => {
    const wrong = {
      INPUT_CONCURRENCY: "0",
      INPUT_TIMEOUT: "soon",
      INPUT_SINCE: "yesterday",
      INPUT_PREFLIGHT: "clustr",
    };
    assert.throws(
      () => read("acme", { ...wrong, INPUT_REPOSITORY: "x" }),
      /did you mean `repositories`.*has the line "acme".*`since` is "yesterday".*did you mean cluster.*`concurrency` is 0.*`timeout` is "soon"/s,
    );
  });

  it("may be empty where owners are named", () => {
    const { owners, repositories } = read("", { INPUT_OWNERS: "acme, other-team\nthird" });
    assert.deepEqual([owners, repositories], [["acme", "other-team", "third"], []]);
  });
});

describe("tokens", () => {
  it("come from the lines, else from the variable of the owner, whatever the case", () => {
    const environment = { GITHUB_TOKEN_ACME: "from-env", GITHUB_TOKEN_OTHER_TEAM: "other", GITHUB_TOKEN_EMPTY: "" };
    assert.deepEqual(read("Acme/a", environment).tokens, { acme: "from-env", "other-team": "other" });
    assert.equal(read("Acme/a", { ...environment, INPUT_TOKENS: "ACME=from=line" }).tokens["acme"], "from=line");
  });

  it("have a variable that a shell can name", () =>
    assert.equal(tokenVariable("other-Team"), "GITHUB_TOKEN_OTHER_TEAM"));

  it("are made by an App that is given whole", () => {
    const app = { "INPUT_APP-ID": "7", "INPUT_APP-PRIVATE-KEY": "pem" };
    assert.deepEqual(read("a/b", app).app, { id: "7", privateKey: "pem" });
    assert.throws(() => read("a/b", { "INPUT_APP-ID": "7" }), /`app-private-key` is missing; an App has both/);
  });
});

it("asks the server on which the workflow runs, unless told another", () => {
  assert.equal(read("a/b").apiUrl, "https://api.github.com");
  const environment = { GITHUB_API_URL: "https://ghes.example/api/v3" };
  assert.equal(read("a/b", environment).apiUrl, "https://ghes.example/api/v3");
  assert.equal(read("a/b", { ...environment, "INPUT_API-URL": "https://x.example/" }).apiUrl, "https://x.example");
});

it("looks at what can be looked at, at what is named, or at nothing", () => {
  assert.equal(read("a/b").preflight, undefined);
  assert.deepEqual(read("a/b", { INPUT_PREFLIGHT: "cluster, chart" }).preflight, ["cluster", "chart"]);
  assert.deepEqual(read("a/b", { INPUT_PREFLIGHT: "none" }).preflight, []);
});
