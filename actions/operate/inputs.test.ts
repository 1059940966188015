import assert from "node:assert/strict";
import { test } from "node:test";
import { operateInputs } from "./inputs.ts";

/** Reads inputs of an operation, beside those that every one needs. */
function read(operation: string, given: Readonly<Record<string, string>> = {}) {
  const all = { operation, manifest: "m.yaml", environment: "prod", kubeconfig: "k", "lock-timeout": "10m", ...given };
  return operateInputs(
    Object.fromEntries(Object.entries(all).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])),
  );
}

test("a rollback holds the release unless it is told not to", () => {
  assert.equal(read("rollback").hold, true);
  assert.equal(read("rollback", { hold: "false" }).hold, false);
});

test("an operation names what it cannot do without, and ignores what a form has for others", () => {
  assert.throws(() => read("hold"), /`reason` is missing, which `hold` needs/);
  assert.throws(() => read("scale"), /`replicas` is missing, which `scale` needs/);
  assert.throws(() => read("run"), /`command` is missing, which `run` needs/);
  assert.equal(read("status", { replicas: "3", previous: "true" }).operation, "status");
  assert.throws(() => read("rolback"), /did you mean rollback\?/);
});

test("replicas are a number or bounds", () => {
  assert.deepEqual(read("scale", { replicas: "3" }).replicas, { min: 3, max: 3 });
  assert.deepEqual(read("scale", { replicas: "2-6" }).replicas, { min: 2, max: 6 });
  for (const replicas of ["6-2", "-1", "many", "1-"])
    assert.throws(() => read("scale", { replicas }), /must be as 3, or 2-6/, replicas);
});

test("a command is a line for the shell, or a program with its arguments", () => {
  assert.deepEqual(read("run", { command: "echo a | cat" }).command, ["sh", "-c", "echo a | cat"]);
  assert.deepEqual(read("run", { command: '["node", "a b.js"]' }).command, ["node", "a b.js"]);
  for (const command of ["[", "[]", "[1]"])
    assert.throws(() => read("run", { command }), /no JSON array of texts/, command);
});

test("a pattern must be a regular expression, and each line of confirm is one name", () => {
  assert.throws(() => read("logs", { pattern: "(" }), /`pattern` is no regular expression/);
  assert.deepEqual(read("remove", { confirm: "claim/a\n\n secret/b " }).confirm, ["claim/a", "secret/b"]);
});
