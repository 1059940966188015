import assert from "node:assert/strict";
import { test } from "node:test";
import { compare, type Expectation } from "./expectation.ts";

const judge = (expect: Expectation, status = 200, text = "once|1\nper-tx|1\n") =>
  compare({ status, text }, expect, (code) => code < 400, "status");

test("without an expectation only the status counts", () => {
  assert.equal(judge({}).state, "passed");
  assert.deepEqual(judge({}, 503, "busy"), { state: "wrong", said: "status 503: busy" });
});

test("a status that is asked for is the only good one", () => {
  assert.equal(judge({ status: 401 }, 401).state, "passed");
  assert.deepEqual(judge({ status: 401 }, 200, ""), { state: "wrong", said: "status 200 in place of 401" });
});

test("a text must occur, a pattern must match a line", () => {
  assert.equal(judge({ text: "per-tx|1" }).state, "passed");
  assert.equal(judge({ text: "once|1\nper-tx|1\n" }, 200, "once|1\nper-tx|1").state, "passed");
  assert.equal(judge({ text: "per-tx|2" }).state, "wrong");
  assert.equal(judge({ pattern: "^once\\|1$" }).state, "passed");
  assert.equal(judge({ pattern: "^1$" }).state, "wrong");
});

test("a long answer is cut, and told in one line", () => {
  const said = (judge({ text: "x" }, 200, `a\n${"b".repeat(500)}`) as { said: string }).said;
  assert.ok(said.length < 300 && !said.includes("\n"), said);
});
