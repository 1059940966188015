import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultInputs } from "../../test/default-inputs.ts";
import { readSecretsInputs } from "./inputs.ts";

const given = {
  ...defaultInputs("secrets"),
  INPUT_URL: "https://infisical.example.com/",
  INPUT_PROJECT: "shop",
  INPUT_ENVIRONMENT: "prod",
  INPUT_PATHS: "/ci/",
  "INPUT_CLIENT-ID": "id",
  "INPUT_CLIENT-SECRET": "secret",
};

test("inputs become a typed value", () => {
  assert.deepEqual(readSecretsInputs(given), {
    url: "https://infisical.example.com",
    project: "shop",
    environment: "prod",
    paths: ["/ci"],
    clientId: "id",
    clientSecret: "secret",
    recursive: false,
    imports: false,
    expandReferences: true,
    export: "env",
    fileFormat: "dotenv",
    overwrite: false,
    allowEmpty: false,
    timeout: 15_000,
  });
});

test("the address may be given with a folder, and with the /api of other tools", () => {
  const read = (url: string) => readSecretsInputs({ ...given, INPUT_URL: url }).url;
  assert.equal(read("http://127.0.0.1:8080/infisical/api/"), "http://127.0.0.1:8080/infisical");
  assert.equal(read("https://api.example.com"), "https://api.example.com");
});

test("folders come one a line, each once; the root folder stays one slash", () => {
  assert.deepEqual(readSecretsInputs({ ...given, INPUT_PATHS: "/\n/ci/\n# a note\n/ci\n" }).paths, ["/", "/ci"]);
});

test("the identity is a pair of client id and secret, or an id that logs in with OIDC", () => {
  const { "INPUT_CLIENT-ID": _id, "INPUT_CLIENT-SECRET": _secret, ...nobody } = given;
  const inputs = readSecretsInputs({ ...nobody, "INPUT_IDENTITY-ID": "i", "INPUT_OIDC-AUDIENCE": "https://a" });
  assert.ok("identityId" in inputs);
  assert.deepEqual([inputs.identityId, inputs.oidcAudience], ["i", "https://a"]);
  const refused = (changes: Record<string, string>, message: RegExp) =>
    assert.throws(() => readSecretsInputs({ ...nobody, ...changes }), { code: "INPUT_INVALID", message });
  refused({}, /^`identity-id`, or `client-id` and `client-secret`, is missing\.$/);
  refused({ "INPUT_CLIENT-ID": "c" }, /`client-secret` is missing/);
  refused({ "INPUT_CLIENT-SECRET": "c" }, /`client-id` is missing/);
  refused({ "INPUT_CLIENT-ID": "c", "INPUT_IDENTITY-ID": "i" }, /two ways to log in/);
  refused({ "INPUT_OIDC-AUDIENCE": "https://a" }, /`oidc-audience` needs `identity-id`/);
});

test("a file needs the export to one", () => {
  assert.throws(() => readSecretsInputs({ ...given, INPUT_FILE: "a.env" }), /`file` needs `export: file`/);
  assert.equal(readSecretsInputs({ ...given, INPUT_FILE: "a.env", INPUT_EXPORT: "file" }).file, "a.env");
});

test("headers are lines of name and value, and a wrong one is not shown", () => {
  const read = (headers: string) => readSecretsInputs({ ...given, INPUT_HEADERS: headers }).headers;
  assert.deepEqual(read("CF-Access-Client-Id: me\nX-Key:  a: b "), { "CF-Access-Client-Id": "me", "X-Key": "a: b" });
  assert.throws(() => read("hidden-value"), { message: '`headers` has a line without "Name: value" (12 characters).' });
  assert.throws(() => read("Authorization: hidden"), /"Authorization", which fairlead sets itself/);
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
      '`paths` has "ci", but a folder must start with a slash, as in /ci',
      '`export` is "evn", but must be one of env, outputs, file, none (did you mean env?)',
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
