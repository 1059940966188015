// Secrets that the deploy delivers (`cluster.secrets.delivery: sync`): a Secret for each content, which revisions refer to.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { openInfisical, randomSecret, reader, shownFor } from "./own-infisical.ts";
import { pageWith, serviceAddress } from "./page.ts";
import { createSmallApp, type SmallApp, type Spec } from "./small-app.ts";
import { openWorld } from "./world.ts";

const world = await openWorld();
const infisical = await openInfisical(world);
after(async () => {
  await infisical[Symbol.asyncDispose]();
  world[Symbol.dispose]();
});

/** Every value that the stand-in ever held: none of them may be seen anywhere. */
const values: string[] = [];

/** A new value, and the text by which a page shows that its app has it. */
function newValue(): { value: string; shown: string } {
  const value = randomSecret();
  values.push(value);
  return { value, shown: shownFor(value) };
}

type Words = Readonly<Record<string, string>>;

function deploy(app: SmallApp, spec: Spec, inputs: Words = {}, env: Words = {}) {
  const secrets = [...world.secrets, infisical.clientSecret, ...values, ...infisical.tokens()];
  return app.deploy(spec, { with: { ...infisical.with, ...inputs }, env, secrets });
}

function errorsOf({ annotations }: { annotations: readonly { level: string; message: string }[] }): string[] {
  return annotations.filter(({ level }) => level === "error").map(({ message }) => message);
}

interface Delivered {
  readonly metadata: { readonly name: string };
  readonly immutable?: boolean;
  readonly data: Readonly<Record<string, string>>;
}

/** The Secrets that were delivered into a namespace. */
async function delivered(namespace: string): Promise<Delivered[]> {
  const list = await world.kubectl("get", "secrets", "-n", namespace, "-l", "fairlead-set", "-o", "json");
  return JSON.parse(list).items;
}

async function namesIn(namespace: string): Promise<string[]> {
  return (await delivered(namespace)).map(({ metadata }) => metadata.name).sort();
}

/** The pods of an app that are not being deleted. */
async function podsOf({ release }: SmallApp): Promise<string[]> {
  const { items } = JSON.parse(await world.kubectl("get", "pods", "-n", release, "-o", "json"));
  const live = (items as { metadata: { uid: string; deletionTimestamp?: string } }[]).filter(
    ({ metadata }) => metadata.deletionTimestamp === undefined,
  );
  return live.map(({ metadata }) => metadata.uid);
}

/** The run that a revision is known to be of. */
async function runOf({ release }: SmallApp, revision: number): Promise<string> {
  const template = "jsonpath={.metadata.annotations['fairlead/run']}";
  const name = `sh.helm.release.v1.${release}.v${revision}`;
  const run = await world.kubectl("get", "secret", name, "-n", release, "-o", template);
  assert.match(run, /"commit":"[0-9a-f]{40}"/);
  return run;
}

/** Everything that Helm keeps of a release. */
async function keptByHelm({ release }: SmallApp): Promise<string> {
  const list = await world.kubectl("get", "secrets", "-n", release, "-l", "owner=helm", "-o", "json");
  return (JSON.parse(list).items as { data: { release: string } }[])
    .map(({ data }) => gunzipSync(Buffer.from(Buffer.from(data.release, "base64").toString(), "base64")).toString())
    .join("\n");
}

describe("secrets that the deploy delivers", () => {
  it("are all missed at once, before anything is touched", async () => {
    await using app = createSmallApp(world, "missed");
    infisical.fill("/half", { THERE: newValue().value });
    const step = await deploy(app, {
      secrets: { db: { path: "/half" }, mail: { path: "/nowhere" } },
      env: { A: { secret: "db/THERE" }, B: { secret: "db/URL" }, C: { secret: "mail/USER" } },
    });
    const [error = "", ...others] = errorsOf(step);
    assert.deepEqual(others, [], step.log);
    assert.match(error, /lacks URL \(set db, environment dev, folder \/half\) and USER \(set mail, .*\/nowhere\)/);
    assert.match(error, /Nothing was changed/);
    assert.equal(await world.kubectl("get", "namespace", app.release, "--ignore-not-found", "-o", "name"), "");
  });

  it("need an identity, which the error names", async () => {
    await using app = createSmallApp(world, "nobody");
    const step = await deploy(app, reader, { "infisical-client-id": "", "infisical-client-secret": "" });
    assert.match(
      errorsOf(step).join(),
      /secrets of db from Infisical.*Set `infisical-identity-id`, or `infisical-client-id` and/,
      step.log,
    );
  });

  it("restart what reads them when they change, come back with a rollback, and go with the last revision", async () => {
    await using app = createSmallApp(world, "sync");
    const [first, second, third, fourth] = [newValue(), newValue(), newValue(), newValue()];
    infisical.fill("/db", { TOKEN: first.value, OTHER: newValue().value });
    const installed = await deploy(app, reader);
    assert.equal(installed.outputs["status"], "deployed", installed.log);
    const address = await serviceAddress(world, "staging", app);
    await pageWith(address, first.shown);
    const [secret, ...more] = await delivered(app.release);
    assert.deepEqual([more, secret?.immutable], [[], true]);
    assert.deepEqual(secret?.data, { TOKEN: Buffer.from(first.value).toString("base64") }, "only what is declared");
    const pods = await podsOf(app);

    infisical.fill("/db", { TOKEN: first.value, OTHER: newValue().value });
    const same = await deploy(app, reader);
    assert.deepEqual([same.outputs["status"], same.outputs["revision"]], ["unchanged", "1"], same.log);
    assert.deepEqual(await podsOf(app), pods);

    infisical.fill("/db", { TOKEN: second.value });
    const planned = await deploy(app, reader, { "dry-run": "true" });
    assert.equal(planned.outputs["status"], "planned", planned.log);
    assert.equal((await delivered(app.release)).length, 1, "a dry run makes no Secret");
    const changed = await deploy(app, reader);
    assert.equal(changed.outputs["status"], "deployed", changed.log);
    await pageWith(address, second.shown);
    assert.equal(
      (await podsOf(app)).some((pod) => pods.includes(pod)),
      false,
    );

    const maker = await runOf(app, 2);
    infisical.fill("/db", { TOKEN: third.value });
    const broken = await deploy(app, { ...reader, command: ["node", "-e", "process.exit(3)"] });
    assert.deepEqual([broken.outputs["status"], broken.outputs["revision"]], ["rolled-back", "4"], broken.log);
    await pageWith(address, second.shown);
    assert.equal(await runOf(app, 4), maker, "what serves again is of the run that made it");
    assert.equal((await delivered(app.release)).length, 3, "the failed revision is kept, so its Secret is");

    // Helm drops the oldest revisions: nothing but the fourth, made again and again, refers to a Secret then.
    for (let round = 0; round < 10; round++) {
      await world.helm("rollback", app.release, "4", "-n", app.release, "--history-max=10");
    }
    const old = await namesIn(app.release);
    infisical.fill("/db", { TOKEN: fourth.value });
    const last = await deploy(app, reader);
    assert.equal(last.outputs["status"], "deployed", last.log);
    await pageWith(address, fourth.shown);
    const left = await delivered(app.release);
    const texts = left.map(({ data }) => Buffer.from(data["TOKEN"] ?? "", "base64").toString()).sort();
    assert.deepEqual(texts, [second.value, fourth.value].sort());
    assert.equal(left.filter(({ metadata }) => old.includes(metadata.name)).length, 1);

    const kept = await keptByHelm(app);
    for (const value of [...values, ...values.map((one) => Buffer.from(one).toString("base64"))]) {
      assert.equal(kept.includes(value), false, "a value is in Helm's history");
    }
  });

  it("are in every namespace that needs them before its pods, and come back where somebody deleted one; as a job too", async () => {
    await using app = createSmallApp(world, "places");
    const { value } = newValue();
    infisical.fill("/db", { TOKEN: value });
    const data = `${app.release}-data`;
    const component = { image: world.cluster.baseImage.reference, command: reader["command"], port: 3000 };
    const env = { TOKEN: { secret: "db/TOKEN" } };
    const resources = { cpu: "50m", memory: "64Mi" };
    const single = { port: undefined, image: undefined, command: undefined, resources: undefined, health: undefined };
    const spec = {
      ...single,
      secrets: { db: { path: "/db" } },
      namespaces: { [data]: {} },
      components: {
        api: { ...component, env, resources },
        store: { ...component, env, resources, namespace: data },
      },
    };
    const image = Object.keys(spec.components)
      .map((name) => `${name}=${component.image}`)
      .join("\n");
    try {
      const step = await deploy(app, spec, { image });
      assert.equal(step.outputs["status"], "deployed", step.log);
      const names = await namesIn(app.release);
      assert.equal(names.length, 1);
      assert.deepEqual(await namesIn(data), names);
      for (const namespace of [app.release, data]) {
        const failed = ["-n", namespace, "--field-selector", "reason=Failed", "-o", "jsonpath={.items[*].message}"];
        // A node may look before it may read the Secrets of a new namespace, and does it again.
        const missing = /secret "[^"]+" not found|couldn't find key/i;
        assert.doesNotMatch(await world.kubectl("get", "events", ...failed), missing, "no pod waited for its Secret");
      }
      await world.kubectl("delete", "secret", "-n", data, "-l", "fairlead-set");
      const again = await deploy(app, spec, { image, ...infisical.asJob.with }, infisical.asJob.env);
      assert.equal(infisical.server.exchanges.filter(({ path }) => path.endsWith("/oidc-auth/login")).length, 1);
      assert.equal(again.outputs["status"], "unchanged", again.log);
      assert.deepEqual(await namesIn(data), names);
    } finally {
      await world.kubectl("delete", "namespace", data, "--ignore-not-found", "--wait=false");
    }
  });
});
