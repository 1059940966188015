// The root action on all real parts, driven as the runner drives it.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { marked, type Tokens } from "marked";
import { poll } from "../../actions/core/retry.ts";
import type { WorkflowEvent } from "../harness/environment.ts";
import { runAction } from "../harness/job.ts";
import type { StepOptions, StepResult } from "../harness/types.ts";
import { openInfisical } from "./own-infisical.ts";
import { keepAsking, pageWith, readPage, serviceAddress } from "./page.ts";
import { leftBesideReports } from "./report.ts";
import { serve, stopServing } from "./tailnet-site.ts";
import { type App, createApp, openWorld, repository } from "./world.ts";

const world = await openWorld();
after(() => world[Symbol.dispose]());

/** Runs the root action on the checkout of an app. */
async function deploy(
  app: App,
  event: Partial<WorkflowEvent> = app.event,
  options: StepOptions & { readonly secrets?: readonly string[] } = {},
) {
  const { workspace } = app;
  const inputs = { ...world.with, ...options.with };
  const env = { ...world.env, ...options.env };
  return await runAction(repository, { workspace, event, secrets: world.secrets, ...options, env, with: inputs });
}

/** A step that failed as it should: one error with these words, no stack, and nothing left behind. */
function assertFailedWith(step: Awaited<ReturnType<typeof deploy>>, ...words: RegExp[]): void {
  assert.equal(step.conclusion, "failure", step.log);
  assert.equal(step.exitCodes.main, 1);
  const errors = step.annotations.filter(({ level }) => level === "error");
  assert.equal(errors.length, 1, JSON.stringify(errors));
  for (const word of words) assert.match(errors[0]?.message ?? "", word);
  assert.doesNotMatch(step.log, /^\s+at .*:\d+:\d+\)?$/m);
  assert.deepEqual(leftBesideReports(step.leftBehind, step), []);
  assert.deepEqual(step.orphans, []);
}

async function revisions(release: string): Promise<string[]> {
  const history = await world.helm("history", release, "-n", release, "-o", "json").catch(() => "[]");
  return (JSON.parse(history) as { revision: number; status: string }[]).map(
    ({ revision, status }) => `${revision} ${status}`,
  );
}

/** An address of this machine on which nothing listens: its port is none that is given by itself, nor one that fetch refuses. */
const nobody = "127.0.0.1:2";
const nobodyIsNamed = new RegExp(nobody.replaceAll(".", "\\."));

describe("the whole way", () => {
  it("takes a push from a commit to an HTTP answer, over the tailnet, and says so in the summary", async () => {
    await using app = createApp(world, "way");
    // A name that only the tailnet knows.
    const host = "cluster.tailnet.test";
    app.edit(".deploy/manifest.yaml", /host: \S+-staging\.[^\s}]+/, `host: ${host}\n      public: false`);
    const { network } = world.cluster;
    const authority = await serve(network, { port: 443, names: [`DNS:${host}`] });
    const env = { NODE_EXTRA_CA_CERTS: authority };
    const step = await deploy(app, app.event, { with: { verify: "true" }, env }).finally(() =>
      stopServing(network, 443),
    );
    assert.equal(step.conclusion, "success", step.log);
    assert.match(step.log, /https:\/\/cluster\.tailnet\.test: passed/);
    assert.match(step.log, /pods stay ready: passed/);
    assert.match(step.log, /endpoints of way-\w+: passed, 1 ready/);
    assert.match(step.log, /http:\/\/way-\w+\/health: passed/);
    assert.match(step.log, /certificate way-\w+-tls: unknown, nobody issues/);
    const page = await pageWith(await serviceAddress(world, "staging", app), app.event.commit ?? "");
    assert.match(page, /environment development/);
    const { outputs } = step;
    const release = `staging-${app.name}`;
    assert.match(
      outputs["image"] ?? "",
      new RegExp(`^${world.cluster.registry.address}/${app.name}@sha256:[0-9a-f]{64}$`),
    );
    assert.equal(outputs["digest"], outputs["image"]?.split("@")[1]);
    assert.deepEqual(
      [outputs["release"], outputs["namespace"], outputs["revision"], outputs["previous-revision"], outputs["status"]],
      [release, release, "1", "0", "deployed"],
    );
    assert.equal(outputs["url"], `https://${host}`);
    assert.deepEqual(leftBesideReports(step.leftBehind, step), []);
    assert.deepEqual(step.orphans, []);
    assertSummary(step);
    await assertRestricted(release);
  });

  it("deploys a tag to prod, with two pods", async () => {
    await using app = createApp(world, "tagged");
    const step = await deploy(app, { ...app.event, ref: "refs/tags/v1.0.0" });
    assert.equal(step.outputs["release"], `prod-${app.name}`, step.log);
    assert.match(await pageWith(await serviceAddress(world, "prod", app), app.event.commit ?? ""), /production/);
    const ready = await world.kubectl(
      "get",
      "deployment",
      app.name,
      "-n",
      `prod-${app.name}`,
      "-o",
      "jsonpath={.status.readyReplicas}",
    );
    assert.equal(ready, "2");
  });

  it("deploys an image that is there already, without building one", async () => {
    await using app = createApp(world, "promoted");
    const first = await deploy(app);
    const { image = "" } = first.outputs;
    assert.match(image, /@sha256:/, first.log);
    app.edit(".deploy/manifest.yaml", "NODE_ENV: development", "NODE_ENV: test");
    const step = await deploy(app, app.commit(), { with: { image: `main=${image}` } });
    assert.equal(step.conclusion, "success", step.log);
    assert.deepEqual([step.outputs["image"], step.outputs["revision"]], [image, "2"]);
    assert.doesNotMatch(step.summary, /^ {2}image \(/m);
    app.edit(".deploy/manifest.yaml", "NODE_ENV: test", "NODE_ENV: production");
    const plan = await deploy(app, app.commit(), { with: { "dry-run": "true" } });
    assert.deepEqual(
      [plan.conclusion, plan.outputs["status"], plan.outputs["revision"]],
      ["success", "planned", "2"],
      plan.log,
    );
    assert.match(plan.log, /builds no image, so that of main is left as it is/);
    assert.match(plan.log, /^ {2}-\s+value: test\n {2}\+\s+value: production$/m);
    // The image that is not built is no change, and nothing is started to build it.
    assert.doesNotMatch(plan.log, /containers\.promoted-\w+\.image\w*/);
    assert.deepEqual(
      plan.commands.filter(([program = ""]) => /buildx|docker/.test(program)),
      [],
    );
    const unowned = await deploy(app, app.commit(), { with: { image: `web=${image}` } });
    assertFailedWith(unowned, /no component has this name/);
  });

  it("reads its credentials as the job itself, so that no secret is stored", async () => {
    await using app = createApp(world, "as-job");
    await using infisical = await openInfisical(world);
    infisical.fill("/infrastructure-apps", world.cluster.infisical.secrets, "prod");
    const inputs = { image: world.cluster.baseImage.reference, "dry-run": "true" };
    const { env } = infisical.asJob;
    const secrets = [...world.secrets, infisical.clientSecret, ...infisical.tokens()];
    const step = await deploy(app, app.event, { with: { ...infisical.asJob.with, ...inputs }, env, secrets });
    assert.equal(step.outputs["status"], "planned", step.log);
    assert.deepEqual(infisical.server.liveTokens(), []);
    const without = await deploy(app, app.event, { with: { ...infisical.asJob.with, ...inputs } });
    assertFailedWith(without, /GitHub gave no OIDC token/, /id-token: write/);
  });

  it("replaces the first commit by a second without a failed request", async () => {
    await using app = createApp(world, "second");
    const first = await deploy(app);
    assert.equal(first.conclusion, "success", first.log);
    const address = await serviceAddress(world, "staging", app);
    await pageWith(address, app.event.commit ?? "");
    const asking = keepAsking(address);
    const event = app.commit();
    const step = await deploy(app, event);
    await pageWith(address, event.commit ?? "");
    await untilOnePodIsLeft(`staging-${app.name}`);
    const { asked, failures } = await asking.stop();
    assert.equal(step.outputs["revision"], "2", step.log);
    assert.equal(step.outputs["previous-revision"], "1");
    assert.deepEqual(failures, []);
    assert.ok(asked > 50, `only ${asked} requests were made`);
  });
});

describe("a version that does not become healthy", () => {
  it("is rolled back when it crashes, with its log and its exit code, and the first still answers", async () => {
    await using app = createApp(world, "crashing");
    const first = await deploy(app);
    assert.equal(first.conclusion, "success", first.log);
    const address = await serviceAddress(world, "staging", app);
    await pageWith(address, app.event.commit ?? "");
    app.edit(
      "server.mjs",
      "const server =",
      'console.error("no database, giving up"); process.exit(3);\nconst server =',
    );
    const asking = keepAsking(address);
    const step = await deploy(app, app.commit());
    const { failures } = await asking.stop();
    assertFailedWith(step, /revision 2 did not become healthy: .*exit code 3/, /Revision 1 serves again/);
    assert.match(step.log, /no database, giving up/);
    assert.equal(step.summary.split("no database, giving up").length, 2, "once in the summary");
    assert.match(step.summary, /^### .* was rolled back$/m);
    assert.match(step.summary, /^ {2}rollout \(.*\) :crit,/m);
    assert.deepEqual(failures, []);
    assert.match(await readPage(address), new RegExp(app.event.commit ?? "never"));
    assert.deepEqual([step.outputs["status"], step.outputs["revision"]], ["rolled-back", "3"]);
    assert.deepEqual(await revisions(`staging-${app.name}`), ["1 superseded", "2 failed", "3 deployed"]);
    const next = await deploy(app, app.event);
    assert.equal(next.outputs["previous-revision"], "3", next.log);
  });

  it("is rolled back when the cluster refuses one of its objects after others were applied", async () => {
    await using app = createApp(world, "refused");
    const first = await deploy(app);
    assert.equal(first.conclusion, "success", first.log);
    // Each of two Services may have this port of the nodes, but not both: only applying them tells.
    const service =
      "{ apiVersion: v1, kind: Service, spec: { type: NodePort, ports: [{ port: 80, nodePort: 31813 }] } }";
    app.edit(".deploy/manifest.yaml", "port: 3000", "port: 3001");
    app.edit(
      ".deploy/manifest.yaml",
      "\nenvironments:",
      `\n  manifests:\n    a: ${service}\n    b: ${service}\nenvironments:`,
    );
    const step = await deploy(app, app.commit());
    assertFailedWith(step, /provided port is already allocated/, /Revision 1 serves again/);
    assert.deepEqual([step.outputs["status"], step.outputs["revision"]], ["rolled-back", "3"]);
    assert.deepEqual(await revisions(`staging-${app.name}`), ["1 superseded", "2 failed", "3 deployed"]);
    // The Service's port was changed and changed back: the node follows a moment after.
    await pageWith(await serviceAddress(world, "staging", app), app.event.commit ?? "never");
  });

  it("is not applied when the cluster would refuse one of its objects", async () => {
    await using app = createApp(world, "refused");
    const first = await deploy(app);
    assert.equal(first.conclusion, "success", first.log);
    // Of what a patch says, only the API server knows that a limit may not be below its request.
    const low = "patch: { container: { resources: { limits: { cpu: 50m } } } }";
    app.edit(".deploy/manifest.yaml", "\nenvironments:", `\n  ${low}\nenvironments:`);
    const step = await deploy(app, app.commit());
    assertFailedWith(step, /must be less than or equal to cpu limit/, /Nothing was changed/);
    assert.deepEqual(await revisions(`staging-${app.name}`), ["1 deployed"]);
  });

  it("is kept when it is the first install", async () => {
    await using app = createApp(world, "stillborn");
    app.edit("server.mjs", "const server =", 'console.error("cannot start"); process.exit(4);\nconst server =');
    app.edit(".deploy/manifest.yaml", "path: /health", "path: /health\n    crashRestarts: 1");
    const step = await deploy(app);
    assertFailedWith(step, /revision 1 did not become healthy: .*exit code 4/, /first install.*kept/);
    assert.match(step.log, /cannot start/);
    assert.deepEqual(await revisions(`staging-${app.name}`), ["1 failed"]);
    assert.deepEqual([step.outputs["status"], step.outputs["revision"]], ["failed", "0"]);
  });
});

describe("a cancelled job", () => {
  const moments: readonly (readonly [string, RegExp])[] = [
    ["while it asks for secrets", /: release staging-/],
    ["while it joins the tailnet and builds", /Infisical: \d+ secrets/],
    ["while it waits for a path and builds", /Joined as/],
    ["while Helm applies", /^Kubernetes v/],
    ["while the pods start", /is applied in namespace/],
  ];
  for (const [moment, cancelAfter] of moments) {
    it(`${moment} has one error and leaves nothing behind; the next one deploys`, async () => {
      await using app = createApp(world, "cancelled");
      const step = await deploy(app, app.event, { cancelAfter });
      assert.equal(step.conclusion, "cancelled", step.log);
      const errors = step.annotations.filter(({ level }) => level === "error");
      assert.deepEqual(
        errors.map(({ message }) => message),
        ["The job was cancelled, so this step stopped."],
        step.log,
      );
      assert.deepEqual([leftBesideReports(step.leftBehind, step), step.orphans], [[], []]);
      const next = await deploy(app);
      assert.equal(next.conclusion, "success", next.log);
    });
  }
});

describe("bad input", () => {
  it("names inputs that are misspelt or wrong, all at once", async () => {
    await using app = createApp(world, "inputs");
    const step = await deploy(app, app.event, { with: { enviroment: "staging", timeout: "soon" } });
    assertFailedWith(step, /`enviroment` is not an input \(did you mean `environment`\?\)/, /`timeout` is "soon"/);
  });

  it("says where a missing manifest was looked for, and that an empty one is empty", async () => {
    await using app = createApp(world, "manifest");
    assertFailedWith(
      await deploy(app, app.event, { with: { manifest: "absent.yaml" } }),
      /no manifest at absent\.yaml/,
    );
    writeFileSync(join(app.workspace, ".deploy/manifest.yaml"), "");
    assertFailedWith(await deploy(app), /manifest\.yaml:1:1: the file is empty/);
  });

  it("lists the declared environments when another is asked for", async () => {
    await using app = createApp(world, "undeclared");
    const step = await deploy(app, app.event, { with: { environment: "prd" } });
    assertFailedWith(step, /"prd" is not declared; declared: prod, staging/);
  });

  it("says that Infisical refuses the identity", async () => {
    await using app = createApp(world, "identity");
    const step = await deploy(app, app.event, {
      with: { "infisical-client-secret": "not-the-secret-of-this-identity" },
    });
    assertFailedWith(step, /infisical-client-id/);
    assert.deepEqual(await revisions(`staging-${app.name}`), []);
  });

  it("says that Infisical does not answer", async () => {
    await using app = createApp(world, "silent");
    const cluster = join(app.workspace, "cluster.yaml");
    writeFileSync(cluster, `cluster: { infisical: { url: "http://${nobody}" } }\n`);
    assertFailedWith(await deploy(app, app.event, { with: { cluster } }), nobodyIsNamed);
  });

  it("names the credential that is nowhere", async () => {
    await using app = createApp(world, "nowhere");
    const step = await deploy(app, app.event, { with: { "infisical-client-id": "", "infisical-client-secret": "" } });
    assertFailedWith(step, /KUBECONFIG_BASE64 is missing/, /infisical-client-id/);
  });

  it("says that a kubeconfig is none, without showing it", async () => {
    await using app = createApp(world, "notaconfig");
    const step = await deploy(app, app.event, { env: { KUBECONFIG_BASE64: "this is no kubeconfig at all" } });
    assertFailedWith(step, /The kubeconfig is not usable/);
    assert.doesNotMatch(step.log, /this is no kubeconfig/);
  });

  it("says that the API server does not answer", async () => {
    await using app = createApp(world, "unreachable");
    const text = Buffer.from(world.cluster.infisical.secrets["KUBECONFIG_BASE64"] ?? "", "base64").toString();
    const KUBECONFIG_BASE64 = Buffer.from(text.replace(/server: .*/, `server: https://${nobody}`)).toString("base64");
    const step = await deploy(app, app.event, { env: { KUBECONFIG_BASE64 } });
    assertFailedWith(step, nobodyIsNamed);
  });

  it("names the step of the Dockerfile that fails", async () => {
    await using app = createApp(world, "unbuildable");
    app.edit("Dockerfile", "USER 1000", "RUN echo no such luck && exit 9\nUSER 1000");
    const step = await deploy(app);
    assertFailedWith(step, /RUN echo no such luck && exit 9/);
    assert.deepEqual(await revisions(`staging-${app.name}`), []);
  });
});

/** A browser shows both tables with as many cells in each row as in its head. */
function assertSummary({ summary, outputs }: StepResult): void {
  const tables = marked.lexer(summary).filter((token): token is Tokens.Table => token.type === "table");
  assert.equal(tables.length, 2, summary);
  const rows = tables.flatMap((table) =>
    [table.header, ...table.rows].map((row) => ({ row, width: table.header.length })),
  );
  for (const { row, width } of rows) assert.equal(row.length, width);
  const cells = rows.map(({ row }) => row.map(({ text }) => text).join(" | ")).join("\n");
  for (const name of ["digest", "release", "url"])
    assert.ok(cells.includes(outputs[name] ?? "never"), `${name}: ${cells}`);
  for (const stage of ["validate", "secrets", "tailnet", "image", "preflight", "apply", "rollout", "verify"])
    assert.match(summary, new RegExp(`^  ${stage} \\(.*\\) :done,`, "m"));
}

async function assertRestricted(namespace: string): Promise<void> {
  const label = "jsonpath={.metadata.labels.pod-security\\.kubernetes\\.io/enforce}";
  assert.equal(await world.kubectl("get", "namespace", namespace, "-o", label), "restricted");
}

/** Old pods serve until they are drained, so whoever counts failures has to ask until they are gone. */
async function untilOnePodIsLeft(namespace: string): Promise<void> {
  const onTimeout = (seen: string) => new Error(`still there after 60 s: ${seen}`);
  await poll({ interval: 500, timeout: 60_000, signal: AbortSignal.timeout(90_000), onTimeout }, async () => {
    const pods = (await world.kubectl("get", "pods", "-n", namespace, "-o", "name")).trim();
    return pods.split("\n").length === 1 ? { done: true } : { waiting: pods };
  });
}
