import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { env, openSystem } from "./system.ts";

const myApp = await openSystem("examples/jterrazz/my-app");

describe("the published example", () => {
  it("J-16 the published example is valid and renders unchanged in both environments", async () => {
    assert.deepEqual(await myApp.problems(), []);
    const staging = await myApp.render("staging");
    const prod = await myApp.render("prod");
    assert.equal(staging.get("Deployment/my-app").spec.replicas, 1);
    assert.equal(prod.get("Deployment/my-app").spec.replicas, 2);
    assert.equal(env(staging.container("Deployment/my-app"))["NODE_ENV"], "development");
    assert.equal(env(prod.container("Deployment/my-app"))["NODE_ENV"], "production");
  });
});
