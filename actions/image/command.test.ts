import assert from "node:assert/strict";
import { test } from "node:test";
import type { WorkflowRun } from "../core/context.ts";
import { buildArguments, pathsOf, referencesOf } from "./command.ts";
import type { ImageInputs } from "./inputs.ts";

const commit = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
const run = {
  repository: "acme/shop",
  commit,
  url: "https://github.example/acme/shop/actions/runs/1",
} as WorkflowRun;
const inputs: ImageInputs = { registry: "registry.test", name: "shop", context: ".", push: true, retries: 0 };
const args = (more: Partial<ImageInputs> = {}, secretFiles = {}) =>
  buildArguments({ ...inputs, ...more }, run, "/workspace", "/temp/metadata.json", secretFiles);

test("without more, the commit is the tag, a build argument and a label", () => {
  assert.deepEqual(args(), [
    "build",
    "--progress=plain",
    "--metadata-file=/temp/metadata.json",
    "--file=/workspace/Dockerfile",
    `--build-arg=COMMIT=${commit}`,
    `--label=org.opencontainers.image.revision=${commit}`,
    "--label=org.opencontainers.image.source=https://github.example/acme/shop",
    `--tag=registry.test/shop:${commit}`,
    "--push",
    "/workspace",
  ]);
});

test("every input becomes an option", () => {
  const given = args({
    builder: "mine",
    target: "web",
    platforms: ["linux/amd64", "linux/arm64"],
    provenance: "mode=max",
    buildArgs: { BASE_IMAGE: "alpine=3" },
    labels: { team: "web" },
  });
  for (const option of [
    "--builder=mine",
    "--target=web",
    "--platform=linux/amd64,linux/arm64",
    "--provenance=mode=max",
    "--build-arg=BASE_IMAGE=alpine=3",
    "--label=team=web",
  ]) {
    assert.ok(given.includes(option), option);
  }
});

test("a given COMMIT or label wins", () => {
  const given = args({ buildArgs: { COMMIT: "abc" }, labels: { "org.opencontainers.image.source": "elsewhere" } });
  assert.deepEqual(
    given.filter((option) => /COMMIT|image\.source/.test(option)),
    ["--build-arg=COMMIT=abc", "--label=org.opencontainers.image.source=elsewhere"],
  );
});

test("of a secret, only its id and its file are arguments", () => {
  const given = args({ secrets: { token: "a-value-that-is-secret" } }, { token: "/temp/secret-token" });
  assert.ok(given.includes("--secret=id=token,src=/temp/secret-token"));
  assert.ok(!given.join(" ").includes("a-value-that-is-secret"));
});

test("without push, nothing is exported", () => {
  const given = args({ push: false });
  assert.ok(given.includes("--output=type=cacheonly"));
  assert.ok(!given.includes("--push"));
});

test("each tag is a reference", () => {
  assert.deepEqual(referencesOf({ ...inputs, tags: ["1.2", "latest"] }, run), [
    "registry.test/shop:1.2",
    "registry.test/shop:latest",
  ]);
});

test("the Dockerfile is that of the context, or the one that is named", () => {
  assert.equal(pathsOf({ ...inputs, context: "api" }, "/workspace").file, "/workspace/api/Dockerfile");
  assert.deepEqual(pathsOf({ ...inputs, context: "/else", file: "docker/web" }, "/workspace"), {
    context: "/else",
    file: "/workspace/docker/web",
  });
});
