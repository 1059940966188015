import assert from "node:assert/strict";
import { test } from "node:test";
import { FairleadError, messageOf } from "./errors.ts";

test("an annotation shows the message and the fix", () => {
  const failure = { code: "TIMEOUT", message: "It took too long." } as const;
  assert.equal(new FairleadError(failure).sentence, "It took too long.");
  assert.equal(
    new FairleadError({ ...failure, fix: "Raise `timeout`." }).sentence,
    "It took too long. Raise `timeout`.",
  );
});

test("the message of anything that was thrown, with the reasons behind it", () => {
  const refused = new Error("connect ECONNREFUSED 127.0.0.1:1");
  assert.equal(messageOf(new TypeError("fetch failed", { cause: refused })), `fetch failed: ${refused.message}`);
  assert.equal(messageOf("text"), "text");
  assert.equal(messageOf(undefined), "undefined");
  assert.equal(messageOf(new RangeError()), "RangeError");
});
