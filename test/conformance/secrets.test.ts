// What the systems need of Infisical: which secrets are read, from where, under which names, and what is masked.
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { readSyncedSets } from "../../actions/deploy/delivery/values.ts";
import { findCredentials } from "../../actions/pipeline/credentials.ts";
import type { PipelineInputs } from "../../actions/pipeline/inputs.ts";
import { readSecretsInputs, type SecretsInputs } from "../../actions/secrets/inputs.ts";
import { run } from "../../actions/secrets/run.ts";
import { recordingContext } from "../context.ts";
import { startInfisical } from "../fakes/infisical/server.ts";
import { readActionFile } from "../harness/action-file.ts";
import { type Loose, openSystem } from "./system.ts";

const root = join(import.meta.dirname, "../..");

type Secrets = Readonly<Record<string, string>>;
type Folders = Readonly<Record<string, Secrets>>;

function random(): string {
  return randomBytes(18).toString("base64url");
}

function randomFor(...names: readonly string[]): Secrets {
  return Object.fromEntries(names.map((name) => [name, random()]));
}

/** A server with one project, whose environments have these folders, and an identity that may read it. */
async function infisicalWith(test: TestContext, slug: string, environments: Readonly<Record<string, Folders>>) {
  const identity = { clientId: randomUUID(), clientSecret: random(), projects: [slug] };
  const filled = Object.entries(environments).map(([name, folders]) => [
    name,
    Object.fromEntries(Object.entries(folders).map(([path, secrets]) => [path, { secrets }])),
  ]);
  const project = { id: randomUUID(), slug, environments: Object.fromEntries(filled) };
  const server = await startInfisical({ projects: [project], identities: [identity] });
  test.after(() => server.close());
  const { clientId, clientSecret } = identity;
  /** The environment and the folder of every list that was asked for. */
  const asked = () => {
    const lists = server.exchanges.filter(({ path }) => path.endsWith("/secrets/raw"));
    return lists.map(({ query }) => `${query["environment"]} ${query["secretPath"]}`).sort();
  };
  return { server, clientId, clientSecret, asked };
}

/** The inputs of `actions/secrets` as the runner gives them, with the defaults of its action.yml. */
function inputsOf(given: Readonly<Record<string, string>>): SecretsInputs {
  const { inputs } = readActionFile(join(root, "actions/secrets"));
  const variables = Object.entries({ ...inputs, ...given });
  return readSecretsInputs(
    Object.fromEntries(variables.map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])),
  );
}

const credentials = {
  TAILSCALE_OAUTH_CLIENT_ID: "k0123456789CNTRL",
  TAILSCALE_OAUTH_CLIENT_SECRET: random(),
  DOCKER_REGISTRY_USERNAME: "deploy",
  DOCKER_REGISTRY_PASSWORD: random(),
  KUBECONFIG_BASE64: Buffer.from(`apiVersion: v1\nkind: Config\nusers: [{ user: { token: ${random()} } }]\n`).toString(
    "base64",
  ),
};

describe("the credentials of CI", () => {
  it("J-03, J-04 two inputs are enough: all others are in the folder, and a missing one is named with its place", async (test: TestContext) => {
    const { KUBECONFIG_BASE64: _, ...others } = credentials;
    const folders = { "/infrastructure-apps": others };
    const infisical = await infisicalWith(test, "jterrazz", { prod: folders });
    const { application } = await (await openSystem("examples/jterrazz/my-app")).render("prod");
    const cluster = {
      ...application.cluster,
      infisical: { ...application.cluster.infisical, url: infisical.server.url },
    };
    const { context } = await recordingContext(test);
    const inputs = {
      credentials: {},
      infisicalClientId: infisical.clientId,
      infisicalClientSecret: infisical.clientSecret,
    } as unknown as PipelineInputs;
    const found = await findCredentials(inputs, cluster, context);
    for (const [name, value] of Object.entries(others)) assert.equal(found.get(name as "KUBECONFIG_BASE64"), value);
    const place = /KUBECONFIG_BASE64 is neither .*folder \/infrastructure-apps, environment prod, of .* jterrazz/;
    assert.throws(() => found.require("KUBECONFIG_BASE64"), { code: "SECRET_MISSING", message: place });

    const given = { url: infisical.server.url, project: "jterrazz", paths: "/infrastructure-apps" };
    const identity = { "client-id": infisical.clientId, "client-secret": infisical.clientSecret };
    const step = inputsOf({ ...given, ...identity, names: "KUBECONFIG_BASE64" });
    await assert.rejects(run(step, context), {
      code: "SECRET_MISSING",
      message: /no KUBECONFIG_BASE64 .*environment "prod", folder "\/infrastructure-apps"/,
    });
  });

  it("J-06, J-08, X-26 those of CI come from prod, also for staging; the application's follow the map; all can be said", async (test: TestContext) => {
    const infisical = await infisicalWith(test, "team", {
      prod: { "/ci": credentials },
      dev: { "/signews-api": randomFor("OPENAI_API_KEY", "JWT_SECRET", "TWITTER_API_KEY") },
    });
    const facts = { project: "team", path: "/ci", url: infisical.server.url };
    const system = await openSystem("examples/jterrazz/signews-api", {
      infisical: facts,
      secrets: { delivery: "sync" },
    });
    const { application } = await system.render("staging");
    const { context } = await recordingContext(test);
    const { clientId, clientSecret } = infisical;
    const inputs = { credentials: {}, infisicalClientId: clientId, infisicalClientSecret: clientSecret };
    await findCredentials(inputs as unknown as PipelineInputs, application.cluster, context);
    assert.deepEqual(infisical.asked(), ["prod /ci"]);
    // Whatever it lacks: where it was asked for is what counts here.
    await readSyncedSets(application, { clientId, clientSecret }, context).catch(() => undefined);
    assert.deepEqual(infisical.asked(), ["dev /signews-api", "prod /ci"]);
    const { environments } = application.cluster.infisical;
    assert.deepEqual([environments.staging, environments.prod], ["dev", "prod"]);
    // As a step of its own, the same are inputs with defaults.
    const { url, environment, paths } = inputsOf({ project: "team", "client-id": "a", "client-secret": "b" });
    assert.deepEqual([url, environment, paths], ["https://app.infisical.com", "prod", ["/"]]);
  });

  it("J-05, X-25 of the folder of the infrastructure only what is listed is taken; tokens keep to other names than GitHub's", async (test: TestContext) => {
    const wanted = randomFor("GITHUB_TOKEN_JTERRAZZ", "GITHUB_TOKEN_CLAWRR", "DOCKER_REGISTRY_PASSWORD");
    const others = randomFor("CLOUDFLARE_API_TOKEN", "PORTAINER_ADMIN_PASSWORD", "OPENCLAW_CLAUDE_TOKEN");
    const infisical = await infisicalWith(test, "jterrazz", { prod: { "/infrastructure": { ...wanted, ...others } } });
    const { context, told } = await recordingContext(test);
    const given = {
      url: infisical.server.url,
      project: "jterrazz",
      paths: "/infrastructure",
      "client-id": infisical.clientId,
      "client-secret": infisical.clientSecret,
    };
    const names =
      "DOCKER_REGISTRY_PASSWORD\nGITHUB_TOKEN_JTERRAZZ as TOKEN_JTERRAZZ\nGITHUB_TOKEN_CLAWRR as TOKEN_CLAWRR";
    await run(inputsOf({ ...given, names }), context);
    const { GITHUB_TOKEN_JTERRAZZ, GITHUB_TOKEN_CLAWRR, DOCKER_REGISTRY_PASSWORD } = wanted;
    assert.deepEqual(told.variables, {
      DOCKER_REGISTRY_PASSWORD,
      TOKEN_JTERRAZZ: GITHUB_TOKEN_JTERRAZZ,
      TOKEN_CLAWRR: GITHUB_TOKEN_CLAWRR,
    });
    await assert.rejects(run(inputsOf({ ...given, names: "GITHUB_TOKEN_CLAWRR" }), context), {
      code: "INPUT_INVALID",
      message: /GITHUB_TOKEN_CLAWRR/,
    });
  });

  it("J-07 every value is masked before it is used: lines of a text, and what a kubeconfig encodes", async (test: TestContext) => {
    const [line, token] = [random(), random()];
    const config = `apiVersion: v1\nkind: Config\nusers:\n  - user:\n      token: ${token}\n`;
    const secrets = { KEY: `-----BEGIN\n${line}\n-----END`, KUBECONFIG_BASE64: Buffer.from(config).toString("base64") };
    const infisical = await infisicalWith(test, "jterrazz", { prod: { "/": secrets } });
    const { context, told } = await recordingContext(test);
    const identity = { "client-id": infisical.clientId, "client-secret": infisical.clientSecret };
    await run(inputsOf({ url: infisical.server.url, project: "jterrazz", ...identity }), context);
    assert.ok(told.order.lastIndexOf("mask") < told.order.indexOf("exportVariable"));
    for (const secret of [line, token, secrets.KUBECONFIG_BASE64]) assert.ok(told.masks.includes(secret));
    assert.equal(told.masks.includes("kind: Config"), false);
  });

  it("V-26 a value with credentials in it is masked whole, and so is the part that opens", async (test: TestContext) => {
    const [password, key] = [random(), random()];
    const secrets = {
      POSTGRES_DSN: `postgres://verifier:${password}@postgres.infra:5432/verifier?sslmode=disable`,
      REDIS_URI: `redis://:${password}@redis.infra:6379`,
      RPC_ETHEREUM_URL: `https://eth-mainnet.example.com/v2/1${key}`,
    };
    const infisical = await infisicalWith(test, "vultisig", { prod: { "/": secrets } });
    const { context, told } = await recordingContext(test);
    const identity = { "client-id": infisical.clientId, "client-secret": infisical.clientSecret };
    await run(inputsOf({ url: infisical.server.url, project: "vultisig", ...identity, export: "none" }), context);
    for (const part of [...Object.values(secrets), password, `1${key}`]) assert.ok(told.masks.includes(part), part);
  });
});

/** Every key that an application of Vultisig takes of a set at run time. */
const runtimeKeys = {
  "/vultisig/postgres": ["POSTGRES_DSN", "POSTGRES_PASSWORD"],
  "/vultisig/redis": ["REDIS_URI", "REDIS_PASSWORD"],
  "/vultisig/minio": ["MINIO_HOST", "MINIO_ACCESS_KEY", "MINIO_SECRET_KEY"],
  "/vultisig/encryption": ["ENCRYPTION_SECRET"],
  "/vultisig/rpc": ["RPC_ETHEREUM_URL", "RPC_ARBITRUM_URL"],
  "/vultisig/vault": ["VAULT_PASSWORD", "TEST_VAULT_BASE64"],
};

describe("the secrets of applications, delivered by the deploy", () => {
  it("V-22, V-24, V-25, X-19 are those that are declared and no others, byte for byte, encoded no second time", async (test: TestContext) => {
    const folders = Object.entries(runtimeKeys).map(([path, keys]) => [
      path,
      { ...randomFor(...keys), HCLOUD_TOKEN: random() } as Record<string, string>,
    ]);
    const stored: Record<string, Record<string, string>> = Object.fromEntries(folders);
    const vault = randomBytes(3_000).toString("base64");
    const encryption = randomBytes(32).toString("hex");
    Object.assign(stored["/vultisig/vault"] ?? {}, { TEST_VAULT_BASE64: vault });
    Object.assign(stored["/vultisig/encryption"] ?? {}, { ENCRYPTION_SECRET: encryption });
    const infisical = await infisicalWith(test, "vultisig", { prod: stored });
    const system = await openSystem("examples/vultisig", {
      infisical: { url: infisical.server.url },
      secrets: { delivery: "sync" },
    });
    const { application } = await (
      await system.changed(({ spec }) => {
        // Taken whole, so the deploy is told what of it is wanted.
        spec.secrets.rpc.keys = runtimeKeys["/vultisig/rpc"];
        for (const set of Object.values<Loose>(spec.secrets)) delete set.reload;
      })
    ).render("production");
    const { context } = await recordingContext(test);
    const { clientId, clientSecret } = infisical;
    const sets = await readSyncedSets(application, { clientId, clientSecret }, context);
    const read = Object.fromEntries(sets.map(({ set, values }) => [set.path, Object.fromEntries(values)]));
    const expected = Object.entries(stored).map(([path, { HCLOUD_TOKEN: _, ...declared }]) => [path, declared]);
    assert.deepEqual(read, Object.fromEntries(expected));
    assert.equal(encryption.length, 64);

    infisical.server.setSecrets("vultisig", "prod", "/vultisig/rpc", randomFor("RPC_ETHEREUM_URL"));
    await assert.rejects(readSyncedSets(application, { clientId, clientSecret }, context), {
      code: "SECRET_MISSING",
      message: /RPC_ARBITRUM_URL \(set rpc, environment prod, folder \/vultisig\/rpc\)/,
    });
  });

  it("B-15, X-31 an address that nobody set is left out, and no placeholder takes its place", async (test: TestContext) => {
    const stored = randomFor("API_ADMIN_KEY", "API_WALLET_KEY");
    const infisical = await infisicalWith(test, "blockchain", { prod: { "/blockchain": stored } });
    const system = await openSystem("examples/blockchain", {
      infisical: { url: infisical.server.url, project: "blockchain", environments: { production: "prod" } },
      secrets: { delivery: "sync" },
    });
    const { application } = await (
      await system.changed(({ spec }) => {
        delete spec.secrets.node.reload;
        delete spec.secrets.node.name;
      })
    ).render("production");
    const { context } = await recordingContext(test);
    const { clientId, clientSecret } = infisical;
    const [node, ...others] = await readSyncedSets(application, { clientId, clientSecret }, context);
    assert.deepEqual([Object.fromEntries(node?.values ?? []), others], [stored, []]);
  });
});
