// What a deploy tells: the summary, the end of the log, one annotation at its place in the manifest, the report file.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { lineAt, onlyError, reportOf } from "./report.ts";
import { createSmallApp, server } from "./small-app.ts";
import { openWorld, repository } from "./world.ts";

const world = await openWorld();
after(() => world[Symbol.dispose]());

/** What comes after the last group of a log. */
function endOf(log: string): string {
  return log.slice(log.lastIndexOf("##[endgroup]") + 1);
}

describe("a deploy tells what it came to", () => {
  it("when it goes well, when it crashes, and what changes in between", async () => {
    await using app = createSmallApp(world, "told");
    const first = await app.deploy({ env: { LEVEL: "info" } });
    assert.equal(first.outputs["status"], "deployed", first.log);
    assert.match(first.summary, /^### ✅ staging-told-\w+ is live after /m);
    for (const stage of ["prepare", "preflight", "wait for the lock", "apply", "rollout"])
      assert.match(first.summary, new RegExp(`^  ${stage} \\(.*\\) :done, `, "m"));
    assert.match(endOf(first.log), /Result:\n {2}status {2,}deployed\n {2}release {2,}staging-told-\w+\n/);
    assert.match(first.summary, new RegExp(`^helm history ${app.release} -n ${app.release}$`, "m"));

    // The harness looks for this password in everything that the step shows or leaves.
    const { password } = world.cluster.registry;
    const env = { LEVEL: "a-value-of-a-variable" };
    const program = `console.error("::error::no data", "${password}"); process.exit(4)`;
    const hints = { "no data": "Seed the database first.", "no such words": "Never." };
    const crash = await app.deploy({ env, command: ["node", "-e", program], hints });
    const error = onlyError(crash);
    assert.equal(lineAt(app, error), "command:");
    assert.equal(error.properties["title"], "DEPLOY_FAILED");
    assert.match(crash.summary, /^### ↩️ staging-told-\w+ was rolled back$/m);
    assert.match(crash.summary, /^> .*ended with exit code 4/m);
    assert.match(crash.summary, /<summary>Log of told-\w+ in .*\n\n```text\n::error::no data \*\*\*\n```/);
    assert.match(endOf(crash.log), /Log of told-\w+ in .*:\n {2}::error::no data \*\*\*\n/);
    assert.match(crash.summary, /^- \*\*Advice:\*\* Seed the database first\.$/m);
    assert.match(endOf(crash.log), /Advice:\n {2}Seed the database first\.\n(?! {2}Never)/);
    assert.match(crash.summary, /^ {2}rollout \(.*\) :crit, /m);
    assert.match(crash.summary, /^ {2}rollback \(.*\) :done, /m);
    const report = reportOf(crash);
    assert.deepEqual(
      [report.schemaVersion, report.status, report.code, report.revision, report.previousRevision],
      [1, "rolled-back", "DEPLOY_FAILED", 3, 1],
    );
    assert.equal(report.place?.line, Number(error.properties["line"]));
    assert.match(report.evidence?.logs[0]?.text ?? "", /no data \*\*\*/);
    const changed = report.changes?.objects.find(({ kind }) => kind === "Deployment");
    assert.equal(report.changes?.against, 1);
    assert.equal(changed?.change, "changed");
    const container = `spec.template.spec.containers.${app.name}`;
    for (const key of ["command", "env.LEVEL.value"]) assert.ok(changed?.keys.includes(`${container}.${key}`), key);
    assert.doesNotMatch(crash.summary + JSON.stringify(report.changes?.objects), /a-value-of-a-variable/);
  });

  it("points at the key that an obstacle is about, before anything is touched", async () => {
    await using app = createSmallApp(world, "placed");
    const spec = { secrets: { db: { existingSecret: "database" } }, env: { URL: { secret: "db/url" } } };
    const step = await app.deploy(spec);
    assert.equal(lineAt(app, onlyError(step)), "URL:");
    assert.deepEqual([step.outputs["status"], step.outputs["revision"]], ["failed", "0"]);
    assert.match(step.outputs["reason"] ?? "", /needs the Secret database/);
    const report = reportOf(step);
    assert.deepEqual([report.code, report.stages.at(-1)?.name], ["PREFLIGHT_FAILED", "preflight"]);
    assert.match(step.summary, /^### ❌ staging-placed-\w+ failed$/m);
  });
});

describe("a dry run", () => {
  it("makes nothing where nothing is", async () => {
    await using app = createSmallApp(world, "dry");
    const step = await app.deploy({}, { with: { "dry-run": "true" } });
    assert.equal(step.conclusion, "success", step.log);
    assert.deepEqual([step.outputs["status"], step.outputs["revision"]], ["planned", "0"]);
    const notices = step.annotations.map(({ message }) => message);
    assert.ok(
      notices.some((message) => message.includes(`${app.release} is not there yet`)),
      notices.join("\n"),
    );
    assert.match(step.log, /^Changes, all of it new \(\d+ added\):/m);
    await assert.rejects(world.kubectl("get", "namespace", app.release), /not found/);
  });

  it("shows what would change, and finds what is in the way, and changes nothing", async () => {
    await using app = createSmallApp(world, "planned");
    const ingress = { host: `${app.name}.example.com`, public: false };
    const first = await app.deploy({ ingress });
    assert.equal(first.outputs["status"], "deployed", first.log);
    const objects = () => world.kubectl("get", "all,leases,secrets,configmaps", "-n", app.release, "-o", "name");
    const before = await objects();
    const next = { port: 4000, command: server({ port: 4000, text: "second" }) };
    const step = await app.deploy(next, { with: { "dry-run": "true" } });
    assert.deepEqual([step.conclusion, step.outputs["status"]], ["success", "planned"], step.log);
    assert.deepEqual([step.outputs["revision"], step.outputs["previous-revision"]], ["1", "1"]);
    assert.match(step.summary, /^### 📝 staging-planned-\w+ would change: \d+ changed/m);
    assert.match(step.summary, /<summary>Diff<\/summary>\n\n```diff\n[^`]*^-.*response\.end\("first"\)/m);
    assert.match(step.log, /^ {2}\+.*response\.end\("second"\)/m);
    assert.match(step.summary, new RegExp(`\\*\\*Mind:\\*\\* ${ingress.host} is routed no more`));
    assert.match(
      step.summary,
      /\*\*Mind:\*\* Service\/\S+: requests fail until the rollout is over, unless the old pods/,
    );
    const bad = await app.deploy(
      { image: "no-such-host.invalid/web:1", volumes: claim },
      { with: { "dry-run": "true" } },
    );
    assert.equal(bad.conclusion, "failure", bad.log);
    assert.match(onlyError(bad).message, /claims a volume without a storage class/);
    assert.equal(await objects(), before);
    assert.deepEqual(await app.revisions(), ["1 deployed"]);
    const done = await app.deploy(next);
    const gap = done.annotations.find(({ properties }) => properties["title"] === "Requests fail for a while");
    assert.match(gap?.message ?? "", /listen on 4000 as well as on 3000\.$/, done.log);
    // It is told before it is over.
    assert.ok(done.log.indexOf("as well as on 3000.") < done.log.indexOf("is healthy"), done.log);
    const told = done.annotations.filter(({ properties }) => properties["title"] === "Left behind");
    assert.deepEqual(
      told.map(({ level, message }) => `${level} ${message}`),
      [`notice ${ingress.host} is routed no more; its DNS record stays until somebody removes it.`],
    );
  });
});

describe("a chart, a release and a namespace of the step's own", () => {
  it("take the place of those that it has anyway", async () => {
    await using app = createSmallApp(world, "own");
    const { address, username, password } = world.cluster.registry;
    const home = mkdtempSync(join(tmpdir(), "fairlead-home-"));
    try {
      // As a login step before it leaves it, and as Helm falls back to.
      const auth = Buffer.from(`${username}:${password}`).toString("base64");
      mkdirSync(join(home, ".docker"));
      writeFileSync(join(home, ".docker/config.json"), JSON.stringify({ auths: { [address]: { auth } } }));
      await world.helm("package", join(repository, "chart"), "--version", "3.0.1-own", "--destination", home);
      const login = ["--username", username, "--password", password, "--plain-http"];
      await world.helm("push", join(home, "app-3.0.1-own.tgz"), `oci://${address}/charts`, ...login);
      const chart = `oci://${address}/charts/app:3.0.1-own`;
      // The namespace that is removed after the test.
      const given = { chart, release: "another-name", namespace: app.release };
      const step = await app.deploy({}, { with: given, env: { HOME: home } });
      assert.equal(step.outputs["status"], "deployed", step.log);
      assert.deepEqual([step.outputs["release"], step.outputs["namespace"]], ["another-name", app.release]);
      const list = await world.helm("list", "-n", app.release, "-o", "json");
      assert.deepEqual(
        (JSON.parse(list) as { name: string; chart: string }[]).map(({ name, chart }) => `${name} ${chart}`),
        ["another-name app-3.0.1-own"],
      );
    } finally {
      rmSync(home, { recursive: true });
    }
  });
});

const claim = { data: { mountPath: "/data", size: "1Gi" } };
