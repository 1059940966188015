import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { addLogin, logIn } from "./login.ts";

const password = randomBytes(12).toString("hex");
const login = { registry: "registry.test:5000/team", username: "deploy", password };
const auth = Buffer.from(`deploy:${password}`).toString("base64");

test("a login is added under the registry's host, and other logins stay", () => {
  const config = addLogin({ auths: { "other.test": { auth: "eA==" } }, currentContext: "remote" }, login);
  assert.deepEqual(config, {
    auths: { "other.test": { auth: "eA==" }, "registry.test:5000": { auth } },
    credHelpers: { "registry.test:5000": "" },
    currentContext: "remote",
  });
});

test("a credential store stays in use for all other registries", () => {
  const config = addLogin(
    { credsStore: "desktop", credHelpers: { "registry.test:5000": "ecr", "a.test": "gcr" } },
    login,
  );
  assert.equal(config["credsStore"], "desktop");
  assert.deepEqual(config.credHelpers, { "registry.test:5000": "", "a.test": "gcr" });
});

test("Docker Hub's login has a name of its own", () => {
  const config = addLogin({}, { ...login, registry: "docker.io/team" });
  assert.deepEqual(Object.keys(config.auths ?? {}), ["https://index.docker.io/v1/"]);
});

test("the runner's configuration is copied, not changed, and its builders and plugins are found", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "login-"));
  t.after(() => rm(folder, { recursive: true }));
  const original = '{"auths":{"other.test":{"auth":"eA=="}}}';
  await writeFile(join(folder, "config.json"), original);
  const own = join(folder, "own");
  assert.deepEqual(await logIn(login, own, { DOCKER_CONFIG: folder }), {
    DOCKER_CONFIG: own,
    BUILDX_CONFIG: join(folder, "buildx"),
  });
  assert.equal(await readFile(join(folder, "config.json"), "utf8"), original);
  const written = JSON.parse(await readFile(join(own, "config.json"), "utf8"));
  assert.deepEqual(written.auths, { "other.test": { auth: "eA==" }, "registry.test:5000": { auth } });
  assert.equal((await stat(join(own, "config.json"))).mode & 0o777, 0o600);
  assert.equal(await readlink(join(own, "cli-plugins")), join(folder, "cli-plugins"));
});
