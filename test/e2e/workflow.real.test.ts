// The example's own workflow file, run by act as GitHub would run it, on all real parts.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { assertNoLeaks } from "../harness/leaks.ts";
import { cloneAndCommit, filesBelow, runExample } from "./act.ts";
import { pageWith, serviceAddress } from "./page.ts";
import { openWorld } from "./world.ts";

const world = await openWorld();
after(() => world[Symbol.dispose]());

it("runs the example's workflow, and the pushed commit is live", async () => {
  using folder = temporaryFolder();
  const checkout = join(folder.path, "checkout");
  const commit = await cloneAndCommit(checkout);
  const trigger = { event: "push", ref: "refs/heads/main", commit } as const;
  const { code, log } = await runExample(world, { folder: folder.path, checkout }, trigger);
  const files = filesBelow(checkout, join(folder.path, "home"));
  assertNoLeaks(world.secrets, [{ place: "the log of act", content: log }, ...files]);
  assert.equal(code, 0, log);
  const live = /\| live https:\/\/my-app-staging\.jterrazz\.com (\S+@sha256:[0-9a-f]{64}) revision (\d+)$/m.exec(log);
  assert.ok(live !== null, log);
  const [, image = "", revision] = live;
  assert.match(await pageWith(await serviceAddress(world, "staging", { name: "my-app" }), commit), /development/);
  const running = "jsonpath={.spec.template.spec.containers[0].image}";
  assert.equal(await world.kubectl("get", "deployment", "my-app", "-n", "staging-my-app", "-o", running), image);
  const summary = log.slice(log.indexOf("Summary - "));
  assert.match(summary, new RegExp(`^\\| Revision \\| ${revision}\\b`, "m"));
  assert.ok(summary.includes(image), summary);

  // The form for the day after, filled in for a look.
  using other = temporaryFolder();
  const kubeconfig = readFileSync(world.cluster.kubernetes.kubeconfig).toString("base64");
  const form = { operation: "status", environment: "staging", previous: "false" };
  const looked = await runExample(world, { folder: other.path, checkout }, {
    ...{ event: "workflow_dispatch", ref: "refs/heads/main", commit, workflow: "operate.yml", inputs: form },
    secrets: { KUBECONFIG_BASE64: kubeconfig },
  } as const);
  assert.equal(looked.code, 0, looked.log);
  assert.match(looked.log, new RegExp(`staging-my-app revision ${revision} is healthy`));
});

function temporaryFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "fairlead-act-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
