// The day after: a cluster is thrown away and built anew, and bootstrap brings three applications back. GitHub is stood in
// for; the runs that it is asked for are real, carried out by act.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { bundledChart } from "../../actions/core/helm.ts";
import { stopCluster } from "../cluster/cluster.ts";
import { run } from "../cluster/run.ts";
import { ensureTools } from "../cluster/toolchain.ts";
import type { Conclusion, Repository, Run } from "../fakes/github/model.ts";
import { type GitHub, startGitHub } from "../fakes/github/server.ts";
import { runAction } from "../harness/job.ts";
import { cloneAndCommit, runExample } from "./act.ts";
import { pageWith, serviceAddress } from "./page.ts";
import { openWorld, repository, type World } from "./world.ts";

const instance = "rebuild";
const bootstrap = join(repository, "actions/bootstrap");
const token = randomBytes(20).toString("hex");
const folder = mkdtempSync(join(tmpdir(), "fairlead-rebuild-"));
const names = ["one", "two", "three"].map((word) => `${word}-${randomBytes(3).toString("hex")}`);
const commits = new Map<string, string>();

await stopCluster({ instance });
after(async () => {
  await stopCluster({ instance });
  rmSync(folder, { recursive: true, force: true });
});

/** A checkout of each application: the example under another name. */
async function makeApp(name: string): Promise<Repository> {
  mkdirSync(join(folder, name));
  const checkout = join(folder, name, "checkout");
  const manifestFile = join(checkout, "examples/hello/.deploy/manifest.yaml");
  const commit = await cloneAndCommit(checkout, () => {
    writeFileSync(manifestFile, readFileSync(manifestFile, "utf8").replaceAll("my-app", name));
  });
  commits.set(name, commit);
  const text = readFileSync(join(checkout, "examples/hello/.github/workflows/deploy.yml"), "utf8");
  const manifest = readFileSync(manifestFile, "utf8");
  return { name: `acme/${name}`, workflows: [{ file: "deploy.yml", text }], manifest };
}

function execute(world: World) {
  return async ({ repository: { name: full }, ref }: Run): Promise<Conclusion> => {
    const name = full.replace("acme/", "");
    const trigger = { event: "workflow_dispatch", ref: `refs/heads/${ref}`, commit: commits.get(name) ?? "" } as const;
    const place = { folder: join(folder, name), checkout: join(folder, name, "checkout") };
    const { code, log } = await runExample(world, place, trigger);
    if (code !== 0) console.error(log);
    return code === 0 ? "success" : "failure";
  };
}

/** Publishes the chart as the platform of a team does. */
async function publishChart(world: World): Promise<void> {
  const { helm } = await ensureTools(["helm"]);
  const { address, username, password } = world.cluster.registry;
  const environment = { ...world.env, HOME: folder };
  const login = [helm, "registry", "login", address, "--username", username, "--password-stdin", "--plain-http"];
  await run(login, { environment, input: password });
  await run([helm, "package", bundledChart(), "--destination", folder], { environment });
  const [archive = ""] = readdirSync(folder).filter((file) => file.endsWith(".tgz"));
  await run([helm, "push", join(folder, archive), `oci://${address}/charts`, "--plain-http"], { environment });
}

function startBootstrap(world: World, github: GitHub, kubeconfig: string) {
  return runAction(bootstrap, {
    env: { ...world.env, GITHUB_TOKEN_ACME: token },
    secrets: [...world.secrets, token],
    with: {
      repositories: names.map((name) => `acme/${name}`).join("\n"),
      only: "missing",
      preflight: "cluster registry chart",
      cluster: world.clusterFile,
      "infisical-client-id": world.with["infisical-client-id"] ?? "",
      "infisical-client-secret": world.with["infisical-client-secret"] ?? "",
      ...{ kubeconfig, concurrency: "2", "api-url": github.url },
    },
  });
}

describe("a cluster that is built anew", () => {
  it("X-24 has its applications again after a bootstrap, which needs its new kubeconfig and starts nothing twice", async (test) => {
    const old = await openWorld(instance);
    await old.kubectl("create", "namespace", "before");
    const oldKubeconfig = readFileSync(old.cluster.kubernetes.kubeconfig, "utf8");
    old[Symbol.dispose]();
    await stopCluster({ instance });
    using world = await openWorld(instance);
    assert.ok(!(await world.kubectl("get", "namespaces", "-o", "name")).includes("namespace/before"));
    const repositories = await Promise.all(names.map(makeApp));
    const tokens = [{ token, owners: ["acme"] }];
    await using github = await startGitHub({ repositories, tokens, execute: execute(world) });

    const early = await startBootstrap(world, github, oldKubeconfig);
    assert.equal(early.conclusion, "failure");
    assert.match(
      early.annotations.map(({ message }) => message).join(),
      /Nothing was dispatched, because the cluster is not ready\./,
    );
    assert.equal(github.runs.length, 0);

    const kubeconfig = readFileSync(world.cluster.kubernetes.kubeconfig, "utf8");
    const unpublished = await startBootstrap(world, github, kubeconfig);
    const told = unpublished.annotations.map(({ message }) => message).join();
    assert.match(told, /The chart oci:\S+ is not there: .*Push it to the registry first; applications come last\./);
    assert.equal(github.runs.length, 0);
    await publishChart(world);
    const start = performance.now();
    const done = await startBootstrap(world, github, kubeconfig);
    assert.equal(done.conclusion, "success", done.log);
    test.diagnostic(`three applications in ${Math.round((performance.now() - start) / 1_000)} s`);
    assert.deepEqual([done.outputs["dispatched"], done.outputs["succeeded"]], ["3", "3"]);
    for (const name of names) {
      await pageWith(await serviceAddress(world, "staging", { name }), commits.get(name) ?? "no commit");
    }

    const again = await startBootstrap(world, github, kubeconfig);
    assert.equal(again.conclusion, "success", again.log);
    const results = JSON.parse(again.outputs["results"] ?? "[]") as {
      environment: string;
      status: string;
      reason: string;
    }[];
    const staging = results.filter(({ environment }) => environment === "staging");
    assert.deepEqual(
      staging.map(({ status, reason }) => `${status}: ${reason}`),
      Array(3).fill("skipped: Its release is there."),
    );
    assert.equal(github.runs.length, 3);
  });
});
