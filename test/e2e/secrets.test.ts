// `actions/secrets` as it is built, driven as the runner drives it: where the secrets go, and how the step fails.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startInfisical } from "../fakes/infisical/server.ts";
import { assertFailed, printer, random, runIn, type Scene, scene } from "./secrets-scene.ts";

test("variables reach the following steps, and are masked before", async (t) => {
  const own = await scene(t);
  const { step } = await runIn(own, { with: own.with, allow: { env: Object.keys(own.stored) } });
  assert.deepEqual(step.env, own.stored);
  assert.deepEqual(step.outputs, { count: "4", names: JSON.stringify(Object.keys(own.stored).toSorted()) });
});

test("what a following step prints is masked line by line, and no more than that", async (t) => {
  const own = await scene(t);
  const names = JSON.stringify(Object.keys(own.stored));
  const main = `for (const name of ${names}) console.log(name + "=" + process.env[name] + ";");`;
  // The step prints them on purpose, so the harness is not asked to look for them.
  const { job } = await runIn({ ...own, secrets: [] }, { with: own.with }, (job) =>
    job.run(printer, { with: { main } }),
  );
  const log = job.steps[1]?.log ?? "";
  assert.match(log, /^TOKEN=\*\*\*;$/m);
  assert.match(log, /^PRIVATE_KEY=\*\*\*\n\*\*\*\n}\n\*\*\*\n;$/m);
  assert.match(log, /^KUBECONFIG_BASE64=\*\*\*;$/m);
  assert.match(log, /^DOCKER_REGISTRY_USERNAME=deploy;$/m);
});

test("a variable that the job has is kept, unless told otherwise; one that takes over the runner never goes out", async (t) => {
  const own = await scene(t);
  const value = random();
  own.infisical.setSecrets("shop", "prod", "/ci", { REGION: value, NODE_OPTIONS: value });
  const region = { REGION: "of the job" };
  const kept = await runIn({ ...own, secrets: [...own.secrets, value] }, { with: own.with, env: region });
  assert.deepEqual(kept.step.env, {});
  assert.match(kept.step.log, /Kept.*REGION/);
  assert.deepEqual(
    kept.step.annotations.map(({ level, message }) => [level, message.includes('"NODE_OPTIONS"')]),
    [["warning", true]],
  );
  const options = { with: { ...own.with, overwrite: "true" }, env: region, allow: { env: ["REGION"] } };
  const overwritten = await runIn({ ...own, secrets: [...own.secrets, value] }, options);
  assert.deepEqual(overwritten.step.env, { REGION: value });
});

test("outputs carry the same values", async (t) => {
  const own = await scene(t);
  const options = { with: { ...own.with, export: "outputs" }, allow: { outputs: Object.keys(own.stored) } };
  const { step } = await runIn(own, options);
  const { count, names, ...values } = step.outputs;
  assert.deepEqual(values, own.stored);
  assert.deepEqual(step.env, {});
});

test("with none, the secrets are only checked", async (t) => {
  const own = await scene(t);
  const { step } = await runIn(own, { with: { ...own.with, export: "none" } });
  assert.equal(step.conclusion, "success");
  assert.deepEqual([Object.keys(step.outputs), step.env], [["count", "names"], {}]);
});

/** How a step fails on one mistake: its inputs, and what its one error says. */
interface Mistake {
  readonly name: string;
  readonly change: (scene: Scene) => Record<string, string> | Promise<Record<string, string>>;
  readonly code: string;
  readonly says: RegExp;
}

const mistakes: readonly Mistake[] = [
  {
    name: "wrong credentials",
    change: () => ({ "client-secret": random() }),
    code: "INFISICAL_DENIED",
    says: /Invalid credentials.*Correct `client-id` and `client-secret`/,
  },
  {
    name: "an address where nothing answers",
    change: async () => {
      const gone = await startInfisical({ projects: [], identities: [] });
      await gone.close();
      return { url: gone.url };
    },
    code: "INFISICAL_UNREACHABLE",
    says: /ECONNREFUSED.*Check `url`/,
  },
  {
    name: "an unknown project",
    change: () => ({ project: "shpo" }),
    code: "INFISICAL_REJECTED",
    says: /does not know the project "shpo".*Correct `project`/,
  },
  {
    name: "an empty folder",
    change: () => ({ paths: "/bare" }),
    code: "INFISICAL_EMPTY",
    says: /project "shop", environment "prod", folder "\/bare".*Correct `paths`/,
  },
  {
    name: "an environment that is not there",
    change: () => ({ environment: "production" }),
    code: "INFISICAL_REJECTED",
    says: /"shop" has no environment "production"; it has prod\..*Correct `environment`/,
  },
  {
    name: "missing inputs",
    change: () => ({ project: "", export: "files" }),
    code: "INPUT_INVALID",
    says: /^`project` is missing; `export` is "files", but .*file\?\)\. Correct the `with:` of this step\.$/,
  },
  {
    name: "a server that stalls in its answer",
    change: ({ infisical }) => {
      infisical.interrupt({ route: /secrets\/raw/, times: 9, answer: "stall-body" });
      return { timeout: "3s" };
    },
    code: "INFISICAL_UNREACHABLE",
    says: /did not answer within/,
  },
];

for (const { name, change, code, says } of mistakes) {
  test(`${name}: exactly one error that says what to do, and no stack`, async (t) => {
    const own = await scene(t);
    const given = { ...own.with, ...(await change(own)) };
    const secrets = [...own.secrets, ...(given["client-secret"] ? [given["client-secret"]] : [])];
    const { step } = await runIn({ ...own, secrets }, { with: given });
    assertFailed(step, code, says);
  });
}

test("a misspelt input is named together with the one that it meant", async (t) => {
  const own = await scene(t);
  const { project = "", ...others } = own.with;
  const { step } = await runIn(own, { with: { ...others, porject: project } });
  const errors = step.annotations.filter(({ level }) => level === "error");
  assert.equal(step.exitCodes.main, 1);
  assert.deepEqual(
    errors.map(({ message }) => message),
    ["`porject` is not an input (did you mean `project`?). Correct the `with:` of this step."],
  );
});

test("a cancelled job ends with one error, and its token is revoked in post", async (t) => {
  const own = await scene(t);
  const busy = { status: 503, body: {}, headers: { "retry-after": "20" } };
  own.infisical.interrupt({ route: /secrets\/raw/, answer: busy });
  const { step } = await runIn(own, { with: { ...own.with, timeout: "1m" }, cancelAfter: /trying again/ });
  assert.equal(step.conclusion, "cancelled");
  assert.deepEqual(
    step.annotations.map(({ level, properties }) => [level, properties["title"]]),
    [["error", "CANCELLED"]],
  );
});
