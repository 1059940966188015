// What fairlead relies on in Infisical's API, asked of the stand-in (both generations), and of a real server when
// INFISICAL_TEST_URL, INFISICAL_TEST_CLIENT_ID, INFISICAL_TEST_CLIENT_SECRET and INFISICAL_TEST_PROJECT (a slug) are
// set. The project of the real server must hold the folders of `content` below in its environment `dev`.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { type Infisical, startInfisical } from "../../fakes/infisical/server.ts";
import type { Folder } from "../../fakes/infisical/store.ts";

const content: Readonly<Record<string, Folder>> = {
  "/fairlead-contract": {
    secrets: { GREETING: "hello", REFERENCE: "x-${GREETING}", ELSEWHERE: "y-${dev.fairlead-contract.base.ONLY_BASE}" },
    imports: [{ environment: "dev", path: "/fairlead-contract/base" }],
  },
  "/fairlead-contract/base": { secrets: { GREETING: "base", ONLY_BASE: "yes" } },
};

interface Target {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly project: string;
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

async function list(target: Target, token: string, query: Record<string, string> = {}) {
  const url = new URL("/api/v3/secrets/raw", target.url);
  const asked = { workspaceSlug: target.project, environment: "dev", secretPath: "/fairlead-contract", ...query };
  for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  return { status: response.status, body: (await response.json()) as Listed & { message?: string } };
}

const values = (secrets: Listed["secrets"]) =>
  Object.fromEntries(secrets.map(({ secretKey, secretValue }) => [secretKey, secretValue]));

/** @param refusals statuses that servers of different age answer; the stand-in of one generation has exactly one. */
function contract(target: () => Target, refusals: { readonly credentials: number[]; readonly token: number[] }): void {
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

  it("answers a missing folder and a missing environment with an empty list", async () => {
    const token = await logIn(target());
    for (const query of [{ secretPath: "/fairlead-contract/none" }, { environment: "no-such-environment" }]) {
      const { status, body } = await list(target(), token, query);
      assert.equal(status, 200);
      assert.deepEqual(body.secrets, []);
    }
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

for (const generation of ["july-2024", "current"] as const) {
  describe(`Infisical's stand-in, ${generation}`, () => {
    const secret = randomBytes(32).toString("hex");
    let infisical: Infisical;
    before(async () => {
      infisical = await startInfisical({
        generation,
        projects: [{ id: "7f8e", slug: "contract", environments: { dev: content } }],
        identities: [{ clientId: "machine", clientSecret: secret, projects: ["contract"] }],
      });
    });
    after(() => infisical.close());
    contract(
      () => ({ url: infisical.url, clientId: "machine", clientSecret: secret, project: "contract" }),
      generation === "current" ? { credentials: [401], token: [403] } : { credentials: [403], token: [500] },
    );
  });
}

const { INFISICAL_TEST_URL: url, INFISICAL_TEST_CLIENT_ID: clientId } = process.env;
const { INFISICAL_TEST_CLIENT_SECRET: clientSecret, INFISICAL_TEST_PROJECT: project } = process.env;
if (url && clientId && clientSecret && project) {
  describe(`Infisical at ${url}`, () => {
    contract(() => ({ url, clientId, clientSecret, project }), { credentials: [401, 403], token: [401, 403, 500] });
  });
} else {
  console.log(
    "contract with a real Infisical: not asked for (INFISICAL_TEST_URL and its three companions are not set)",
  );
}
