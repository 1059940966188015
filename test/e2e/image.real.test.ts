import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { startBuildKit } from "../cluster/buildkit.ts";
import { ensureDebianPrograms } from "../cluster/debian.ts";
import { type Registry, startRegistry } from "../cluster/registry.ts";
import { run } from "../cluster/run.ts";
import { type JobOptions, runAction } from "../harness/job.ts";
import { startInstance, type TestInstance } from "./instance.ts";

const room = join(import.meta.dirname, "../../actions/image");
const commit = "5e1ec7ed00000000000000000000000000c0ffee";
const secret = randomBytes(16).toString("hex");

let instance: TestInstance;
let registry: Registry;
/** Folder of the checkout: a Dockerfile and the one program that it needs. */
let workspace: string;
/** The Docker configuration of the runner, with a builder in it and a credential store that does not exist. */
let dockerConfig: string;
let path: string;

before(async () => {
  const debian = await ensureDebianPrograms(console.log);
  instance = await startInstance("image-test");
  registry = await startRegistry(instance.network, debian);
  const { buildx, endpoint } = await startBuildKit(instance.network, debian, console.log);
  path = `${dirname(buildx)}${delimiter}${process.env["PATH"]}`;
  dockerConfig = mkdtempSync(join(tmpdir(), "docker-config-"));
  writeFileSync(join(dockerConfig, "config.json"), JSON.stringify({ credsStore: "absent" }));
  await run([buildx, "create", "--name", "test-builder", "--driver", "remote", endpoint], {
    environment: { ...process.env, DOCKER_CONFIG: dockerConfig, BUILDX_CONFIG: join(dockerConfig, "buildx") },
  });
  workspace = mkdtempSync(join(tmpdir(), "checkout-"));
  mkdirSync(join(workspace, "app"));
  copyFileSync(join(debian.root, "bin/busybox"), join(workspace, "app/busybox"));
});

after(async () => {
  await instance?.[Symbol.asyncDispose]();
  for (const folder of [workspace, dockerConfig]) rmSync(folder, { recursive: true, force: true });
});

const head = 'FROM scratch\nCOPY busybox /bin/busybox\nSHELL ["/bin/busybox", "sh", "-c"]\n';

/** `user:password` as both the login file and HTTP's basic authentication show it. */
const basic = () => Buffer.from(`${registry.username}:${registry.password}`).toString("base64");

/** Runs the action on a Dockerfile that continues `head`. */
async function build(dockerfile: string, given: Readonly<Record<string, string>> = {}) {
  writeFileSync(join(workspace, "app/Dockerfile"), head + dockerfile);
  const { address, username, password } = registry;
  const options: JobOptions = {
    workspace,
    secrets: [password, secret, basic()],
    event: { commit },
    env: { PATH: path, DOCKER_CONFIG: dockerConfig },
  };
  const inputs = { registry: address, username, password, name: "team/app", builder: "test-builder", context: "app" };
  return await runAction(room, { ...options, with: { ...inputs, ...given } });
}

/** Asks the registry, as its user. */
async function ask(what: string): Promise<Response> {
  const accept = ["index", "manifest"].map((kind) => `application/vnd.oci.image.${kind}.v1+json`).join(", ");
  const headers = { authorization: `Basic ${basic()}`, accept };
  return await fetch(`http://${registry.address}/v2/team/app/${what}`, {
    headers,
    signal: AbortSignal.timeout(10_000),
  });
}

/** The configuration of a pushed image (OCI image specification), by way of its index where it has one. */
async function configOf(reference: string): Promise<{ config: { Labels: Record<string, string> } }> {
  const answer = (await (await ask(`manifests/${reference}`)).json()) as {
    manifests?: { digest: string; platform: { os: string } }[];
    config?: { digest: string };
  };
  const image = answer.manifests?.find(({ platform }) => platform.os === "linux");
  if (image !== undefined) return await configOf(image.digest);
  return (await (await ask(`blobs/${answer.config?.digest}`)).json()) as { config: { Labels: Record<string, string> } };
}

test("builds and pushes, and gives the digest that the registry has", async () => {
  const hash = createHash("sha256").update(secret).digest("hex");
  const dockerfile = [
    "ARG COMMIT",
    "ARG HASH",
    `RUN /bin/busybox test "$COMMIT" = ${commit}`,
    "RUN --mount=type=secret,id=token /bin/busybox sha256sum /run/secrets/token | /bin/busybox grep $HASH",
  ].join("\n");
  const given = { tags: "first\nlatest", secrets: `token=${secret}`, "build-args": `HASH=${hash}`, labels: "team=web" };
  const result = await build(dockerfile, given);
  assert.deepEqual(result.annotations, []);
  assert.deepEqual({ leftBehind: result.leftBehind, orphans: result.orphans }, { leftBehind: [], orphans: [] });

  const { outputs } = result;
  const repository = `${registry.address}/team/app`;
  assert.equal(outputs["image"], `${repository}@${outputs["digest"]}`);
  assert.equal(outputs["tags"], `${repository}:first\n${repository}:latest`);
  for (const tag of ["first", "latest"]) {
    assert.equal((await ask(`manifests/${tag}`)).headers.get("docker-content-digest"), outputs["digest"]);
  }
  assert.equal(JSON.parse(outputs["metadata"] ?? "")["containerimage.digest"], outputs["digest"]);
  const { Labels } = (await configOf("first")).config;
  assert.equal(Labels["org.opencontainers.image.revision"], commit);
  assert.equal(Labels["org.opencontainers.image.source"], "https://github.com/acme/hello");
  assert.equal(Labels["team"], "web");
});

test("without tags, the image is tagged with the commit", async () => {
  const { outputs } = await build("ENV A=1");
  assert.equal((await ask(`manifests/${commit}`)).headers.get("docker-content-digest"), outputs["digest"]);
});

test("without push, the image is built only", async () => {
  const { conclusion, outputs } = await build("RUN /bin/busybox true", { push: "false", tags: "unpushed" });
  assert.equal(conclusion, "success");
  assert.deepEqual([outputs["image"], outputs["digest"], outputs["tags"]], ["", "", ""]);
  assert.equal((await ask("manifests/unpushed")).status, 404);
});

test("a step that fails is named and marked, is run once, and nothing is pushed", async () => {
  const result = await build("RUN echo the reason && exit 42", { tags: "broken" });
  assert.equal(result.conclusion, "failure");
  assert.equal(result.annotations.length, 1);
  const { message, properties } = result.annotations[0] ?? assert.fail();
  assert.match(message, /the step ".*RUN echo the reason && exit 42" of app\/Dockerfile ended with exit code 42/);
  assert.deepEqual(properties, { title: "IMAGE_BUILD_FAILED", file: "app/Dockerfile", line: "4" });
  assert.match(result.summary, /^.*the reason$/m);
  assert.equal(result.commands.filter((command) => command.includes("build")).length, 1);
  assert.equal((await ask("manifests/broken")).status, 404);
  assert.deepEqual({ leftBehind: result.leftBehind, orphans: result.orphans }, { leftBehind: [], orphans: [] });
});

test("a wrong password is told apart from a registry that does not answer", async () => {
  const wrong = await build("ENV A=2", { password: randomBytes(16).toString("hex") });
  assert.deepEqual(
    wrong.annotations.map(({ properties }) => properties["title"]),
    ["IMAGE_PUSH_FAILED"],
  );
  assert.match(wrong.annotations[0]?.message ?? "", /did not let us push it.*401.*`username` and `password`/);
  assert.equal(wrong.commands.filter((command) => command.includes("build")).length, 1);

  const nowhere = registry.address.replace(/:\d+$/, ":1");
  const silent = await build("ENV A=2", { registry: nowhere, retries: "1" });
  assert.deepEqual(
    silent.annotations.map(({ properties }) => properties["title"]),
    ["IMAGE_PUSH_FAILED"],
  );
  assert.match(silent.annotations[0]?.message ?? "", /could not be pushed.*`registry`/);
  assert.equal(silent.commands.filter((command) => command.includes("build")).length, 2);
});

test("no Dockerfile and no builder are errors of their own", async () => {
  const missing = await build("", { context: "elsewhere" });
  assert.match(missing.annotations[0]?.message ?? "", /no Dockerfile at elsewhere\/Dockerfile/);
  const unbuilt = await build("", { builder: "nobody" });
  assert.match(unbuilt.annotations[0]?.message ?? "", /there is no builder: no builder "nobody" found/);
});
