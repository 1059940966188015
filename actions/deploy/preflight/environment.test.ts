import assert from "node:assert/strict";
import { test } from "node:test";
import { checkEnvironment } from "./environment.ts";

const here = { environment: "prod", release: "shop", namespace: "shops" };

function made(environment: string | undefined) {
  return { words: { description: "", applyMethod: "ssa" as const, environment, rendered: "" } };
}

test("a release of another environment is in the way, one of the same or of none is not", () => {
  const [obstacle] = checkEnvironment(made("staging"), here);
  assert.match(obstacle?.cause ?? "", /release shop in namespace shops is that of the environment staging/);
  for (const newest of [undefined, made("prod"), made(undefined)]) assert.deepEqual(checkEnvironment(newest, here), []);
});
