import assert from "node:assert/strict";
import { test } from "node:test";
import { readSecretsInputs } from "./inputs.ts";

const given = {
  INPUT_URL: "https://infisical.example.com/",
  INPUT_PROJECT: "shop",
  INPUT_ENVIRONMENT: "prod",
  INPUT_PATHS: "/ci/",
  "INPUT_CLIENT-ID": "id",
  "INPUT_CLIENT-SECRET": "secret",
  INPUT_EXPORT: "env",
  INPUT_TIMEOUT: "30s",
};

test("inputs become a typed value", () => {
  assert.deepEqual(readSecretsInputs(given), {
    url: "https://infisical.example.com",
    project: "shop",
    environment: "prod",
    path: "/ci",
    clientId: "id",
    clientSecret: "secret",
    export: "env",
    overwrite: false,
    allowEmpty: false,
    timeout: 30_000,
  });
});

test("the address may be given with a folder, and with the /api of other tools", () => {
  const read = (url: string) => readSecretsInputs({ ...given, INPUT_URL: url }).url;
  assert.equal(read("http://127.0.0.1:8080/infisical/api/"), "http://127.0.0.1:8080/infisical");
  assert.equal(read("https://api.example.com"), "https://api.example.com");
});

test("the root folder stays one slash", () => {
  assert.equal(readSecretsInputs({ ...given, INPUT_PATHS: "/" }).path, "/");
});

test("every problem is told at once, without a secret", () => {
  const wrong = {
    ...given,
    INPUT_URL: "infisical.example.com",
    INPUT_PROJECT: "",
    INPUT_PATHS: "ci\nother",
    INPUT_EXPORT: "evn",
    INPUT_TIMEOUT: "30",
  };
  assert.throws(() => readSecretsInputs(wrong), {
    code: "INPUT_INVALID",
    message: [
      "`url` is not a web address such as https://infisical.example.com",
      "`project` is missing",
      "`paths` has 2 lines, but can be one folder only",
      '`export` is "evn", but must be one of env, outputs, none (did you mean env?)',
      '`timeout` is "30", but must be a duration such as 90s, 3m or 1h.',
    ].join("; "),
  });
});

test("a relative folder and an address with a password are refused", () => {
  assert.throws(() => readSecretsInputs({ ...given, INPUT_PATHS: "ci" }), /must start with a slash, as in \/ci/);
  assert.throws(
    () => readSecretsInputs({ ...given, INPUT_URL: "https://me:hidden@example.com" }),
    (thrown: Error) => {
      assert.match(thrown.message, /bare address/);
      assert.doesNotMatch(thrown.message, /hidden/);
      return true;
    },
  );
});
