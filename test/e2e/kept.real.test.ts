// `rollback: never`: what a release has done to its data cannot be undone, so a failed one is left to a person.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createSmallApp } from "./small-app.ts";
import { openWorld } from "./world.ts";

const world = await openWorld();
after(() => world[Symbol.dispose]());

const never = { rollback: "never" };

test("a release that does not become healthy is kept", async () => {
  await using app = createSmallApp(world, "kept");
  const first = await app.deploy(never);
  assert.equal(first.outputs["status"], "deployed", first.log);
  const step = await app.deploy({ ...never, command: ["node", "-e", "process.exit(3)"] });
  assert.equal(step.outputs["status"], "failed", step.log);
  const errors = step.annotations.filter(({ level }) => level === "error").map(({ message }) => message);
  assert.match(errors.join("\n"), /left as it is \(`rollback: never`\); `helm rollback \S+ 1 -n \S+` goes back/);
  assert.deepEqual(await app.revisions(), ["1 superseded", "2 failed"]);
});

test("a release whose step is stopped is kept", async () => {
  await using app = createSmallApp(world, "stopped");
  const first = await app.deploy(never);
  assert.equal(first.outputs["status"], "deployed", first.log);
  // The rollout has to last until the job is cancelled: no node has so many processors.
  const large = { ...never, resources: { cpu: "64", memory: "64Mi" } };
  const step = await app.deploy(large, { cancelAfter: /revision 2 is applied/ });
  assert.equal(step.conclusion, "cancelled", step.log);
  assert.match(step.log, /revision 2 was left unfinished and as it is \(`rollback: never`\)/);
  assert.deepEqual(await app.revisions(), ["1 superseded", "2 failed"]);
});
