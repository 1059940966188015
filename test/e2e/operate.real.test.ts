// The operations that go by revisions: look, roll back, hold, resume.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { operate, rowsOf } from "./operate.ts";
import { onlyError } from "./report.ts";
import { createSmallApp, server } from "./small-app.ts";
import { openWorld, repository } from "./world.ts";

const world = await openWorld();
after(() => world[Symbol.dispose]());

/** Runs the command line in a checkout. */
async function commandLine(cwd: string, ...args: string[]) {
  const program = join(repository, "dist/fairlead.mjs");
  const env = { ...world.env, HOME: cwd, KUBECONFIG: world.cluster.kubernetes.kubeconfig };
  const all = [program, ...args, "--cluster", world.clusterFile];
  return await new Promise<{ status: number; stdout: string; stderr: string }>((done) => {
    execFile(process.execPath, all, { cwd, env, timeout: 60_000 }, (fault, stdout, stderr) =>
      done({ status: Number(fault?.code ?? 0), stdout, stderr }),
    );
  });
}

describe("a release that is rolled back by a person", () => {
  it("B-25 serves the last good revision, and deploys leave it alone until it is resumed", async () => {
    await using app = createSmallApp(world, "night");
    app.writeManifest();
    const nothing = await operate(world, app, { operation: "status" });
    assert.equal(nothing.outputs["status"], "absent", nothing.log);
    const first = await app.deploy();
    assert.equal(first.outputs["status"], "deployed", first.log);
    const early = await operate(world, app, { operation: "rollback" });
    assert.match(onlyError(early).message, /No revision before revision 1 of \S+ was seen healthy\./);
    assert.deepEqual([early.conclusion, early.outputs["status"]], ["failure", "refused"]);

    const second = await app.deploy({ command: server({ text: "second" }) });
    assert.equal(second.outputs["status"], "deployed", second.log);
    const back = await operate(world, app, { reason: "the basket is empty" }, { action: "actions/rollback" });
    assert.deepEqual(
      [back.conclusion, back.outputs["status"], back.outputs["revision"]],
      ["success", "rolled-back", "3"],
      back.log,
    );
    assert.match(back.summary, /is revision 1 again; deploys leave it as it is until/);
    assert.deepEqual(await app.revisions(), ["1 superseded", "2 superseded", "3 deployed"]);
    // Helm drops this where it supersedes; the first was superseded by a deploy, the second by the way back.
    for (const revision of [1, 2]) {
      const secret = `sh.helm.release.v1.${app.release}.v${revision}`;
      const { metadata } = JSON.parse(await world.kubectl("get", "secret", secret, "-n", app.release, "-o", "json"));
      assert.match(metadata.annotations?.["fairlead/run"] ?? "", new RegExp(`acme/${app.name}`), secret);
    }

    const push = await app.deploy({ command: server({ text: "third" }) });
    assert.deepEqual([push.conclusion, push.outputs["status"]], ["success", "held"], push.log);
    const warning = push.annotations.find(({ level }) => level === "warning");
    assert.match(warning?.message ?? "", /octocat holds it since \S+: the basket is empty/);
    const state = await operate(world, app, { operation: "status" });
    assert.deepEqual([state.outputs["status"], state.outputs["revision"]], ["healthy", "3"], state.log);
    assert.ok(rowsOf(state.report, "Release").some(({ what }) => what === "Held"));

    // Back from revision 3 is not revision 2, which was the bad one.
    const again = await operate(world, app, { operation: "rollback" });
    assert.match(onlyError(again).message, /No revision before revision 1, which serves again,/);
    const shell = await commandLine(app.workspace, "hold", "staging", "--reason", "later");
    assert.equal(shell.status, 2);
    assert.match(shell.stderr, /is held already; octocat holds it since \S+: the basket is empty\./);
    const resumed = await operate(world, app, { operation: "resume" });
    assert.equal(resumed.outputs["status"], "resumed", resumed.log);
    const idle = await commandLine(app.workspace, "resume", "staging", "--json");
    assert.deepEqual([idle.status, JSON.parse(idle.stdout).status], [0, "unchanged"], idle.stderr);
    const later = await app.deploy({ command: server({ text: "third" }) });
    assert.deepEqual([later.outputs["status"], later.outputs["revision"]], ["deployed", "4"], later.log);

    await world.kubectl("scale", `deployment/${app.name}`, "--replicas=2", "-n", app.release);
    const chosen = await operate(world, app, { operation: "rollback", revision: "2", hold: "false" });
    assert.deepEqual([chosen.outputs["status"], chosen.outputs["revision"]], ["rolled-back", "6"], chosen.log);
    assert.match(chosen.report.said, /\.spec\.replicas was changed by hand, and is taken back$/);
    const listed = rowsOf(chosen.report, "Revisions").map(({ revision, description }) => [revision, description]);
    assert.deepEqual(
      listed.map(([revision]) => revision),
      ["6", "5", "4", "3", "2", "1"],
    );
    assert.equal(listed[0]?.[1], "Rollback to 2");
    const free = await operate(world, app, { operation: "resume" });
    assert.equal(free.outputs["status"], "unchanged", free.log);
  });

  it("does as it is told with the manifest broken, by what was deployed", async () => {
    await using app = createSmallApp(world, "broken");
    for (const text of ["first", "second"]) {
      const step = await app.deploy({ command: server({ text }) });
      assert.equal(step.outputs["status"], "deployed", step.log);
    }
    app.writeManifest({ replicsa: 2 });
    const state = await operate(world, app, { operation: "status" });
    assert.deepEqual([state.outputs["status"], state.outputs["revision"]], ["healthy", "2"], state.log);
    assert.equal(rowsOf(state.report, "Endpoints").length, 1, state.log);
    const [warning, ...others] = state.annotations.filter(({ level }) => level === "warning");
    assert.match(
      warning?.message ?? "",
      /replicsa.* It is left aside: status goes by revision 2 of the release \S+ in /,
    );
    assert.deepEqual(others, []);

    app.write(".deploy/manifest.yaml", "<<<<<<< HEAD\n");
    const back = await operate(world, app, { hold: "false" }, { action: "actions/rollback" });
    assert.deepEqual([back.outputs["status"], back.outputs["revision"]], ["rolled-back", "3"], back.log);
    const logs = await operate(world, app, { operation: "logs" });
    assert.equal(logs.outputs["revision"], "3", logs.log);

    rmSync(join(app.workspace, ".deploy/manifest.yaml"));
    // On a laptop nothing tells which repository it is.
    const unclear = await commandLine(app.workspace, "hold", "staging", "--reason", "the night");
    assert.equal(unclear.status, 2);
    assert.match(
      unclear.stderr,
      /There is no manifest at .* not clear which release of staging is meant.*Give `release`/s,
    );
    const held = await commandLine(app.workspace, "hold", "staging", "--reason", "night", "--release", app.release);
    assert.equal(held.status, 0, held.stderr);
    const push = await app.deploy({ command: server({ text: "third" }) });
    assert.equal(push.outputs["status"], "held", push.log);
  });
});
