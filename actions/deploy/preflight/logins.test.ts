import assert from "node:assert/strict";
import { test } from "node:test";
import { loginsIn } from "./logins.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const secret = (config: unknown) => ({ data: { ".dockerconfigjson": base64(JSON.stringify(config)) } });

test("the logins of a pull secret are found by host, however people write it", () => {
  const auths = {
    "https://index.docker.io/v1/": { auth: base64("ann:with:colon") },
    "registry.example.com/team": { username: "bob", password: "his password" },
    "empty.example.com": {},
  };
  assert.deepEqual(loginsIn(secret({ auths })), [
    ["registry-1.docker.io", { username: "ann", password: "with:colon" }],
    ["registry.example.com", { username: "bob", password: "his password" }],
  ]);
});

test("a secret that is no pull secret gives none", () => {
  for (const broken of [{}, secret({}), secret("text"), { data: { ".dockerconfigjson": "%" } }]) {
    assert.deepEqual(loginsIn(broken), []);
  }
});
