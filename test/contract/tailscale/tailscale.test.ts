// What fairlead relies on in Tailscale's HTTP API, asked of the stand-in, and of the real API when TAILSCALE_TEST_CLIENT_ID,
// TAILSCALE_TEST_CLIENT_SECRET and TAILSCALE_TEST_TAGS (all tags of the client, with commas) are set: an OAuth client with
// the scope `auth_keys`. With TAILSCALE_TEST_IDENTITY, a federated identity with the same tags, and TAILSCALE_TEST_JWT, a
// token that it trusts, the login of a job is asked of it too. TAILSCALE_TEST_URL names another address than Tailscale's.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { type IdTokens, startIdTokens } from "../../fakes/id-tokens/server.ts";
import { startTailscaleApi, type TailscaleApi } from "../../fakes/tailscale/server.ts";

interface Target {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly tags: readonly string[];
  /** A federated identity, and a token that it trusts. */
  readonly job?: { readonly identity: string; readonly jwt: string } | undefined;
}

async function post(url: string, headers: Readonly<Record<string, string>>, body: string) {
  const response = await fetch(url, { method: "POST", headers, body });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const form = { "content-type": "application/x-www-form-urlencoded" };

async function logIn({ url, clientId, clientSecret }: Target, secret = clientSecret) {
  const fields = { grant_type: "client_credentials", client_id: clientId, client_secret: secret };
  return await post(`${url}/api/v2/oauth/token`, form, new URLSearchParams(fields).toString());
}

async function exchange({ url }: Target, identity: string, jwt: string) {
  const fields = new URLSearchParams({ client_id: identity, jwt });
  return await post(`${url}/api/v2/oauth/token-exchange`, form, fields.toString());
}

async function makeKey({ url }: Target, token: unknown, tags: readonly string[]) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const create = { reusable: false, ephemeral: true, preauthorized: true, tags };
  const body = { capabilities: { devices: { create } }, expirySeconds: 600 };
  return await post(`${url}/api/v2/tailnet/-/keys`, headers, JSON.stringify(body));
}

function suite(name: string, open: () => Promise<Target>): void {
  describe(name, () => {
    let target: Target;
    before(async () => {
      target = await open();
    });

    it("gives an OAuth client a token for an hour, with which it makes a key that is as it was asked for", async () => {
      const login = await logIn(target);
      assert.equal(login.status, 200);
      assert.deepEqual([login.body["token_type"], login.body["expires_in"]], ["Bearer", 3_600]);
      const made = await makeKey(target, login.body["access_token"], target.tags);
      assert.equal(made.status, 200);
      assert.match(String(made.body["key"]), /^tskey-auth-/);
      const { capabilities } = made.body as { capabilities?: { devices: { create: Record<string, unknown> } } };
      const { ephemeral, preauthorized, reusable, tags } = capabilities?.devices.create ?? {};
      assert.deepEqual([ephemeral, preauthorized, reusable ?? false, tags], [true, true, false, target.tags]);
    });

    it("says no to a wrong secret, and to tags that are not the client's, each with a message", async () => {
      const refused = await logIn(target, `${target.clientSecret}x`);
      assert.deepEqual([refused.status, typeof refused.body["message"]], [401, "string"]);
      const { access_token: token } = (await logIn(target)).body;
      const wrong = await makeKey(target, token, ["tag:fairlead-nobody-has-this"]);
      assert.equal(wrong.status, 400);
      assert.match(String(wrong.body["message"]), /tags .*invalid or not permitted/);
    });

    it("gives a federated identity's job a token like a client's, and says no to anything that it does not trust", async (t) => {
      const { job } = target;
      if (job === undefined) return t.diagnostic("not asked for");
      const login = await exchange(target, job.identity, job.jwt);
      assert.equal(login.status, 200);
      assert.equal((await makeKey(target, login.body["access_token"], target.tags)).status, 200);
      const refused = await exchange(target, job.identity, `${job.jwt}x`);
      assert.deepEqual([refused.status, typeof refused.body["message"]], [403, "string"]);
    });
  });
}

let ids: IdTokens;
let api: TailscaleApi;

suite("the stand-in", async () => {
  ids = await startIdTokens();
  const audience = "api.tailscale.com/kFederated11CNTRL";
  const tags = ["tag:ci", "tag:deploy"];
  const secret = `tskey-client-${randomBytes(16).toString("hex")}`;
  const trusts = { publicKey: ids.publicKey, subject: ids.subject, audience };
  const clients = [
    { id: "kOauth11CNTRL", secret, tags },
    { id: "kFederated11CNTRL", tags, trusts },
  ];
  api = await startTailscaleApi({ clients, authKey: `tskey-auth-${randomBytes(16).toString("hex")}` });
  const { ACTIONS_ID_TOKEN_REQUEST_URL: address, ACTIONS_ID_TOKEN_REQUEST_TOKEN: login } = ids.variables;
  const asking = `${address}&audience=${encodeURIComponent(audience)}`;
  const given = await fetch(asking, { headers: { authorization: `Bearer ${login}` } });
  const { value: jwt } = (await given.json()) as { value: string };
  const job = { identity: "kFederated11CNTRL", jwt };
  return { url: api.url, clientId: "kOauth11CNTRL", clientSecret: secret, tags, job };
});

after(async () => {
  await api?.close();
  await ids?.close();
});

const {
  TAILSCALE_TEST_URL: url = "https://api.tailscale.com",
  TAILSCALE_TEST_CLIENT_ID: clientId,
  TAILSCALE_TEST_CLIENT_SECRET: clientSecret,
  TAILSCALE_TEST_TAGS: tags,
  TAILSCALE_TEST_IDENTITY: identity,
  TAILSCALE_TEST_JWT: jwt,
} = process.env;

if (clientId && clientSecret && tags) {
  const job = identity && jwt ? { identity, jwt } : undefined;
  suite("the real API", async () => ({ url, clientId, clientSecret, tags: tags.split(","), job }));
} else {
  console.log("Tailscale's contract: a real API was not asked for (see the top of this file)");
}
