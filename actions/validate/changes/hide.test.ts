import assert from "node:assert/strict";
import { test } from "node:test";
import { createHider } from "./hide.ts";

const text = (value: string) => createHider().text(value);

test("every value of a Secret is hidden, also in one that stands in another object", () => {
  const secret = { kind: "Secret", metadata: { name: "db" }, data: { a: "YQ==", b: "Yg==" }, stringData: { c: "x" } };
  const hidden = {
    ...secret,
    data: { a: "<hidden 1>", b: "<hidden 2>" },
    stringData: { c: "<hidden 3>" },
  };
  assert.deepEqual(createHider().object(secret), hidden);
  assert.deepEqual(createHider().object({ kind: "List", items: [secret] }), { kind: "List", items: [hidden] });
});

test("equal values get equal marks, so that a change shows and nothing else does", () => {
  const { object } = createHider();
  const secret = (a: string) => object({ kind: "Secret", data: { a } }).data.a;
  assert.deepEqual([secret("one"), secret("one"), secret("two")], ["<hidden 1>", "<hidden 1>", "<hidden 2>"]);
});

test("variables and settings that are called like a credential are hidden, their references are not", () => {
  const env = [
    { name: "DB_PASSWORD", value: "hunter2" },
    { name: "API_KEY", valueFrom: { secretKeyRef: { name: "shop-secrets", key: "API_KEY" } } },
    { name: "TOKEN_TTL", value: "5m" },
    { name: "PASSWORD_FILE", value: "/run/password" },
  ];
  const shown = createHider().object({ env, data: { clientSecret: "abc", LEVEL: "info" }, secretName: "shop-tls" });
  assert.deepEqual(shown, {
    env: [{ name: "DB_PASSWORD", value: "<hidden 1>" }, ...env.slice(1)],
    data: { clientSecret: "<hidden 2>", LEVEL: "info" },
    secretName: "shop-tls",
  });
});

test("credentials are found in the middle of text", () => {
  for (const [given, shown] of [
    ["postgres://app:hunter2@db:5432/app", "postgres://<hidden 1>@db:5432/app"],
    ["run --token=abc --level=info", "run --token=<hidden 1> --level=info"],
    ["[db]\npassword = 'abc'\nuser = x", "[db]\npassword = '<hidden 1>'\nuser = x"],
    ['{"api_key": "abc", "n": 1}', '{"api_key": "<hidden 1>", "n": 1}'],
    ["https://relay.example.com/?token=abc&n=1", "https://relay.example.com/?token=<hidden 1>&n=1"],
    [`use ghp_${"a".repeat(36)} here`, "use <hidden 1> here"],
    [`STRIPE_KEY: sk_live_${"a1".repeat(12)}`, "STRIPE_KEY: <hidden 1>"],
    [`use tskey-auth-${"a1".repeat(12)} here`, "use <hidden 1> here"],
    [
      "publish pk_live_abcdefghijklmnop, task_live_abcdefghijklmnop",
      "publish pk_live_abcdefghijklmnop, task_live_abcdefghijklmnop",
    ],
    ["a\n-----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY-----\nb", "a\n<hidden 1>\nb"],
  ] as const) {
    assert.equal(text(given), shown);
  }
});

test("what only looks like one stays", () => {
  for (const same of ["password: $DB_PASSWORD", "--token=$(TOKEN)", "nginx:1.25@sha256:abc", "http://relay:8080/a@b"]) {
    assert.equal(text(same), same);
  }
});

test("long lines take no long time", () => {
  // Quadratic work on a text of this size would not end within the test's time.
  for (const part of ["-", "a", "a.", "-----BEGIN PRIVATE KEY-----", "x://", "eyJ", "token"]) {
    const long = part.repeat(500_000 / part.length);
    assert.ok(text(long).length > 0);
  }
});
