// `actions/secrets` as it is built: how a job logs in, what it takes, under which names, and what a file gives its readers.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { startProxy } from "../fakes/proxy.ts";
import { assertFailed, random, runIn, scene } from "./secrets-scene.ts";

test("a job logs in as itself, and reads by the newest API where it is there", async (t) => {
  for (const generation of ["current", "july-2024"] as const) {
    const own = await scene(t, { generation });
    const project = { project: own.projectId };
    const options = { ...own.asJob, with: { ...own.asJob.with, ...project }, allow: { env: Object.keys(own.stored) } };
    if (generation === "july-2024") Object.assign(options, { with: { ...own.with, ...project } });
    const { step } = await runIn(own, options);
    assert.deepEqual(step.env, own.stored, step.log);
    const asked = own.infisical.exchanges.map(({ path }) => path);
    const older = ["/api/v1/auth/universal-auth/login", "/api/v4/secrets", "/api/v3/secrets/raw"];
    const way = generation === "current" ? ["/api/v1/auth/oidc-auth/login", "/api/v4/secrets"] : older;
    assert.deepEqual(asked, [...way, "/api/v1/auth/token/revoke"]);
  }
});

test("a runner behind a proxy reads through it, logs in by it, and revokes its token through it", async (t) => {
  const own = await scene(t, { generation: "current" });
  const names = {
    "infisical.test": own.infisical.url,
    "github.test": own.jobs.variables["ACTIONS_ID_TOKEN_REQUEST_URL"],
  };
  const ports = Object.entries(names).map(([name, url = ""]) => [name, Number(new URL(url).port)] as const);
  await using proxy = await startProxy({ names: Object.fromEntries(ports) });
  const address = new URL(names["github.test"] ?? "");
  address.host = "github.test";
  address.port = "";
  const env = { ...own.asJob.env, ACTIONS_ID_TOKEN_REQUEST_URL: address.href, http_proxy: proxy.url };
  const given = { ...own.asJob.with, url: "http://infisical.test", project: own.projectId };
  const guarded = { ...own, secrets: [...own.secrets, proxy.password] };
  const { step } = await runIn(guarded, { env, with: given, allow: { env: Object.keys(own.stored) } });
  assert.deepEqual(step.env, own.stored, step.log);
  const asked = proxy.asked.map((line) => line.replace(/\?.*/, ""));
  const here = "http://infisical.test/api";
  assert.deepEqual(asked, [
    `GET http://github.test${address.pathname}`,
    `POST ${here}/v1/auth/oidc-auth/login`,
    `GET ${here}/v4/secrets`,
    `POST ${here}/v1/auth/token/revoke`,
  ]);
});

test("a job that GitHub gives no token, or whose token is for another, is told what to change", async (t) => {
  const own = await scene(t, { generation: "current" });
  const without = await runIn(own, { with: own.asJob.with });
  assertFailed(without.step, "ID_TOKEN_MISSING", /`permissions: id-token: write`/);
  const other = { ...own.asJob, with: { ...own.asJob.with, "oidc-audience": "" } };
  const refused = await runIn(own, other);
  assertFailed(refused.step, "INFISICAL_DENIED", /Allow the audience "https:\/\/github\.com\/acme".*`oidc-audience`/);
});

const shelves = {
  "/shop": { secrets: { TOKEN: random(), "app.key": random(), grüße: random() } },
  "/shop/database": { secrets: { PASSWORD: random(), ADMIN: random() } },
  "/shop/queue": { secrets: { PASSWORD: random() }, imports: [{ environment: "prod", path: "/common" }] },
  "/common": { secrets: { PASSWORD: random(), REGION_KEY: random() } },
};
const everything = Object.values(shelves).flatMap(({ secrets }) => Object.values(secrets));

test("what is chosen of several folders comes under the names that were given", async (t) => {
  const own = await scene(t, { folders: shelves });
  const guarded = { ...own, secrets: [...own.secrets, ...everything] };
  const names = ["TOKEN", "app.key", "/shop/database/PASSWORD as DB", "/shop/queue/PASSWORD as QUEUE", "REGION_KEY"];
  const given = { ...own.with, paths: "/shop\n/ci", recursive: "true", imports: "true", prefix: "X_" };
  const { secrets: shop } = shelves["/shop"];
  const expected = {
    X_TOKEN: undefined,
    "X_app.key": shop["app.key"],
    DB: shelves["/shop/database"].secrets.PASSWORD,
    QUEUE: shelves["/shop/queue"].secrets.PASSWORD,
    X_REGION_KEY: shelves["/common"].secrets.REGION_KEY,
  };
  const both = await runIn(guarded, { with: { ...given, names: names.join("\n") } });
  assertFailed(both.step, "SECRET_COLLISION", /X_TOKEN \(\/shop\/TOKEN, \/ci\/TOKEN\)/);
  const one = ["/shop/TOKEN", ...names.slice(1)].join("\n");
  const { step } = await runIn(guarded, { with: { ...given, names: one }, allow: { env: Object.keys(expected) } });
  assert.deepEqual(step.env, { ...expected, X_TOKEN: shop.TOKEN }, step.log);
  assert.equal(step.outputs["names"], JSON.stringify(Object.keys(expected).sort()));
});

test("a name that no variable can have is left out with one warning, and named when it was asked for", async (t) => {
  const own = await scene(t, { folders: shelves });
  const guarded = { ...own, secrets: [...own.secrets, ...everything] };
  const given = { ...own.with, paths: "/shop" };
  const { step } = await runIn(guarded, { with: given, allow: { env: ["TOKEN", "app.key"] } });
  assert.deepEqual(Object.keys(step.env), ["TOKEN", "app.key"]);
  assert.deepEqual(
    step.annotations.map(({ level, message }) => [level, message.includes('"grüße"')]),
    [["warning", true]],
  );
  const asked = await runIn(guarded, { with: { ...given, names: "grüße" } });
  assertFailed(asked.step, "INPUT_INVALID", /`names` asks for.*"grüße".*`KEY as NAME`/);
  const renamed = await runIn(guarded, {
    with: { ...given, names: "grüße as GREETINGS" },
    allow: { env: ["GREETINGS"] },
  });
  assert.deepEqual(renamed.step.env, { GREETINGS: shelves["/shop"].secrets["grüße"] });
});

const awkward = {
  QUOTES: `it's "${random()}" \`x\` $(touch pwned) \${HOME} \\n`,
  UNICODE: `grüße 🙂 ${random()}`,
  EMPTY: "",
};
const lines = `first\n${random()}\n'last'\n`;

/** What a program prints as JSON of the variables that it has. */
const print = `process.stdout.write(JSON.stringify(process.env))`;
const plain = { PATH: process.env["PATH"] ?? "" };

const formats = {
  dotenv: { secrets: awkward, read: (file: string) => [process.execPath, `--env-file=${file}`, "-e", print] },
  shell: {
    secrets: { ...awkward, LINES: lines },
    read: (file: string) => ["dash", "-c", '. "$1"; exec "$2" -e "$3"', "dash", file, process.execPath, print],
  },
  json: {
    secrets: { ...awkward, LINES: lines, "grüße.txt": random(), PATH: random() },
    read: (file: string) => ["cat", file],
  },
} as const;

for (const [format, { secrets, read }] of Object.entries(formats)) {
  test(`a ${format} file is for its owner alone, outside of the workspace, gone after the job, and read as it was stored`, async (t) => {
    const own = await scene(t, { folders: { "/awkward": { secrets } } });
    const given = { ...own.with, paths: "/awkward", export: "file", "file-format": format };
    const guarded = {
      ...own,
      secrets: [...own.secrets, ...Object.values(secrets).filter((value) => value.length > 16)],
    };
    const { step } = await runIn(guarded, { with: given }, async (job, { outputs, conclusion, log }) => {
      assert.equal(conclusion, "success", log);
      const { file = "" } = outputs;
      assert.equal((await stat(file)).mode & 0o777, 0o600);
      assert.match(relative(job.folders.workspace, file), /^\.\./);
      const [program = "", ...args] = read(file);
      const seen = JSON.parse(execFileSync(program, args, { env: plain, cwd: dirname(file), encoding: "utf8" }));
      for (const [name, value] of Object.entries(secrets)) assert.equal(seen[name], value, name);
    });
    assert.deepEqual(step.env, {});
  });
}

test("a file where the user wants it; what is there already is kept, and what cannot be written is named", async (t) => {
  const own = await scene(t);
  const given = { ...own.with, export: "file", file: "config/ci.env" };
  const unwritable = await runIn(own, { with: given });
  assertFailed(
    unwritable.step,
    "SECRET_UNWRITABLE",
    /^Secrets cannot be written as dotenv unchanged: "PRIVATE_KEY" \(/,
  );
  const fitting = { ...given, names: "TOKEN\nDOCKER_REGISTRY_USERNAME" };
  await runIn(own, { with: fitting }, async (job, { outputs }) => {
    const file = join(job.folders.workspace, "config/ci.env");
    assert.equal(outputs["file"], file);
    assert.equal(await readFile(file, "utf8"), `TOKEN=${own.stored.TOKEN}\nDOCKER_REGISTRY_USERNAME=deploy\n`);
    const again = await job.run(join(import.meta.dirname, "../../actions/secrets"), { with: fitting });
    assert.match(again.annotations[0]?.message ?? "", /^`file` is .*config\/ci\.env, which is there already/);
    assert.equal(await readFile(file, "utf8"), `TOKEN=${own.stored.TOKEN}\nDOCKER_REGISTRY_USERNAME=deploy\n`);
  });
});
