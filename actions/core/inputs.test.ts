import assert from "node:assert/strict";
import { test } from "node:test";
import {
  boolean,
  choice,
  duration,
  integer,
  lines,
  names,
  optional,
  type Parse,
  pairs,
  readInputs,
  required,
  text,
  webAddress,
} from "./inputs.ts";

const declarations = {
  environment: required(text),
  rollbackOnFailure: optional(boolean),
  lockTimeout: optional(duration),
};

test("inputs are read by their kebab-case names, blank ones count as left out", () => {
  const given = { INPUT_ENVIRONMENT: " prod \n", "INPUT_ROLLBACK-ON-FAILURE": "True", "INPUT_LOCK-TIMEOUT": "  " };
  assert.deepEqual(readInputs(given, declarations), { environment: "prod", rollbackOnFailure: true });
});

test("all problems come together, a misspelling instead of the input that it meant", () => {
  const given = { INPUT_ENVIROMENT: "prod", "INPUT_ROLLBACK-ON-FAILURE": "yes", "INPUT_LOCK-TIMEOUT": "0s" };
  assert.throws(() => readInputs(given, declarations), {
    code: "INPUT_INVALID",
    message: [
      "`enviroment` is not an input (did you mean `environment`?)",
      '`rollback-on-failure` is "yes", but must be true or false',
      '`lock-timeout` is "0s", but must be a duration such as 90s, 3m or 1h.',
    ].join("; "),
  });
  assert.throws(() => readInputs({}, declarations), { message: "`environment` is missing." });
});

test("variables that other tools left behind are no mistake", () => {
  const given = { INPUT_ENVIRONMENT: "prod", INPUT_REGISTRY_MIRROR: "x", INPUT_: "y", ENVIROMENT: "z" };
  assert.deepEqual(readInputs(given, declarations), { environment: "prod" });
});

function refuses<T>(parse: Parse<T>, ...values: string[]) {
  for (const value of values) assert.throws(() => parse(value), Error, value);
}

test("booleans and whole numbers are as YAML writes them, nothing else", () => {
  for (const value of ["true", "True", "TRUE"]) assert.equal(boolean(value), true);
  for (const value of ["false", "False", "FALSE"]) assert.equal(boolean(value), false);
  refuses(boolean, "1", "yes", "on", "tRUE");
  assert.equal(integer("007"), 7);
  refuses(integer, "-1", "1.5", "1e3", "9999999999", "0x10");
});

test("names stand apart by blanks, commas or line breaks", () => {
  assert.deepEqual(names(" a, b\n  c d,\n"), ["a", "b", "c", "d"]);
});

test("lines leave out blank ones and comments", () => {
  assert.deepEqual(lines(" a \r\n\n# no\n b#c\n"), ["a", "b#c"]);
});

test("pairs split at the first equals sign, and an error does not show the line", () => {
  assert.deepEqual(pairs("A=1=2\n B = x \nC="), { A: "1=2", B: "x", C: "" });
  assert.throws(
    () => pairs("A=1\nhidden-value"),
    (thrown: Error) => /12 characters/.test(thrown.message) && !thrown.message.includes("hidden"),
  );
  refuses(pairs, "=x");
});

test("a choice names the words, and the near one", () => {
  const parse = choice("env", "outputs", "none");
  assert.equal(parse("outputs"), "outputs");
  assert.throws(() => parse("output"), { message: /one of env, outputs, none \(did you mean outputs\?\)$/ });
  assert.throws(() => parse("file"), { message: /one of env, outputs, none$/ });
});

test("a web address with a user or a password is refused, and not repeated", () => {
  const read = (address: string) => readInputs({ INPUT_ADDRESS: address }, { address: required(webAddress) }).address;
  assert.equal(read("https://mirror.test:8443/tools/"), "https://mirror.test:8443/tools/");
  for (const [wrong, expected] of [
    ["https://robot:a-pass-word@mirror.test", "`address` must not hold a user or a password: an address is no secret."],
    ["https://a-pass-word@mirror.test", "`address` must not hold a user or a password: an address is no secret."],
    ["robot:a-pass-word@mirror.test", "`address` is not a web address such as https://example.com."],
  ] as const) {
    assert.throws(() => read(wrong), { code: "INPUT_INVALID", message: expected });
  }
});
