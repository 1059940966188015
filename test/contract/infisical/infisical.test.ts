// What fairlead relies on in Infisical's API, asked of the stand-in (both generations), and of a real server when
// INFISICAL_TEST_URL, INFISICAL_TEST_CLIENT_ID, INFISICAL_TEST_CLIENT_SECRET and INFISICAL_TEST_PROJECT (a slug) are
// set. The project of the real server must hold the folders of `content` below in its environment `dev`.
// With INFISICAL_TEST_IDENTITY, the id of an identity with OIDC auth in the same project, and INFISICAL_TEST_JWT, a token
// that it accepts, the login of a job is asked of it too.
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { type IdTokens, startIdTokens } from "../../fakes/id-tokens/server.ts";
import { type Infisical, startInfisical } from "../../fakes/infisical/server.ts";
import type { Folder } from "../../fakes/infisical/store.ts";

const content: Readonly<Record<string, Folder>> = {
  "/fairlead-contract": {
    secrets: { GREETING: "hello", REFERENCE: "x-${GREETING}", ELSEWHERE: "y-${dev.fairlead-contract.base.ONLY_BASE}" },
    imports: [{ environment: "dev", path: "/fairlead-contract/base" }],
  },
  "/fairlead-contract/base": { secrets: { GREETING: "base", ONLY_BASE: "yes" } },
  "/fairlead-contract-dangling": { secrets: { DANGLING: "z-${NOWHERE}" } },
};

const dangling = { secretPath: "/fairlead-contract-dangling" };

interface Target {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly project: string;
  /** An identity that takes OIDC tokens, and one that it takes. */
  readonly job?: { readonly identityId: string; readonly jwt: string } | undefined;
}

interface Listed {
  readonly secrets: readonly {
    readonly secretKey: string;
    readonly secretValue: string;
    readonly secretPath: string;
  }[];
  readonly imports: readonly { readonly secretPath: string; readonly secrets: Listed["secrets"] }[];
}

async function post(target: Target, path: string, body: Record<string, string>) {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${target.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function logIn(target: Target): Promise<string> {
  const { clientId, clientSecret } = target;
  const { status, body } = await post(target, "/api/v1/auth/universal-auth/login", { clientId, clientSecret });
  assert.equal(status, 200);
  assert.equal(body["tokenType"], "Bearer");
  return String(body["accessToken"]);
}

type Query = Readonly<Record<string, string>>;

async function get<T>(target: Target, token: string, path: string, query: Query = {}) {
  const url = `${target.url}${path}?${new URLSearchParams(query)}`;
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  return { status: response.status, body: (await response.json()) as T & { message?: unknown } };
}

const folder = { environment: "dev", secretPath: "/fairlead-contract" };

async function list(target: Target, token: string, query: Query = {}) {
  const asked = { workspaceSlug: target.project, ...folder, ...query };
  return await get<Listed>(target, token, "/api/v3/secrets/raw", asked);
}

/** The project as its slug finds it. */
async function projectOf(target: Target, token: string) {
  const path = `/api/v2/workspace/${target.project}`;
  return await get<{ id: string; environments: readonly { slug: string }[] }>(target, token, path);
}

const values = (secrets: Listed["secrets"]) =>
  Object.fromEntries(secrets.map(({ secretKey, secretValue }) => [secretKey, secretValue]));

/** Statuses that servers of different age answer; the stand-in of one generation has exactly one of each. */
interface Refusals {
  readonly credentials: readonly number[];
  readonly token: readonly number[];
  /** Of a folder that is missing; 200 is an empty list. */
  readonly folder: readonly number[];
}

function assertMissing(status: number, body: Listed & { message?: unknown }, { folder }: Refusals): void {
  assert.ok(folder.includes(status), `status ${status}`);
  if (status === 200) assert.deepEqual(body.secrets, []);
  else assert.match(String(body.message), /^(Folder with path|Environment with slug) '.*not found/);
}

function contract(target: () => Target, refusals: Refusals): void {
  it("gives a bearer token for a client id and secret, and refuses a wrong secret", async () => {
    assert.notEqual(await logIn(target()), "");
    const wrong = { clientId: target().clientId, clientSecret: randomBytes(32).toString("hex") };
    const { status, body } = await post(target(), "/api/v1/auth/universal-auth/login", wrong);
    assert.ok(refusals.credentials.includes(status), `status ${status}`);
    assert.equal(body["message"], "Invalid credentials");
  });

  it("lists one folder, with references expanded when asked", async () => {
    const token = await logIn(target());
    const { status, body } = await list(target(), token, { expandSecretReferences: "true" });
    assert.equal(status, 200);
    assert.deepEqual(values(body.secrets), { GREETING: "hello", REFERENCE: "x-hello", ELSEWHERE: "y-yes" });
    const plain = await list(target(), token, { expandSecretReferences: "false" });
    assert.equal(values(plain.body.secrets)["REFERENCE"], "x-${GREETING}");
  });

  it("lists imports apart from the folder's own secrets", async () => {
    const { body } = await list(target(), await logIn(target()), { include_imports: "true" });
    assert.equal(values(body.secrets)["GREETING"], "hello");
    assert.deepEqual(
      body.imports.map(({ secretPath, secrets }) => [secretPath, values(secrets)]),
      [["/fairlead-contract/base", { GREETING: "base", ONLY_BASE: "yes" }]],
    );
  });

  it("lists the folders below with recursive", async () => {
    const { body } = await list(target(), await logIn(target()), { recursive: "true" });
    const paths = new Set(body.secrets.map(({ secretPath }) => secretPath));
    assert.deepEqual([...paths].sort(), ["/fairlead-contract", "/fairlead-contract/base"]);
  });

  it("answers a missing folder and a missing environment with an empty list, or says what is missing", async () => {
    const token = await logIn(target());
    for (const query of [{ secretPath: "/fairlead-contract/none" }, { environment: "no-such-environment" }]) {
      for (const recursive of ["false", "true"]) {
        const { status, body } = await list(target(), token, { ...query, recursive });
        assertMissing(status, body, refusals);
      }
    }
  });

  it("leaves a reference to nothing as it is", async () => {
    const { body } = await list(target(), await logIn(target()), { expandSecretReferences: "true", ...dangling });
    assert.deepEqual(values(body.secrets), { DANGLING: "z-${NOWHERE}" });
  });

  it("names the environments of a project, found by its slug and by its id", async () => {
    const token = await logIn(target());
    const { status, body } = await projectOf(target(), token);
    assert.equal(status, 200);
    const slugs = body.environments.map(({ slug }) => slug);
    assert.ok(slugs.includes("dev"));
    const path = `/api/v1/workspace/${body.id}`;
    const byId = await get<{ workspace: typeof body }>(target(), token, path);
    assert.deepEqual(byId.body.workspace.environments.map(({ slug }) => slug).sort(), slugs.sort());
  });

  it("refuses a token that it did not give out, or that was revoked", async () => {
    const token = await logIn(target());
    const revoked = await post(target(), "/api/v1/auth/token/revoke", { accessToken: token });
    assert.deepEqual(revoked, { status: 200, body: { message: "Successfully revoked access token" } });
    for (const bad of [token, randomBytes(32).toString("base64url")]) {
      const { status } = await list(target(), bad);
      assert.ok(refusals.token.includes(status), `status ${status}`);
    }
  });
}

/** What servers of today have beside. */
function contractOfToday(target: () => Target, refusals: Refusals): void {
  it("lists by v4, which takes the id of a project, as by v3", async () => {
    const token = await logIn(target());
    const { body } = await projectOf(target(), token);
    const query = { projectId: body.id, ...folder, expandSecretReferences: "true", include_imports: "true" };
    for (const recursive of ["false", "true"]) {
      const ofToday = await get<Listed>(target(), token, "/api/v4/secrets", { ...query, recursive });
      assert.equal(ofToday.status, 200);
      const older = await list(target(), token, {
        expandSecretReferences: "true",
        include_imports: "true",
        recursive,
      });
      assert.deepEqual(values(ofToday.body.secrets), values(older.body.secrets));
      const imported = ({ imports }: Listed) => imports.map(({ secretPath, secrets }) => [secretPath, values(secrets)]);
      assert.deepEqual(imported(ofToday.body), imported(older.body));
    }
    const bad = await get(target(), randomBytes(32).toString("base64url"), "/api/v4/secrets", query);
    assert.ok(refusals.token.includes(bad.status), `status ${bad.status}`);
    const missing = { ...query, secretPath: "/fairlead-contract/none" };
    const { status, body: answer } = await get<Listed>(target(), token, "/api/v4/secrets", missing);
    assertMissing(status, answer, refusals);
  });

  it("logs a job in by its OIDC token, and refuses one that it cannot verify", async () => {
    const { job } = target();
    if (job === undefined) return console.log("login of a job: not asked for (INFISICAL_TEST_IDENTITY is not set)");
    const { status, body } = await post(target(), "/api/v1/auth/oidc-auth/login", job);
    assert.deepEqual([status, body["tokenType"]], [200, "Bearer"]);
    assert.equal((await list(target(), String(body["accessToken"]))).status, 200);
    const [header, payload, signature = ""] = job.jwt.split(".");
    const forged = [header, payload, signature.split("").reverse().join("")].join(".");
    const refusal = await post(target(), "/api/v1/auth/oidc-auth/login", { ...job, jwt: forged });
    assert.ok([401, 403].includes(refusal.status), `status ${refusal.status}`);
    const stranger = await post(target(), "/api/v1/auth/oidc-auth/login", { ...job, identityId: randomUUID() });
    assert.ok([401, 403, 404].includes(stranger.status), `status ${stranger.status}`);
  });
}

for (const generation of ["july-2024", "current"] as const) {
  describe(`Infisical's stand-in, ${generation}`, () => {
    const secret = randomBytes(32).toString("hex");
    let infisical: Infisical;
    let jobs: IdTokens;
    let job: Target["job"];
    before(async () => {
      jobs = await startIdTokens();
      const { publicKey: key, audience, subject } = jobs;
      const oidc = { identityId: randomUUID(), key, audience, subject };
      infisical = await startInfisical({
        generation,
        projects: [{ id: randomUUID(), slug: "contract", environments: { dev: content } }],
        identities: [{ clientId: "machine", clientSecret: secret, projects: ["contract"], oidc }],
      });
      job = { identityId: oidc.identityId, jwt: await tokenFrom(jobs) };
    });
    after(() => Promise.all([infisical.close(), jobs.close()]));
    const target = () => ({ url: infisical.url, clientId: "machine", clientSecret: secret, project: "contract", job });
    const isOfToday = generation === "current";
    const refusals = isOfToday
      ? { credentials: [401], token: [403], folder: [404] }
      : { credentials: [403], token: [500], folder: [200] };
    contract(target, refusals);
    if (isOfToday) contractOfToday(target, refusals);
  });
}

/** Asks as a job does. */
async function tokenFrom({ variables, requestToken }: IdTokens): Promise<string> {
  const url = variables["ACTIONS_ID_TOKEN_REQUEST_URL"] ?? "";
  const response = await fetch(url, { headers: { authorization: `Bearer ${requestToken}` } });
  return ((await response.json()) as { value: string }).value;
}

const { INFISICAL_TEST_URL: url, INFISICAL_TEST_CLIENT_ID: clientId } = process.env;
const { INFISICAL_TEST_CLIENT_SECRET: clientSecret, INFISICAL_TEST_PROJECT: project } = process.env;
const { INFISICAL_TEST_IDENTITY: identityId, INFISICAL_TEST_JWT: jwt } = process.env;
if (url && clientId && clientSecret && project) {
  describe(`Infisical at ${url}`, () => {
    const job = identityId && jwt ? { identityId, jwt } : undefined;
    const target = () => ({ url, clientId, clientSecret, project, job });
    const refusals = { credentials: [401, 403], token: [401, 403, 500], folder: [200, 404] };
    contract(target, refusals);
    contractOfToday(target, refusals);
  });
} else {
  console.log(
    "contract with a real Infisical: not asked for (INFISICAL_TEST_URL and its three companions are not set)",
  );
}
