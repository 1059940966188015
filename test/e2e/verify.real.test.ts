// What a new revision must do before it counts, on the real cluster: a check that fails sends it back.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { parse, stringify } from "yaml";
import { runAction } from "../harness/job.ts";
import { pageWith, serviceAddress } from "./page.ts";
import { type App, createApp, openWorld, repository } from "./world.ts";

const world = await openWorld();
after(() => world[Symbol.dispose]());

/** An app that the world's DNS is not asked for: nobody listens there in the tailnet. */
function privateApp(word: string): App {
  const app = createApp(world, word);
  app.edit(".deploy/manifest.yaml", /host: \S+-staging\.\S+/, "host: cluster.tailnet.test\n      public: false");
  return app;
}

async function deploy(app: App, event = app.event, verify = "true", cluster = world.clusterFile) {
  return await runAction(repository, {
    workspace: app.workspace,
    event,
    secrets: world.secrets,
    env: world.env,
    with: { ...world.with, verify, cluster },
  });
}

function declare(app: App, checks: string): void {
  app.edit(".deploy/manifest.yaml", "\nenvironments:", `\n  verify:\n${checks}\nenvironments:`);
}

const passing = `    home: { http: /, expect: { status: 200, pattern: "commit" } }
    shell: { run: 'test "$PORT" = 3000 && echo "port $PORT"', pods: all, expect: { text: port 3000 } }
    refusal: { run: exit 7, expect: { status: 7 } }
    started: { logs: "listen", optional: true }
`;

describe("a rollout that is done", () => {
  it("counts when its checks pass; one that is optional only warns", async () => {
    await using app = privateApp("checked");
    declare(app, passing);
    const { cluster } = parse(readFileSync(world.clusterFile, "utf8"));
    writeFileSync(join(app.workspace, "cluster.yaml"), stringify({ cluster: { ...cluster, nodes: 2 } }));
    const step = await deploy(app, app.event, "true", "cluster.yaml");
    assert.equal(step.conclusion, "success", step.log);
    assert.match(step.log, /^ {2}2 nodes are ready: warned, 1 of 2 are \(/m);
    for (const name of ["home", "shell", "refusal"])
      assert.match(step.log, new RegExp(`^ {2}${name}: passed`, "m"), step.log);
    assert.equal(step.outputs["status"], "deployed");
  });

  it("goes back when a check fails, and says what it saw", async () => {
    await using app = privateApp("unchecked");
    const first = await deploy(app, app.event, "false");
    assert.equal(first.conclusion, "success", first.log);
    declare(app, '    seeded: { run: "echo 0 rows", expect: { text: 2 rows }, timeout: 3s }\n');
    const step = await deploy(app, app.commit());
    const errors = step.annotations.filter(({ level }) => level === "error").map(({ message }) => message);
    assert.equal(errors.length, 1, step.log);
    assert.match(
      errors[0] ?? "",
      /revision 2 did not pass its checks: the check "seeded" failed: in unchecked-\S+: .*0 rows/,
    );
    assert.match(errors[0] ?? "", /Revision 1 serves again/);
    // All pods are ready, and still the log of the app is what tells most.
    assert.match(step.log, new RegExp(`^Log of ${app.name} in ${app.name}-\\S+, last 50 lines:\\n`, "m"));
    assert.deepEqual([step.outputs["status"], step.outputs["revision"]], ["rolled-back", "3"]);
    await pageWith(await serviceAddress(world, "staging", app), app.event.commit ?? "");
  });

  it("goes back when its container ends after it was ready", async () => {
    await using app = privateApp("shaky");
    const first = await deploy(app, app.event, "false");
    assert.equal(first.conclusion, "success", first.log);
    app.edit("server.mjs", "const server =", "setTimeout(() => process.exit(5), 6_000);\nconst server =");
    const step = await deploy(app, app.commit());
    const errors = step.annotations.filter(({ level }) => level === "error").map(({ message }) => message);
    assert.match(errors.join("\n"), /"pods stay ready" failed: /, step.log);
    assert.equal(step.outputs["status"], "rolled-back");
  });
});
