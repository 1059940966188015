import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { createMasker } from "../core/masking.ts";
import { maskSecretValue } from "./mask.ts";

const random = () => randomBytes(18).toString("base64url");

async function masksOf(name: string, value: string) {
  const masks: string[] = [];
  const masker = createMasker((mask) => masks.push(mask));
  await maskSecretValue(name, value, masker);
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
