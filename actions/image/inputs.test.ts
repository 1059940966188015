import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { defaultInputs } from "../../test/default-inputs.ts";
import { readImageInputs } from "./inputs.ts";

const given = {
  ...defaultInputs("image"),
  INPUT_REGISTRY: "https://registry.test:5000/team/",
  INPUT_NAME: "shop",
};

test("registry and name are enough, and a scheme before the registry is dropped", () => {
  assert.deepEqual(readImageInputs(given), {
    registry: "registry.test:5000/team",
    name: "shop",
    context: ".",
    push: true,
    retries: 2,
  });
});

test("a user without a password is a mistake, and the other way round", () => {
  assert.throws(() => readImageInputs({ ...given, INPUT_USERNAME: "deploy" }), /`password` is missing/);
  const password = randomBytes(12).toString("hex");
  assert.throws(() => readImageInputs({ ...given, INPUT_PASSWORD: password }), /`username` is missing/);
});

test("every wrong input is reported", () => {
  const wrong = { ...given, INPUT_REGISTRY: "Registry", INPUT_NAME: "Shop", INPUT_TAGS: "ok\n-no", INPUT_PUSH: "yes" };
  assert.throws(
    () => readImageInputs(wrong),
    (thrown: Error) => ["registry", "name", "tags", "push"].every((name) => thrown.message.includes(`\`${name}\``)),
  );
});

test("a broken secret stops the step, and its value is not repeated", () => {
  const value = randomBytes(12).toString("hex");
  for (const line of [value, `an id=${value}`]) {
    assert.throws(
      () => readImageInputs({ ...given, INPUT_SECRETS: line }),
      (thrown: Error) => /`secrets`/.test(thrown.message) && !thrown.message.includes(value),
    );
  }
});
