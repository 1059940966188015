// The root action with `promote`: what was seen healthy in one environment goes to another, and nothing is built.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import type { WorkflowEvent } from "../harness/environment.ts";
import { runAction } from "../harness/job.ts";
import type { StepResult } from "../harness/types.ts";
import { openInfisical, randomSecret } from "./own-infisical.ts";
import { pageWith, serviceAddress } from "./page.ts";
import { type App, createApp, openWorld, repository } from "./world.ts";

const world = await openWorld();
const infisical = await openInfisical(world);
after(async () => {
  await infisical[Symbol.asyncDispose]();
  world[Symbol.dispose]();
});
const tokens = { dev: randomSecret(), prod: randomSecret() };

/** Runs the root action, which finds its credentials in the step, and the secrets of the app in the test's Infisical. */
async function run(app: App, event: Partial<WorkflowEvent>, inputs: Readonly<Record<string, string>>) {
  return await runAction(repository, {
    workspace: app.workspace,
    event,
    env: { ...world.env, ...world.cluster.infisical.secrets },
    secrets: [...world.secrets, infisical.clientSecret, ...Object.values(tokens)],
    with: { ...infisical.with, verify: "false", ...inputs },
  });
}

function errorOf({ annotations, log }: StepResult): string {
  const errors = annotations.filter(({ level }) => level === "error");
  assert.equal(errors.length, 1, log);
  return errors[0]?.message ?? "";
}

/** Whether a step ran buildx. */
function hasBuilt({ commands }: StepResult): boolean {
  return commands.some((command) => command.some((word) => /buildx/.test(word)));
}

describe("promote", () => {
  it("deploys the images of another environment's newest healthy revision, when this commit made it", async () => {
    await using app = createApp(world, "promote");
    app.edit(".deploy/manifest.yaml", "spec:", "spec:\n  secrets: { path: /app, env: [TOKEN] }");
    for (const [environment, value] of Object.entries(tokens)) infisical.fill("/app", { TOKEN: value }, environment);
    const { event } = app;
    const inputs = { environment: "prod", promote: "staging" };

    const early = await run(app, event, inputs);
    assert.match(errorOf(early), /There is no release staging-promote-\w+ .* Deploy to staging first/);

    const staging = await run(app, event, { environment: "staging" });
    assert.equal(staging.outputs["status"], "deployed", staging.log);
    assert.equal(hasBuilt(staging), true);

    const prod = await run(app, event, inputs);
    assert.equal(prod.outputs["status"], "deployed", prod.log);
    assert.deepEqual(
      [prod.outputs["image"], prod.outputs["digest"], prod.outputs["release"]],
      [staging.outputs["image"], staging.outputs["digest"], `prod-${app.name}`],
    );
    assert.match(prod.outputs["digest"] ?? "", /^sha256:[0-9a-f]{64}$/);
    assert.equal(hasBuilt(prod), false);
    await pageWith(await serviceAddress(world, "prod", app), event.commit ?? "");

    const later = app.commit();
    const refused = await run(app, later, inputs);
    const said = errorOf(refused);
    assert.match(said, new RegExp(`made from commit ${event.commit?.slice(0, 7)} by run \\d+ of acme/${app.name}`));
    assert.match(said, new RegExp(`not from commit ${later.commit?.slice(0, 7)}`));

    const any = await run(app, later, { ...inputs, promote: "staging@any" });
    assert.deepEqual([any.conclusion, any.outputs["image"]], ["success", staging.outputs["image"]], any.log);
    assert.equal(hasBuilt(any), false);

    const both = await run(app, event, { ...inputs, image: staging.outputs["image"] ?? "" });
    assert.match(errorOf(both), /`promote` and `image` both say what is deployed/);
  });
});
