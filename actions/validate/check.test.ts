import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findingOf } from "./check.ts";

/** What is said of a rule, and the advice. */
function told(message: string, code = "APP_EXTENDS") {
  const found = findingOf({ code, path: "spec.x", message }, {}, "prod");
  return [found.message, found.hint];
}

describe("a rule that the chart found broken", () => {
  test("names what was probably meant, of what there is", () => {
    assert.deepEqual(told('there is no component "apii" to extend; components: api, web'), [
      'there is no component "apii" to extend',
      "did you mean `api`? components: api, web",
    ]);
    assert.equal(
      told('spec.secrets declares no "postgress"; declared: postgres')[1],
      "did you mean `postgres`? declared: postgres",
    );
    assert.deepEqual(
      findingOf(
        { code: "APP_ENV_UNDECLARED", path: "", message: 'environment "prd" is not declared; declared: prod' },
        { environments: { prod: {} } },
        "prd",
      ).hint,
      "did you mean `prod`?",
    );
  });

  test("of a key in a set, the key is meant, and not the set", () => {
    assert.equal(
      told('config.app has no key "LOG_LEVL"; keys: LOG_LEVEL, MODE')[1],
      "did you mean `LOG_LEVEL`? keys: LOG_LEVEL, MODE",
    );
    assert.equal(
      told('spec declares no "postgress/url"; sets: app, postgres')[1],
      "did you mean `postgres/url`? sets: app, postgres",
    );
  });

  test("suggests nothing where nothing is near", () => {
    assert.equal(told('there is no component "queue"; components: api, web')[1], "components: api, web");
    assert.equal(told('spec.secrets declares no "nope"; declared: none')[1], "declared: none");
  });

  test("is not torn at a semicolon in a quoted value", () => {
    assert.deepEqual(told('spec.secrets declares no "a; b \\"c; d"; declared: none'), [
      'spec.secrets declares no "a; b \\"c; d"',
      "declared: none",
    ]);
  });
});
