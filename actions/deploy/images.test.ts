import assert from "node:assert/strict";
import { test } from "node:test";
import { images, imagesByComponent } from "./images.ts";

const built = {
  kind: "Deployment",
  image: "registry.example.com/web:latest",
  build: { context: ".", file: "Dockerfile", args: {}, repository: "registry.example.com/web" },
};
const own = { kind: "Deployment", image: "postgres:17" };
const digest = `registry.example.com:5000/team/web@sha256:${"a".repeat(64)}`;

test("an image is one reference, or a reference for each component", () => {
  assert.deepEqual(images(digest), { "*": digest });
  assert.deepEqual(images(`web=${digest}\njobs=jobs:1`), { web: digest, jobs: "jobs:1" });
  assert.deepEqual(images("main=web:1"), { main: "web:1" });
});

for (const wrong of ["web:1 web:2", "web:1\nweb:2", "web=", "=web:1", "Web=web:1", "web=a=b", "# nothing"]) {
  test(`${JSON.stringify(wrong)} is no image`, () => {
    assert.throws(() => images(wrong), /must be one image reference, or lines component=reference/);
  });
}

test("a reference without a name goes to what is built, and a component keeps its own image", () => {
  const components = { web: built, database: own, jobs: built };
  assert.deepEqual(imagesByComponent({ "*": "web:1" }, { components }), { web: "web:1", jobs: "web:1" });
  assert.deepEqual(imagesByComponent({ database: "postgres:18" }, { components }), { database: "postgres:18" });
});

test("a reference that would go to no component is an error", () => {
  assert.throws(() => imagesByComponent({ "*": "web:1" }, { components: { database: own } }), {
    code: "INPUT_INVALID",
    message: /all \(database\) bring their own/,
  });
});
