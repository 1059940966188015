import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, it, type TestContext } from "node:test";
import { knownManifests, type SimulatedOptions, simulate } from "../../test/bootstrap/simulated.ts";
import type { GitHubOptions } from "../../test/fakes/github/model.ts";
import { FairleadError } from "../core/errors.ts";

const acme = { token: "token-of-acme-0123456789", owners: ["acme"] };
const team = { token: "token-of-other-team-0123", owners: ["other-team"] };
const env = { GITHUB_TOKEN_ACME: acme.token, GITHUB_TOKEN_OTHER_TEAM: team.token };
const deploy = { file: "deploy.yml", takes: 60_000 };
const app = (name: string) => ({ name, workflows: [deploy] });

/** One repository of acme, and whatever a test changes. */
function bootstrap(test: TestContext, options: SimulatedOptions = {}) {
  const github = { repositories: [app("acme/a")], tokens: [acme, team], ...options.github };
  return simulate(test, {
    ...options,
    env: { ...env, ...options.env },
    github,
    with: { repositories: "acme/a", ...options.with },
  });
}

const both = { staging: { deploy: { branch: "" } }, prod: { deploy: { tag: "v*" } } };

describe("what is dispatched", () => {
  it("is each manifest's refs: the branch of one environment, the newest tag of the other", async (test) => {
    const repositories = [
      { ...app("acme/a"), manifest: "a", tags: ["v1.9.0", "v1.10.0", "v1.10.0-rc.1", "w2.0.0", "nightly"] },
      { ...app("other-team/b"), manifest: "b", defaultBranch: "trunk" },
      app("acme/plain"),
    ];
    const declared = { "acme/a": { environments: both }, "other-team/b": { environments: { ...both, preview: {} } } };
    const { outcomes, failure, github } = await bootstrap(test, {
      github: { repositories },
      with: { repositories: "acme/a\nother-team/b\nacme/plain" },
      readManifests: knownManifests(declared),
    });
    assert.equal(failure, undefined);
    assert.deepEqual(
      outcomes.map(({ repository, ref, environment, status, reason = "" }) => [
        repository,
        ref,
        environment,
        status,
        reason,
      ]),
      [
        ["acme/a", "main", "staging", "succeeded", ""],
        ["acme/a", "v1.10.0", "prod", "succeeded", ""],
        ["other-team/b", "trunk", "staging", "succeeded", ""],
        ["acme/plain", "main", "", "succeeded", ""],
        ["other-team/b", "", "prod", "skipped", "No tag matches v*."],
        ["other-team/b", "", "preview", "skipped", "No push deploys it. Name a ref to deploy it."],
      ],
    );
    assert.deepEqual(github.runs.map(({ repository, actor }) => `${repository.name} by ${actor}`).sort(), [
      "acme/a by user-of-acme",
      "acme/a by user-of-acme",
      "acme/plain by user-of-acme",
      "other-team/b by user-of-other-team",
    ]);
  });

  it("is the newest of all tags that fit a pattern, wherever its stars are", async (test) => {
    const tags = ["release/1.9.0", "release/1.10.0", "2026.1-live", "2026.2-live", "2026.3-test"];
    const repositories = [{ ...app("acme/a"), manifest: "a", tags }];
    const environments = { prod: { deploy: { tag: "release/*" } }, live: { deploy: { tag: "*-live" } } };
    const { github } = await bootstrap(test, {
      github: { repositories },
      readManifests: knownManifests({ "acme/a": { environments } }),
    });
    assert.deepEqual(github.runs.map(({ ref }) => ref).sort(), ["2026.2-live", "release/1.10.0"]);
  });

  it("is the environments that are asked for, and a ref that a line names", async (test) => {
    const repositories = [{ ...app("acme/a"), manifest: "a", tags: ["v1.0.0", "v2.0.0"] }, app("acme/b")];
    const readManifests = knownManifests({ "acme/a": { environments: both } });
    const prod = await bootstrap(test, { github: { repositories }, with: { environment: "prod" }, readManifests });
    assert.deepEqual(
      prod.outcomes.map(({ ref }) => ref),
      ["v2.0.0"],
    );
    const lines = "acme/a@v1.0.0\nacme/b@nowhere";
    const named = await bootstrap(test, { github: { repositories }, with: { repositories: lines }, readManifests });
    assert.deepEqual(
      named.outcomes.map(({ ref, environment, status }) => [ref, environment, status]),
      [
        ["v1.0.0", "prod", "succeeded"],
        ["nowhere", "", "failed"],
      ],
    );
  });

  it("is what is discovered, and what is left out has its reason", async (test) => {
    const found = (name: string, more: object = {}) => ({
      ...app(`acme/${name}`),
      manifest: "x",
      topics: ["app"],
      ...more,
    });
    const repositories = [
      found("good"),
      found("off", { workflows: [{ ...deploy, state: "disabled_manually" }] }),
      found("old", { archived: true }),
      found("library", { manifest: undefined }),
      found("push-only", { workflows: [{ ...deploy, dispatchable: false }] }),
      found("no-workflow", { workflows: [] }),
      found("other", { topics: [] }),
      found("listed", { topics: [] }),
    ];
    const known = Object.fromEntries(
      repositories.map(({ name }) => [name, { environments: { staging: { deploy: { branch: "" } } } }]),
    );
    const { outcomes, failure } = await bootstrap(test, {
      github: { repositories },
      with: { repositories: "acme/listed", owners: "acme", topic: "app" },
      readManifests: knownManifests({ ...known, "acme/library": undefined as never }),
    });
    assert.equal(failure, undefined);
    assert.deepEqual(
      outcomes.map(({ repository, status, reason = "" }) => `${repository} ${status} ${reason}`.trim()).sort(),
      [
        "acme/good succeeded",
        "acme/library skipped It holds no .deploy/manifest.yaml.",
        "acme/listed succeeded",
        "acme/no-workflow skipped acme/no-workflow has no workflow deploy.yml on its default branch. Correct the line, or add the workflow.",
        "acme/off skipped The workflow deploy.yml of acme/off is not active (disabled manually). Enable it in the tab Actions.",
        "acme/old skipped acme/old is archived. Take it off the list, or unarchive it in its settings.",
        "acme/push-only skipped The workflow deploy.yml of acme/push-only at main has no trigger `workflow_dispatch`. Add it to `on:`.",
      ],
    );
  });

  it("is not green when a discovered app could not be looked at, or its manifest is not valid", async (test) => {
    const names = ["acme/good", "acme/hidden", "acme/broken"];
    const broken = new FairleadError({ code: "MANIFEST_INVALID", message: "The manifest is not valid." });
    const { outcomes, failure } = await bootstrap(test, {
      github: { repositories: names.map((name) => ({ ...app(name), manifest: "x" })) },
      with: { repositories: "", owners: "acme" },
      readManifests: knownManifests({
        "acme/good": { environments: { staging: { deploy: { branch: "" } } } },
        "acme/broken": broken,
      }),
      answers: Array(8).fill({ path: /acme\/hidden\/contents/, status: 502 }),
    });
    assert.equal(failure?.code, "DISPATCH_FAILED");
    assert.deepEqual(outcomes.map(({ repository, status }) => `${repository} ${status}`).sort(), [
      "acme/broken failed",
      "acme/good succeeded",
      "acme/hidden failed",
    ]);
  });

  it("is what failed last time, and nothing twice that is there already", async (test) => {
    const names = ["acme/red", "acme/green", "acme/new", "acme/running"];
    const github = { repositories: names.map(app) };
    const lines = { repositories: names.join("\n") };
    const failed = await simulateAfter(test, github, { ...lines, only: "failed" });
    assert.deepEqual(
      failed.outcomes.map(({ repository, status, dispatched }) => [repository, status, dispatched]),
      [
        ["acme/red", "succeeded", true],
        ["acme/green", "skipped", false],
        ["acme/new", "skipped", false],
        ["acme/running", "succeeded", false],
      ],
    );
  });
});

/** A bootstrap where one run failed, one succeeded and one is under way. */
async function simulateAfter(test: TestContext, github: Partial<GitHubOptions>, inputs: Record<string, string>) {
  return await bootstrap(test, {
    ...{ github, with: inputs },
    setUp(state) {
      state.dispatchElsewhere("acme/red", "deploy.yml", "main", { conclusion: "failure", endsAt: 0 });
      state.dispatchElsewhere("acme/green", "deploy.yml", "main", { endsAt: 0 });
      state.dispatchElsewhere("acme/running", "deploy.yml", "main");
    },
  });
}

describe("what is in the way", () => {
  it("is told apart for each repository, and stops no other", async (test) => {
    const repositories = [
      app("acme/good"),
      {
        name: "acme/red",
        workflows: [{ ...deploy, conclusion: "failure", failedJob: "deploy", failedStep: "Deploy it" }],
      },
      { name: "acme/empty", workflows: [] },
      { name: "acme/off", workflows: [{ ...deploy, state: "disabled_inactivity" as const }] },
      { name: "acme/push-only", workflows: [{ ...deploy, dispatchable: false }] },
      { ...app("acme/old"), archived: true },
      { ...app("acme/broken"), manifest: "x" },
    ];
    const broken = new FairleadError({ code: "MANIFEST_INVALID", message: "The manifest is not valid." });
    const { outcomes, failure, told } = await bootstrap(test, {
      github: { repositories },
      with: { repositories: [...repositories.map(({ name }) => name), "acme/none", "acme/good@v9"].join("\n") },
      readManifests: knownManifests({ "acme/broken": broken }),
    });
    assert.equal(failure?.code, "DISPATCH_FAILED");
    assert.match(failure?.message ?? "", /^8 of 9 repositories failed\. /);
    for (const part of [
      /acme\/red: The run ended as failure; look at deploy \/ Deploy it\./,
      /acme\/empty has no workflow deploy.yml on its default branch\./,
      /deploy.yml of acme\/off is not active \(disabled inactivity\)\. Enable it/,
      /deploy.yml of acme\/push-only at main has no trigger `workflow_dispatch`/,
      /acme\/none does not exist, or the token of acme may not see it\./,
      /acme\/good has no v9, or no workflow deploy.yml there\./,
      /acme\/old is archived\./,
      /acme\/broken: The manifest is not valid\./,
    ]) {
      assert.match(failure?.message ?? "", part);
    }
    const red = outcomes.find(({ repository }) => repository === "acme/red");
    assert.deepEqual([red?.conclusion, red?.job, red?.step], ["failure", "deploy", "Deploy it"]);
    assert.deepEqual([told.outputs["dispatched"], told.outputs["succeeded"], told.outputs["failed"]], ["2", "1", "8"]);
    assert.match(told.summary.join(""), /\| acme\/red \| {2}\| `main` \| \[run\]\(https:.*deploy \/ Deploy it \|/);
  });

  it("is an input that a workflow does not declare, or needs", async (test) => {
    const withInputs = (trigger: string) => [{ ...deploy, trigger }];
    const repositories = [
      { name: "acme/a", workflows: withInputs("inputs:\n  reason: {}\n  level: {type: choice, options: [low, high]}") },
      { name: "acme/b", workflows: withInputs("inputs:\n  level: {}") },
      { name: "acme/c", workflows: withInputs("inputs:\n  reason: {}\n  level: {}\n  who: {required: true}") },
      {
        name: "acme/d",
        workflows: withInputs("inputs:\n  reason: {}\n  level: {}\n  who: {required: true, default: me}"),
      },
    ];
    const { outcomes, github } = await bootstrap(test, {
      github: { repositories },
      with: { repositories: repositories.map(({ name }) => name).join("\n"), inputs: "reason=rebuild\nlevel=middle" },
    });
    const reasons = outcomes.map(({ reason = "" }) => reason).sort();
    assert.match(reasons[1] ?? "", /of acme\/a at main does not offer "middle" for its input level\./);
    assert.match(reasons[2] ?? "", /of acme\/b at main does not declare the inputs reason\./);
    assert.match(reasons[3] ?? "", /of acme\/c at main needs the inputs who\./);
    assert.deepEqual(
      github.runs.map(({ repository, inputs }) => [repository.name, inputs]),
      [["acme/d", { reason: "rebuild", level: "middle" }]],
    );
  });

  it("is every token that is missing, named before anything is dispatched", async (test) => {
    const { failure, journeys } = await bootstrap(test, {
      with: { repositories: "acme/a\nsome-one/b\nelse/c" },
    });
    assert.equal(failure?.code, "SECRET_MISSING");
    assert.match(failure?.message ?? "", /no token for some-one, else, so nothing was dispatched/);
    assert.match(failure?.fix ?? "", /GITHUB_TOKEN_SOME_ONE, GITHUB_TOKEN_ELSE/);
    assert.deepEqual(journeys, []);
  });

  const refusals: readonly [string, object, RegExp][] = [
    ["a wrong token", { token: "another" }, /does not accept the token of acme \(Bad credentials\)\. .*Renew/s],
    [
      "single sign-on",
      { sso: "https://sso.example/acme" },
      /token of acme is not authorised for single sign-on\. .*Authorise it at https:\/\/sso\.example\/acme/s,
    ],
    ["a scope", { scopes: "read:org, gist" }, /token of acme has the scopes read:org, gist, but not `repo`/],
    ["a permission", { may: "read" }, /token of acme is not allowed to do this .*the permission `actions: write`/s],
  ];
  for (const [what, change, message] of refusals) {
    it(`is ${what} that a token lacks, told before anything is dispatched`, async (test) => {
      const tokens = [{ ...acme, ...change }, team];
      const repositories = [app("acme/a"), app("other-team/b")];
      const lines = { repositories: "acme/a\nother-team/b" };
      const { failure, github } = await bootstrap(test, { github: { tokens, repositories }, with: lines });
      assert.equal(failure?.code, "GITHUB_REJECTED");
      assert.match(failure?.sentence ?? "", message);
      assert.match(failure?.sentence ?? "", /[Nn]othing was dispatched/);
      assert.equal(github.runs.length, 0);
    });
  }

  it("is single sign-on that hides what is to be discovered", async (test) => {
    const tokens = [{ ...acme, sso: "https://sso.example/acme" }];
    const { failure } = await bootstrap(test, { github: { tokens }, with: { repositories: "", owners: "acme" } });
    assert.match(failure?.sentence ?? "", /not authorised for single sign-on, so it sees none of the repositories\./);
  });

  it("is a role that the token's user lacks in a repository", async (test) => {
    const { outcomes } = await bootstrap(test, { github: { tokens: [{ ...acme, writes: false }, team] } });
    assert.match(
      outcomes[0]?.reason ?? "",
      /user of the token of acme may not write to acme\/a\. Give this user the role "write"/,
    );
  });

  it("is a list of nothing", async (test) => {
    const { failure } = await bootstrap(test, { with: { repositories: "" } });
    assert.match(failure?.message ?? "", /neither `repositories` nor `owners` says what to deploy/);
  });

  it("is something that is not GitHub", async (test) => {
    const welcome = { path: /^\/user$/, status: 200, body: "welcome" as never };
    const { failure } = await bootstrap(test, { answers: [welcome] });
    assert.match(failure?.sentence ?? "", /is not GitHub's REST API\. .*Check `api-url`\./s);
  });
});

describe("an App", () => {
  const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const publicKey = keys.publicKey.export({ type: "spki", format: "pem" }).toString();
  const privateKey = keys.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const granted = { actions: "write", contents: "read", metadata: "read", administration: "write" };
  const withApp = { "app-id": "7", "app-private-key": privateKey };
  const github = (installations: Record<string, Record<string, string>>) => ({
    repositories: [app("acme/a"), { ...app("other-team/b"), manifest: "x" }],
    tokens: [],
    app: { id: "7", slug: "deployer", publicKey, installations },
  });

  it("makes a token for each owner that may dispatch and read, and no more", async (test) => {
    const {
      failure,
      github: state,
      told,
    } = await simulate(test, {
      github: github({ acme: granted, "other-team": granted }),
      with: { ...withApp, repositories: "acme/a", owners: "other-team" },
      readManifests: knownManifests({ "other-team/b": { environments: { staging: { deploy: { branch: "" } } } } }),
    });
    assert.equal(failure, undefined);
    assert.deepEqual(
      [...state.made.values()].map(({ permissions }) => permissions),
      Array(2).fill({ actions: "write", contents: "read", metadata: "read" }),
    );
    assert.deepEqual(state.runs.map(({ repository, actor }) => `${repository.name} ${actor}`).sort(), [
      "acme/a deployer[bot]",
      "other-team/b deployer[bot]",
    ]);
    for (const token of state.made.keys()) assert.ok(told.masks.includes(token));
  });

  it("that is not installed, or lacks a permission, is named with the owner before anything is dispatched", async (test) => {
    const { failure, github: state } = await simulate(test, {
      github: github({ acme: { ...granted, actions: "read" } }),
      with: { ...withApp, repositories: "acme/a\nother-team/b" },
    });
    assert.match(failure?.message ?? "", /makes no token for the App 7 and acme .*`actions: write`/);
    assert.match(failure?.message ?? "", /The App 7 is not installed for other-team\./);
    assert.equal(state.runs.length, 0);
    const wrong = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({
      type: "pkcs8",
      format: "pem",
    });
    const stranger = await simulate(test, {
      github: github({ acme: granted }),
      with: { ...withApp, "app-private-key": wrong.toString(), repositories: "acme/a" },
    });
    assert.match(stranger.failure?.sentence ?? "", /does not accept the App 7 .*Check `app-id` and `app-private-key`/);
  });

  it("outlives its tokens, which last an hour", async (test) => {
    const slow = [{ ...deploy, takes: 100 * 60_000 }];
    const { failure, github: state } = await simulate(test, {
      github: { ...github({ acme: granted }), repositories: [{ name: "acme/a", workflows: slow }] },
      with: { ...withApp, repositories: "acme/a", timeout: "3h" },
    });
    assert.equal(failure, undefined);
    assert.equal(state.made.size, 2);
  });

  it("goes on with a new token after hours of waiting for GitHub's limits", async (test) => {
    const names = Array.from({ length: 30 }, (_, index) => `acme/app-${index}`);
    const { outcomes, failure } = await simulate(test, {
      github: { ...github({ acme: granted }), repositories: names.map(app), hourlyLimit: 200 },
      with: { ...withApp, repositories: names.join("\n"), timeout: "12h", concurrency: "30" },
    });
    assert.equal(failure?.message, undefined);
    assert.equal(outcomes.length, 30);
  });

  it("that is refused a new token for once goes on with the old one, and asks again", async (test) => {
    const slow = [{ ...deploy, takes: 100 * 60_000 }];
    const { failure, github: state } = await simulate(test, {
      github: { ...github({ acme: granted }), repositories: [{ name: "acme/a", workflows: slow }] },
      with: { ...withApp, repositories: "acme/a", timeout: "3h" },
      answers: [{ path: /access_tokens$/, status: 403, from: 1_800 }],
    });
    assert.equal(failure?.message, undefined);
    assert.equal(state.made.size, 2);
  });
});

describe("a run", () => {
  for (const conclusion of [
    "failure",
    "cancelled",
    "timed_out",
    "startup_failure",
    "action_required",
    "stale",
    "neutral",
    "skipped",
  ]) {
    it(`that ends as ${conclusion} fails`, async (test) => {
      const repositories = [{ name: "acme/a", workflows: [{ ...deploy, conclusion }] }];
      const { outcomes, failure, told } = await bootstrap(test, { github: { repositories } });
      assert.equal(failure?.code, "DISPATCH_FAILED");
      assert.deepEqual([outcomes[0]?.status, outcomes[0]?.conclusion], ["failed", conclusion]);
      assert.deepEqual(told.annotations, []);
    });
  }

  it("is waited for in every state, and a word that is not known is said aloud", async (test) => {
    const states = ["requested", "pending", "waiting", "queued", "in_progress", "dreaming"];
    const workflows = [{ ...deploy, takes: 120_000, states, conclusion: "splendid" }];
    const { outcomes, told } = await bootstrap(test, { github: { repositories: [{ name: "acme/a", workflows }] } });
    assert.deepEqual([outcomes[0]?.status, outcomes[0]?.conclusion], ["failed", "splendid"]);
    assert.deepEqual(
      told.annotations.map(({ level, message }) => `${level}: ${message.replace(/https:\S+/, "it")}`),
      [
        `warning: GitHub says of it that it is "dreaming", which is not known here.`,
        `warning: GitHub ended it as "splendid", which is not known here.`,
      ],
    );
    for (const state of ["requested", "pending", "waiting", "queued", "in progress"]) {
      assert.ok(
        told.lines.some((line) => line.startsWith(`acme/a@main: ${state}, `)),
        state,
      );
    }
  });

  for (const runDetails of ["refused", "ignored"] as const) {
    it(`is found where run details are ${runDetails}, beside one that somebody else starts`, async (test) => {
      const { outcomes, github } = await bootstrap(test, {
        github: { runDetails, listingLag: 3_000 },
        setUp: (state) => state.dispatchElsewhere("acme/a", "deploy.yml", "main", { endsAt: 0 }),
        later: { second: 0.1, act: (state) => state.dispatchElsewhere("acme/a", "deploy.yml", "main") },
      });
      const mine = github.runs.filter(({ actor }) => actor === "user-of-acme");
      assert.equal(mine.length, 1);
      assert.match(outcomes[0]?.run ?? "", new RegExp(`/runs/${mine[0]?.id}$`));
    });
  }

  it("that is under way is taken over, and not started twice", async (test) => {
    const setUp: SimulatedOptions["setUp"] = (state) => state.dispatchElsewhere("acme/a", "deploy.yml", "main");
    const { outcomes, github, told } = await bootstrap(test, { setUp });
    assert.equal(github.runs.length, 1);
    assert.deepEqual([outcomes[0]?.status, outcomes[0]?.dispatched], ["succeeded", false]);
    assert.equal(told.outputs["dispatched"], "0");
  });

  it("that the first attempt of this workflow run dispatched counts in the second", async (test) => {
    const infra = { name: "acme/infra", workflows: [{ file: "bootstrap.yml" }] };
    const { outcomes, github } = await bootstrap(test, {
      github: { repositories: [app("acme/a"), app("acme/b"), infra] },
      with: { repositories: "acme/a\nacme/b" },
      context: { run: { attempt: 2, id: "9000", repository: "acme/infra" } as never },
      setUp(state) {
        state.dispatchElsewhere("acme/infra", "bootstrap.yml", "main");
        state.dispatchElsewhere("acme/a", "deploy.yml", "main", {
          actor: "user-of-acme",
          endsAt: 0,
          conclusion: "failure",
        });
      },
    });
    assert.deepEqual(
      outcomes.map(({ repository, status, dispatched }) => [repository, status, dispatched]),
      [
        ["acme/a", "failed", false],
        ["acme/b", "succeeded", true],
      ],
    );
    assert.equal(github.runs.length, 3);
  });

  it("that an attempt started just before it ended is not started twice, though GitHub lists it late", async (test) => {
    const { outcomes, github } = await bootstrap(test, {
      github: {
        repositories: [{ name: "acme/a", workflows: [{ ...deploy, takes: 300_000 }] }],
        listingLag: 10_000,
      },
      // The tokens do not see the repository of the bootstrap, so when the first attempt began is not known.
      context: { run: { attempt: 2, id: "9000", repository: "acme/infra" } as never },
      setUp: (state) => state.dispatchElsewhere("acme/a", "deploy.yml", "main", { actor: "user-of-acme" }),
    });
    assert.equal(github.runs.length, 1);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ["succeeded"],
    );
  });

  it("is looked at again within seconds, and what did not change costs nothing", async (test) => {
    const { github, journeys } = await bootstrap(test);
    const [run] = github.runs;
    const looks = journeys.filter(({ path }) => path.endsWith(`/runs/${run?.id}`));
    const noticed = looks.at(-1)?.at ?? 0;
    assert.ok(noticed - (run?.endsAt ?? 0) <= 3_000, `noticed after ${noticed - (run?.endsAt ?? 0)} ms`);
    assert.deepEqual(
      Object.fromEntries(
        Map.groupBy(looks, ({ status }) => status)
          .entries()
          .map(([s, l]) => [s, l.length > 3]),
      ),
      { 200: false, 304: true },
    );
  });
});

it("shows what GitHub's users wrote on one line, so that nothing of it is a command to the runner", async (test) => {
  const workflows = [
    { ...deploy, conclusion: "failure", failedJob: "build\n::error::owned", failedStep: "x\n::warning::y" },
  ];
  const { told } = await bootstrap(test, { github: { repositories: [{ name: "acme/a", workflows }] } });
  assert.ok(told.lines.some((line) => line.includes("build ::error::owned / x ::warning::y")));
  assert.deepEqual(
    told.lines.filter((line) => line.includes("\n")),
    [],
  );
});

describe("the order", () => {
  it("is by waves, each over before the next begins, whatever became of it", async (test) => {
    const platform = { name: "acme/platform", workflows: [{ ...deploy, conclusion: "failure" }] };
    const { github } = await bootstrap(test, {
      github: { repositories: [app("acme/a"), platform, app("other-team/b")] },
      with: { repositories: "acme/a wave=2\nother-team/b wave=2\nacme/platform wave=1" },
    });
    const [first, ...others] = github.runs;
    assert.equal(first?.repository.name, "acme/platform");
    for (const run of others) assert.ok(run.createdAt >= (first?.endsAt ?? 0));
    assert.equal(others.length, 2);
  });

  it("of waves needs the wait", async (test) => {
    const lines = { repositories: "acme/a wave=1\nother-team/b wave=2", wait: "false" };
    const repositories = [app("acme/a"), app("other-team/b")];
    const { failure, github } = await bootstrap(test, { github: { repositories }, with: lines });
    assert.match(failure?.message ?? "", /`wait` is false, but a wave waits for the one before/);
    assert.equal(github.runs.length, 0);
  });

  it("has at most so many runs of each owner at the same time", async (test) => {
    const names = ["acme/a", "acme/b", "acme/c", "other-team/d", "other-team/e"];
    const { github } = await bootstrap(test, {
      github: { repositories: names.map(app) },
      with: { repositories: names.join("\n"), concurrency: "1" },
    });
    assert.equal(github.runs.length, 5);
    assert.equal(github.mostUnfinished(), 2);
  });
});

describe("GitHub's limits", () => {
  it("are honoured as `Retry-After` says, and a refused dispatch is made once", async (test) => {
    const answers = [
      { path: /dispatches$/, status: 422 },
      {
        path: /dispatches$/,
        status: 403,
        body: { message: "You have exceeded a secondary rate limit" },
        headers: { "retry-after": "120" },
      },
    ];
    const { failure, github, seconds, told } = await bootstrap(test, { answers });
    assert.equal(failure, undefined);
    assert.equal(github.runs.length, 1);
    assert.ok(seconds > 120 + 60, String(seconds));
    assert.ok(told.lines.includes("GitHub's rate limit for acme: waiting 121 s"));
  });

  it("are waited for until the hour is over, where it is used up", async (test) => {
    const { failure, github, seconds } = await bootstrap(test, {
      github: { hourlyLimit: 66 },
      with: { timeout: "3h" },
    });
    assert.equal(failure, undefined);
    assert.deepEqual(github.usage.refused, []);
    assert.ok(seconds > 3_600, String(seconds));
  });
});

describe("the end", () => {
  it("comes before anything is dispatched in a dry run", async (test) => {
    const { outcomes, github } = await bootstrap(test, {
      with: { repositories: "acme/a\nacme/none", "dry-run": "true" },
    });
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ["planned", "failed"],
    );
    assert.equal(github.runs.length, 0);
  });

  it("does not wait for runs when it is told so", async (test) => {
    const { outcomes, failure, journeys } = await bootstrap(test, { with: { wait: "false" } });
    assert.equal(failure, undefined);
    assert.deepEqual([outcomes[0]?.status, outcomes[0]?.dispatched], ["dispatched", true]);
    assert.ok(!journeys.some(({ path }) => /\/runs\/\d+$/.test(path)));
  });

  it("comes at the timeout, and what was not dispatched yet never is", async (test) => {
    const repositories = ["acme/a", "acme/b"].map((name) => ({ name, workflows: [{ ...deploy, takes: 3_600_000 }] }));
    const inputs = { repositories: "acme/a\nacme/b", concurrency: "1", timeout: "10m" };
    const { outcomes, github, seconds } = await bootstrap(test, { github: { repositories }, with: inputs });
    assert.deepEqual(
      outcomes.map(({ reason }) => reason),
      [
        "The run was still queued when the time was up; it goes on without us.",
        "It was not dispatched, because the time was up.",
      ],
    );
    assert.equal(github.runs.length, 1);
    assert.ok(seconds >= 600 && seconds < 601, String(seconds));
  });

  it("of a cancelled job leaves runs alone, and tells how far each came", async (test) => {
    const controller = new AbortController();
    const reason = new FairleadError({ code: "CANCELLED", message: "The job was cancelled." });
    const { outcomes, failure, github } = await bootstrap(test, {
      context: { signal: controller.signal },
      later: { second: 20, act: () => controller.abort(reason) },
    });
    assert.equal(failure?.code, "CANCELLED");
    assert.deepEqual(
      outcomes.map(({ status, reason: why }) => [status, why]),
      [["cancelled", "The run was still queued when the job was cancelled; it goes on without us."]],
    );
    assert.equal(github.runs[0]?.cancelled, false);
  });

  it("is followed by a table now and then while runs go on", async (test) => {
    const repositories = Array.from({ length: 6 }, (_, index) => app(`acme/app-${index}`));
    const { told } = await bootstrap(test, {
      github: { repositories },
      with: { repositories: repositories.map(({ name }) => name).join("\n"), concurrency: "2" },
    });
    assert.ok(told.lines.includes("2 of 6 done, 2 under way, 2 to come"), told.lines.join("\n"));
  });
});
