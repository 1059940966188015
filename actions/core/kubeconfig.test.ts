import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { kubeconfigText, maskKubeconfig, readKubeconfig, throughProxy } from "./kubeconfig.ts";
import { createMasker } from "./masking.ts";

const random = () => randomBytes(18).toString("base64url");
const base64 = (text: string) => Buffer.from(text).toString("base64");

function kubeconfig(user: string): string {
  return `apiVersion: v1
kind: Config
current-context: ci
contexts:
  - name: other
    context: { cluster: elsewhere, user: ci }
  - name: ci
    context: { cluster: home, user: ci }
clusters:
  - name: elsewhere
    cluster: { server: "https://10.0.0.2:6443" }
  - name: home
    cluster: { server: "https://100.64.0.1:6443" }
users:
  - name: ci
    user:
      ${user}
`;
}

function scene() {
  const registered: string[] = [];
  return { registered, masker: createMasker((value) => registered.push(value)) };
}

test("the server is the one that the current context names, from text and from base64", async () => {
  const text = kubeconfig(`token: ${random()}`);
  // `base64` breaks its lines unless told otherwise.
  const wrapped = base64(text).replaceAll(/.{76}/g, "$&\n");
  for (const given of [text, base64(text), wrapped]) {
    const read = await readKubeconfig(given, scene().masker);
    assert.equal(read.server.href, "https://100.64.0.1:6443/");
    assert.equal(read.text, text);
  }
});

test("its secret values are masked, not its other lines", async () => {
  const [token, password, key] = [random(), random(), random()];
  const pem = `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`;
  const text = kubeconfig(`{ token: ${token}, password: ${password}, client-key-data: ${base64(pem)} }`);
  const { registered, masker } = scene();
  await maskKubeconfig(masker, base64(text));
  for (const secret of [token, password, key, base64(pem), base64(text)]) assert.ok(registered.includes(secret));
  assert.equal(masker.redact(`${text}kind: Config`), "***kind: Config");
});

test("secrets of other ways to log in, and of a proxy, are masked; its base64 too when it came as text", async () => {
  const secrets = Array.from({ length: 8 }, random);
  const [id, refresh, client, variable, option, next, proxy, digits] = [...secrets.slice(0, 7), "0123456789"];
  const text =
    `${kubeconfig(`auth-provider: { name: oidc, config: { id-token: ${id}, refresh-token: ${refresh}, client-secret: ${client} } }`)}  - name: program
    user:
      tokenFile: /var/run/a-token
      exec:
        command: kubelogin
        args: [get-token, --oidc-client-secret=${option}, --password, ${next}, --token-cache-dir, /var/cache]
        env: [{ name: LOGIN, value: ${variable} }]
  - name: digits
    user: { token: ${digits} }
`.replace("cluster: { server", `cluster: { proxy-url: "http://me:${proxy}@proxy:3128", server`);
  const { registered, masker } = scene();
  await maskKubeconfig(masker, text);
  const expected = [id, refresh, client, variable, option, next, proxy, digits, base64(text)];
  assert.deepEqual([...new Set(registered)].sort(), expected.sort());
});

test("what is no kubeconfig is masked as any other secret", async () => {
  for (const value of [random(), "text: [", "- a list", base64("\0\0\0binary")]) {
    const { registered, masker } = scene();
    await maskKubeconfig(masker, value);
    assert.deepEqual(registered, [value]);
  }
});

test("what is no kubeconfig is refused with a reason that shows nothing of it", async () => {
  const whole = kubeconfig("token: hidden-value");
  const cases: [string, RegExp][] = [
    ["hidden-value", /neither YAML nor base64/],
    ["", /neither YAML nor base64/],
    ["[hidden-value", /neither YAML nor base64/],
    ["kind: hidden-value", /no `current-context`/],
    [whole.replace("current-context: ci", "current-context: hidden-value"), /names a context that it does not hold/],
    [whole.replace("https://100.64.0.1:6443", "hidden-value"), /no `server` address/],
    [whole.replace("https://100.64.0.1", "http://100.64.0.1"), /no `server` address that starts with https/],
    [whole.replace("https://100.64.0.1", "100.64.0.1"), /no `server` address/],
    ["current-context: ci\ncontexts: 5\nusers: hidden-value", /names a context/],
    ["current-context: ci\ncontexts: [null, 5]\nusers: [null]\nclusters: {}", /names a context/],
  ];
  for (const [text, reason] of cases) {
    await assert.rejects(readKubeconfig(text, scene().masker), (thrown: Error & { code: string }) => {
      assert.equal(thrown.code, "KUBECONFIG_INVALID", text);
      assert.match(thrown.message, reason);
      assert.doesNotMatch(thrown.message, /hidden/);
      return true;
    });
  }
});

test("a proxy is put before every cluster, the rest stays", async () => {
  const text = kubeconfig("token: abcd");
  const proxied = await throughProxy(
    await readKubeconfig(
      text,
      createMasker(() => {}),
    ),
    "http://127.0.0.1:1055",
  );
  assert.equal(proxied.cluster["proxy-url"], "http://127.0.0.1:1055");
  const changed = parse(proxied.text);
  const expected = parse(text);
  for (const entry of expected.clusters) entry.cluster["proxy-url"] = "http://127.0.0.1:1055";
  assert.deepEqual(changed, expected);
});

test("a kubeconfig may be named by its file, from the workspace on", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-kubeconfig-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const text = kubeconfig(`token: ${random()}`);
  writeFileSync(join(folder, "admin.yaml"), text);
  assert.equal(await kubeconfigText("admin.yaml", folder), text);
  assert.equal(await kubeconfigText(join(folder, "admin.yaml"), "/"), text);
  for (const given of [text, base64(text), "missing.yaml"]) assert.equal(await kubeconfigText(given, folder), given);
});
