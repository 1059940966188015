import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { createMasker } from "../core/masking.ts";
import { maskSecretValue } from "./mask.ts";

const random = () => randomBytes(18).toString("base64url");

async function masksOf(name: string, value: string, isBase64 = false) {
  const masks: string[] = [];
  const masker = createMasker((mask) => masks.push(mask));
  await maskSecretValue(name, value, masker, isBase64);
  return { masks, masker };
}

test("a value of several lines is masked line by line, but not its braces", async () => {
  const [first, second] = [random(), random()];
  const value = `{\n  ${first}\n  ${second}\n}`;
  const { masks, masker } = await masksOf("APP_KEY", value);
  assert.deepEqual(masks, [first, second]);
  assert.equal(masker.redact(`a ${value} b`), "a *** b");
});

test("user names and client ids are not masked", async () => {
  for (const name of ["DOCKER_REGISTRY_USERNAME", "TAILSCALE_OAUTH_CLIENT_ID", "INFISICAL_CLIENT_ID"]) {
    assert.deepEqual((await masksOf(name, "deploy")).masks, []);
  }
  assert.deepEqual((await masksOf("DOCKER_REGISTRY_PASSWORD", "deploy")).masks, ["deploy"]);
});

test("of a kubeconfig its secret values are masked, not its other lines", async () => {
  const token = random();
  const config = `apiVersion: v1\nkind: Config\nusers:\n  - name: ci\n    user:\n      token: ${token}\n`;
  const encoded = Buffer.from(config).toString("base64");
  const { masks, masker } = await masksOf("KUBECONFIG_BASE64", encoded);
  assert.ok(masks.includes(token));
  assert.ok(masks.includes(encoded));
  assert.equal(masker.redact(`${config}|kind: Config`), "***|kind: Config");
});

test("what is named like a kubeconfig and is none is masked as any other secret", async () => {
  const line = random();
  assert.ok((await masksOf("KUBECONFIG", `key: value\nother: ${line}`)).masks.includes(`other: ${line}`));
});

test("of a value that is said to be base64, what it encodes is masked too, line by line", async () => {
  const [first, second] = [random(), random()];
  const encoded = Buffer.from(`${first}\n${second}`).toString("base64");
  assert.deepEqual((await masksOf("VAULT", encoded, true)).masks, [encoded, first, second]);
  assert.deepEqual((await masksOf("VAULT", encoded)).masks, [encoded]);
});

/** A whole kubeconfig, as kubectl writes it. */
const wholeKubeconfig = (token: string) => `apiVersion: v1
kind: Config
current-context: main
clusters:
  - name: main
    cluster: { server: "https://10.0.0.1:6443" }
contexts:
  - name: main
    context: { cluster: main, user: ci }
users:
  - name: ci
    user: { token: ${token} }
`;

test("a kubeconfig is known by its content, whatever its name and its form", async () => {
  const token = random();
  const text = wholeKubeconfig(token);
  const encoded = Buffer.from(text).toString("base64");
  for (const [value, isBase64] of [
    [text, false],
    [encoded, false],
    [encoded, true],
  ] as const) {
    const { masks, masker } = await masksOf("CLUSTER_ACCESS", value, isBase64);
    assert.deepEqual([...masks].sort(), [token, encoded].sort());
    assert.equal(masker.redact(`${text}|kind: Config`), "***|kind: Config");
  }
});

test("what only resembles a kubeconfig is masked line by line", async () => {
  const line = random();
  const value = `clusters: []\ncontexts: []\nusers:\n  - ${line}\n`;
  assert.ok((await masksOf("APP_CONFIG", value)).masks.includes(`- ${line}`));
});

test("the password in an address that a value encodes is masked", async () => {
  const encoded = Buffer.from("postgres://app:s3cretpw@db/shop").toString("base64");
  assert.ok((await masksOf("DATABASE", encoded, true)).masks.includes("s3cretpw"));
});
