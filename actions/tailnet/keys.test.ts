import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { startIdTokens } from "../../test/fakes/id-tokens/server.ts";
import { type Client, startTailscaleApi } from "../../test/fakes/tailscale/server.ts";
import type { Context } from "../core/context.ts";
import { createMasker } from "../core/masking.ts";
import { authKeyFor } from "./keys.ts";
import type { Login } from "./login.ts";

const secret = (prefix: string) => `${prefix}${randomBytes(16).toString("hex")}`;
const authKey = secret("tskey-auth-");
const oauth = { id: "kOauth11CNTRL", secret: secret("tskey-client-"), tags: ["tag:ci"] } satisfies Client;
const audience = "api.tailscale.com/kFederated11CNTRL";

/** Long enough for what answers. */
const soon = () => performance.now() + 30_000;

function context(environment: Context["environment"] = {}) {
  const masked: string[] = [];
  const told: string[] = [];
  const runner = { info: (line: string) => told.push(line) };
  const masker = createMasker((value) => masked.push(value));
  const signal = AbortSignal.timeout(30_000);
  return { masked, told, context: { environment, masker, runner, signal } as unknown as Context };
}

const asClient = (apiUrl: string, clientSecret: string = oauth.secret): Login => ({
  kind: "oauth",
  apiUrl,
  clientId: oauth.id,
  clientSecret,
});

async function federated(change: Partial<NonNullable<Client["trusts"]>> = {}, options: Partial<Client> = {}) {
  const ids = await startIdTokens();
  const trusts = { publicKey: ids.publicKey, subject: "repo:acme/shop:*", audience, ...change };
  const client: Client = { id: "kFederated11CNTRL", tags: ["tag:ci", "tag:deploy"], trusts, ...options };
  const api = await startTailscaleApi({ clients: [client], authKey });
  const login = { kind: "oidc", apiUrl: api.url, clientId: client.id, audience } as const;
  const close = async () => {
    await api.close();
    await ids.close();
  };
  return { ids, api, login, tags: client.tags, [Symbol.asyncDispose]: close };
}

test("an auth key that was given is used as it is", async () => {
  assert.equal(await authKeyFor({ kind: "auth-key", authKey }, [], soon(), context().context), authKey);
});

test("an OAuth client makes an ephemeral, pre-authorised, tagged key for one machine, with a new token each time", async () => {
  await using api = await startTailscaleApi({ clients: [oauth], authKey });
  const { context: given, masked } = context();
  assert.equal(await authKeyFor(asClient(api.url), ["tag:ci"], soon(), given), authKey);
  await authKeyFor(asClient(api.url), ["tag:ci"], soon(), given);
  const create = { reusable: false, ephemeral: true, preauthorized: true, tags: ["tag:ci"] };
  const key = { capabilities: { devices: { create } }, expirySeconds: 600 };
  assert.deepEqual(api.keys, [key, key]);
  assert.equal(api.tokens.length, 2);
  for (const value of [oauth.secret, authKey, ...api.tokens]) assert.ok(masked.includes(value), "masked");
});

test("a job's OIDC token makes a key without a stored secret, and is asked for anew each time", async () => {
  await using parts = await federated();
  const { context: given, masked } = context(parts.ids.variables);
  assert.equal(await authKeyFor(parts.login, parts.tags, soon(), given), authKey);
  await authKeyFor(parts.login, parts.tags, soon(), given);
  assert.equal(parts.ids.tokens.length, 2);
  for (const value of [...parts.ids.tokens, ...parts.api.tokens]) assert.ok(masked.includes(value), "masked");
});

/** What a login is refused with. */
async function refusal(login: Login, tags: readonly string[], given: Context): Promise<string> {
  let sentence = "";
  await assert.rejects(authKeyFor(login, tags, soon(), given), (thrown: { sentence: string; name: string }) => {
    sentence = thrown.sentence;
    return thrown.name === "FairleadError";
  });
  return sentence;
}

test("a wrong client secret is told apart from tags that the client may not give, and from a missing scope", async () => {
  const reader: Client = { ...oauth, mayMakeKeys: false };
  await using api = await startTailscaleApi({ clients: [oauth], authKey });
  await using readOnly = await startTailscaleApi({ clients: [reader], authKey });
  const { context: given } = context();
  assert.match(
    await refusal(asClient(api.url, "tskey-client-wrong"), ["tag:ci"], given),
    /refused the OAuth client \(HTTP 401\): API token invalid\. Check the client's id and its secret: they must belong/,
  );
  assert.match(
    await refusal(asClient(api.url), ["tag:prod"], given),
    /refused an auth key for tag:prod \(HTTP 400\): requested tags \[tag:prod\] are .*exactly the tags .*`tagOwners`/,
  );
  assert.match(
    await refusal(asClient(readOnly.url), ["tag:ci"], given),
    /\(HTTP 403\): calling actor .*scope `auth_keys`/,
  );
});

test("what the real API refuses as untagged, and what no client may send, the stand-in notices", async () => {
  const api = await startTailscaleApi({ clients: [oauth], authKey });
  assert.match(await refusal(asClient(api.url), [], context().context), /tailnet-owned auth key must have tags set/);
  await assert.rejects(api.close(), /an untagged key/);
});

for (const [what, change] of [
  ["another audience", { audience: "somebody-else" }],
  ["another subject", { subject: "repo:acme/other:*" }],
] as const) {
  test(`an identity that trusts ${what} refuses, and the error says for whom and to whom the token speaks`, async () => {
    await using parts = await federated(change);
    const said = await refusal(parts.login, parts.tags, context(parts.ids.variables).context);
    assert.match(
      said,
      /refused this job's OIDC token \(HTTP 403\): Unauthorized\. The federated identity kFederated11CNTRL /,
    );
    assert.match(said, /"repo:acme\/shop:environment:prod", and the audience "api\.tailscale\.com\/kFederated11CNTRL"/);
  });
}

test("a token that has expired on the way is refused", async () => {
  await using parts = await federated();
  parts.api.clockAhead = 600_000;
  const said = await refusal(parts.login, parts.tags, context(parts.ids.variables).context);
  assert.match(said, /refused this job's OIDC token .* valid for five minutes/);
});

test("a job without the right to an OIDC token is told which right it is", async () => {
  await using parts = await federated();
  assert.match(await refusal(parts.login, parts.tags, context().context), /`permissions: id-token: write`/);
});

test("a busy API is asked again, one that is away is named", async () => {
  const api = await startTailscaleApi({ clients: [oauth], authKey });
  const { context: given, told } = context();
  api.interrupt({ answer: { status: 429, body: { message: "slow down" }, headers: { "retry-after": "0" } } });
  assert.equal(await authKeyFor(asClient(api.url), ["tag:ci"], soon(), given), authKey);
  assert.match(told.join("\n"), /HTTP 429; trying again/);
  await api.close();
  assert.match(await refusal(asClient(api.url), ["tag:ci"], given), /API at 127\.0\.0\.1:\d+ did not answer/);
});

test("an answer without a key is no key", async () => {
  await using api = await startTailscaleApi({ clients: [oauth], authKey });
  api.interrupt({ route: /keys/, answer: { status: 200, body: "<html>" } });
  assert.match(
    await refusal(asClient(api.url), ["tag:ci"], context().context),
    /refused an auth key for tag:ci \(HTTP 200\)/,
  );
});
