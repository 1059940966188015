import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { createMasker } from "../core/masking.ts";
import { credentialsIn, maskSecretValue } from "./mask.ts";

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

for (const [what, value, parts] of [
  ["a password in an address", "postgres://app:s3cr%21t@db:5432/shop", ["s3cr%21t", "s3cr!t"]],
  ["a password with the end of one in it", "postgres://app:s3c@ret77@db:5432/a?mail=b@c", ["s3c", "s3c@ret77"]],
  ["a password without a user", "redis://:hunter22@cache:6379", ["hunter22"]],
  ["a password with the letters of an address", "amqp://app:a/b:c@queue", ["a/b:c"]],
  ["a password in a connection string", "host=db user=app password='two words' port=1", ["two words"]],
  ["the key of an endpoint", "https://rpc.example.com/v2/Ab3dEf6hIj9lMn2pQr5tUv8x", ["Ab3dEf6hIj9lMn2pQr5tUv8x"]],
  ["the key in front of a host", "https://Ab3dEf6hIj9lMn2pQr5tUv8x@errors.example.com/7", ["Ab3dEf6hIj9lMn2pQr5tUv8x"]],
  ["nothing in a plain address", "https://shop.example.com/reports/2026/november?page=2", []],
] as const) {
  test(`found inside a value: ${what}`, () => {
    assert.deepEqual([...new Set(credentialsIn(value))], parts);
  });
}
