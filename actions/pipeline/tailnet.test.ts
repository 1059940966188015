import assert from "node:assert/strict";
import { test } from "node:test";
import { type CredentialName, credentialNames } from "./credential-names.ts";
import type { Credentials } from "./credentials.ts";
import { checkControlUrl, leadsThroughTailnet, tailnetLogin, tailnetOf } from "./tailnet.ts";

const nowhere = { tailnet: {} };
const headscale = { tailnet: { controlUrl: "https://headscale.example.com" } };
const onTailnet = new URL("https://100.64.0.1:6443");
const elsewhere = new URL("https://api.example.com:6443");

const holding = (values: Partial<Record<CredentialName, string>>): Credentials => ({
  get: (name) => values[name],
  require(name) {
    const value = values[name];
    if (value === undefined) throw new Error(`${name} is missing`);
    return value;
  },
});

for (const address of [
  "https://100.64.0.1:6443",
  "https://100.127.255.254",
  "https://[fd7a:115c:a1e0::1]:6443",
  "https://cluster.tail1234.ts.net:6443",
]) {
  test(`${address} is behind a tailnet`, () => assert.ok(leadsThroughTailnet(new URL(address), nowhere)));
}

for (const address of ["https://100.63.0.1", "https://100.128.0.1", "https://[fd7b::1]", "https://cluster.internal"]) {
  test(`${address} need not be behind a tailnet`, () => assert.ok(!leadsThroughTailnet(new URL(address), nowhere)));
}

test("an own domain is behind a tailnet whose control server is named, as is everything beside a registry on one", () => {
  assert.ok(leadsThroughTailnet(new URL("https://cluster.internal"), headscale));
  assert.ok(leadsThroughTailnet(elsewhere, { tailnet: { registry: true } }));
});

test("an auth key wins over an OAuth client, which wins over the job's own identity", () => {
  const all = {
    TAILSCALE_AUTH_KEY: "a-key",
    TAILSCALE_OAUTH_CLIENT_ID: "a-client",
    TAILSCALE_OAUTH_CLIENT_SECRET: "a-secret",
  };
  const { TAILSCALE_AUTH_KEY: _key, ...client } = all;
  const { TAILSCALE_OAUTH_CLIENT_SECRET: _secret, ...identity } = client;
  const api = { apiUrl: "https://api.tailscale.com", clientId: "a-client" };
  const login = (values: Partial<Record<CredentialName, string>>) => tailnetLogin(elsewhere, nowhere, holding(values));
  assert.deepEqual(login(all), { kind: "auth-key", authKey: "a-key" });
  assert.deepEqual(login(client), { kind: "oauth", ...api, clientSecret: "a-secret" });
  assert.deepEqual(login(identity), { kind: "oidc", ...api, audience: "api.tailscale.com/a-client" });
  assert.equal(login({}), undefined);
});

test("without credentials for it, an address on the tailnet is an error", () => {
  assert.throws(() => tailnetLogin(onTailnet, nowhere, holding({})), /TAILSCALE_AUTH_KEY is missing/);
});

test("another control server takes no keys of Tailscale's API", () => {
  const client = holding({ TAILSCALE_OAUTH_CLIENT_ID: "a-client", TAILSCALE_OAUTH_CLIENT_SECRET: "a-secret" });
  assert.throws(() => tailnetLogin(elsewhere, headscale, client), /TAILSCALE_AUTH_KEY is missing/);
});

test("a control server's address with a password is refused, and not repeated", () => {
  checkControlUrl(nowhere);
  checkControlUrl(headscale);
  const secretive = { tailnet: { controlUrl: "https://robot:a-pass-word@headscale.test" } };
  assert.throws(() => checkControlUrl(secretive), {
    code: "INPUT_INVALID",
    message: "`cluster.tailnet.controlUrl` must not hold a user or a password: an address is no secret.",
  });
});

test("the whole machine joins only where the registry is on the tailnet too", () => {
  const tags = ["tag:ci"];
  const inUserspace = tailnetOf({ tailnet: { tags } }, { kind: "oauth" });
  assert.deepEqual([inUserspace.mode, inUserspace.acceptDns, inUserspace.tags], ["userspace", false, tags]);
  const whole = tailnetOf({ tailnet: { tags, registry: true } }, { kind: "auth-key" });
  assert.deepEqual([whole.mode, whole.acceptDns, whole.tags], ["tun", true, []]);
});

test("every credential of the tailnet is looked for", () => {
  const names = credentialNames.filter((name) => name.startsWith("TAILSCALE"));
  assert.deepEqual(names, ["TAILSCALE_AUTH_KEY", "TAILSCALE_OAUTH_CLIENT_ID", "TAILSCALE_OAUTH_CLIENT_SECRET"]);
});
