// The root action's way to the cluster over the tailnet, where it is open and where it is not.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { parse, stringify } from "yaml";
import { run } from "../cluster/run.ts";
import { startGitHub } from "../fakes/github/server.ts";
import { startProxy } from "../fakes/proxy.ts";
import { createJob, runAction } from "../harness/job.ts";
import { runInMachine } from "./machine.ts";
import { createSmallApp } from "./small-app.ts";
import { assertLoggedOut, room, withKey } from "./tailnet-site.ts";
import { type App, createApp, openWorld, repository } from "./world.ts";

const world = await openWorld();
after(() => world[Symbol.dispose]());

const { tailnet, network, infisical, baseImage } = world.cluster;
const teamKubeconfig = Buffer.from(infisical.secrets["KUBECONFIG_BASE64"] ?? "", "base64").toString();

/** A dry run of the root action, which needs the cluster and changes nothing there. */
async function plan(app: App, kubeconfig = teamKubeconfig) {
  const encoded = Buffer.from(kubeconfig).toString("base64");
  return await runAction(repository, {
    workspace: app.workspace,
    event: app.event,
    env: { ...world.env, KUBECONFIG_BASE64: encoded },
    secrets: [...world.secrets, encoded],
    with: { ...world.with, image: baseImage.reference, "dry-run": "true" },
  });
}

/** The team's kubeconfig with a change. */
function changed(
  change: (document: { clusters: [{ cluster: { server: string } }]; users: [{ user: object }] }) => void,
) {
  const document = parse(teamKubeconfig);
  change(document);
  return stringify(document);
}

type Step = Awaited<ReturnType<typeof plan>>;

function codesOf({ annotations }: Pick<Step, "annotations">): (string | undefined)[] {
  return annotations.filter(({ level }) => level === "error").map(({ properties }) => properties["title"]);
}

/** Nothing of the tailnet outlives the job, and the control server was told. */
async function assertLeft(app: App, { leftBehind, orphans }: Step): Promise<void> {
  assert.deepEqual(orphans, []);
  assert.deepEqual(
    leftBehind.filter(({ path }) => /tailscale|tailnet/.test(path)),
    [],
  );
  await assertLoggedOut({ network }, `${app.name}-4200-1`);
}

describe("the way to the cluster", () => {
  it("J-09 the tailnet is joined before the cluster is touched, and left afterwards", async () => {
    await using app = createApp(world, "way-open");
    const step = await plan(app);
    assert.equal(step.conclusion, "success", step.log);
    const order = [/Joined as/, /\/readyz answered after/, /^Kubernetes v/m].map((line) => step.log.search(line));
    assert.deepEqual(
      order,
      order.toSorted((left, right) => left - right),
    );
    assert.ok(!order.includes(-1), step.log);
    // Only what is given the proxy gets into the tailnet.
    assert.ok(step.commands.some((command) => command.includes("--tun=userspace-networking")));
    await assertLeft(app, step);
  });

  it("J-09, J-11 an API server that does not answer ends the run before anything is touched, and the tailnet is left", async () => {
    await using app = createApp(world, "way-shut");
    const server = `https://${tailnet.clusterAddress}:6499`;
    const step = await plan(
      app,
      changed(({ clusters: [{ cluster }] }) => {
        cluster.server = server;
      }),
    );
    assert.deepEqual(codesOf(step), ["TAILNET_UNREACHABLE"], step.log);
    assert.match(step.annotations[0]?.message ?? "", /Nothing listens on port 6499/);
    assert.doesNotMatch(step.log, /^Kubernetes v/m);
    assert.match(step.summary, /Netcheck of this runner/);
    await assertLeft(app, step);
  });

  it("J-09 where the registry is on the tailnet, the whole machine joins before an image is built", async () => {
    await using app = createApp(world, "way-machine");
    app.edit("Dockerfile", /^[\s\S]*$/, "FROM scratch\nRUN nothing\n");
    const { cluster } = parse(readFileSync(world.clusterFile, "utf8"));
    const facts = { cluster: { ...cluster, tailnet: { ...cluster.tailnet, registry: true } } };
    writeFileSync(join(app.workspace, "cluster.yaml"), stringify(facts));
    const step = await runInMachine(network, repository, {
      workspace: app.workspace,
      event: app.event,
      env: world.env,
      secrets: world.secrets,
      with: { ...world.with, cluster: "cluster.yaml" },
    });
    assert.deepEqual(codesOf(step), ["IMAGE_BUILD_FAILED"], step.log);
    const started = (part: string) => step.commands.findLastIndex((command) => command.includes(part));
    assert.ok(started("up") !== -1 && started("up") < started("build"), JSON.stringify(step.commands));
    assert.equal(started("--tun=userspace-networking"), -1);
    await assertLeft(app, step);
  });

  it("J-11 an API server that refuses the login is another error, and the way is not blamed", async () => {
    await using app = createApp(world, "way-login");
    const token = randomBytes(16).toString("hex");
    const step = await plan(
      app,
      changed(({ users: [entry] }) => {
        entry.user = { token };
      }),
    );
    assert.deepEqual(codesOf(step), ["CLUSTER_UNAUTHORIZED"], step.log);
    assert.match(step.log, /\/readyz answered after/);
    await assertLeft(app, step);
  });

  it("J-49 a bootstrap in the tailnet starts nothing before the cluster there answers", async () => {
    const token = randomBytes(20).toString("hex");
    const repositories = [{ name: "acme/shop", workflows: [{ file: "deploy.yml" }] }];
    await using github = await startGitHub({ repositories, tokens: [{ token, owners: ["acme"] }] });
    await using job = createJob({ env: world.env, secrets: [...world.secrets, tailnet.authKey, token] });
    const { outputs } = await job.run(room, { with: withKey(tailnet) });
    const bootstrap = async (kubeconfig: string) =>
      await job.run(join(repository, "actions/bootstrap"), {
        env: { HTTPS_PROXY: outputs["proxy"] ?? "" },
        with: {
          ...{ repositories: "acme/shop", tokens: `acme=${token}`, preflight: "cluster", "api-url": github.url },
          kubeconfig: Buffer.from(kubeconfig).toString("base64"),
        },
      });
    const done = await bootstrap(teamKubeconfig);
    assert.equal(done.conclusion, "success", done.log);
    assert.deepEqual([done.outputs["succeeded"], github.runs.length], ["1", 1]);
    const shut = changed(({ clusters: [{ cluster }] }) => {
      cluster.server = `https://${tailnet.clusterAddress}:6499`;
    });
    const early = await bootstrap(shut);
    assert.deepEqual(codesOf(early), ["PREFLIGHT_FAILED"], early.log);
    assert.equal(github.runs.length, 1);
  });

  it("behind a proxy, Helm and our own calls both reach the cluster through it", async () => {
    const { host, hostname, port } = new URL(
      parse(readFileSync(world.cluster.kubernetes.kubeconfig, "utf8")).clusters[0].cluster.server,
    );
    await using proxy = await startProxy({ names: { [hostname]: Number(port) } });
    await using app = createSmallApp(world, "way-proxy");
    const secrets = [...world.secrets, proxy.password];
    const env = { HTTPS_PROXY: proxy.url, NO_PROXY: world.cluster.registry.address };
    const step = await app.deploy({}, { env, secrets });
    assert.equal(step.conclusion, "success", step.log);
    assert.deepEqual([...new Set(proxy.asked)], [`CONNECT ${host}`]);
    // Go's programs tell their name, Node's client does not.
    assert.deepEqual([...new Set(proxy.askedBy)].sort(), ["", "Go-http-client/1.1"]);
  });

  it("joined in a step of its own, the tailnet lets other programs through its proxy, for as long as the job lasts", async () => {
    await using job = createJob({ env: world.env, secrets: [tailnet.authKey] });
    const probe = `https://${tailnet.clusterAddress}:6443/readyz`;
    const { outputs, log } = await job.run(room, { with: withKey(tailnet, { probe }) });
    const kubeconfig = join(job.folders.home, "kubeconfig");
    writeFileSync(kubeconfig, teamKubeconfig, { mode: 0o600 });
    const kubectl = (accept: readonly number[]) =>
      run(["kubectl", `--kubeconfig=${kubeconfig}`, "--request-timeout=10s", "get", "--raw", "/version"], {
        environment: { ...world.env, HTTPS_PROXY: outputs["proxy"] },
        accept,
      });
    assert.match((await kubectl([0])).output, /gitVersion/, log);
    rmSync(kubeconfig);
    assert.equal((await job.finish()).conclusion, "success");
    writeFileSync(kubeconfig, teamKubeconfig, { mode: 0o600 });
    assert.match((await kubectl([1])).errors, /refused/);
  });
});
