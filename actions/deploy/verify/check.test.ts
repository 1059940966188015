import assert from "node:assert/strict";
import { test } from "node:test";
import { type ErrorCode, FairleadError } from "../../core/errors.ts";
import { type Check, type Finding, makeChecks } from "./check.ts";

const signal = new AbortController().signal;

function check(findings: readonly Finding[], changes: Partial<Check> = {}): Check {
  let looks = 0;
  const look = async () => findings[Math.min(looks++, findings.length - 1)] as Finding;
  return { name: "home", timeout: 60_000, interval: 1, optional: false, look, ...changes };
}

const wrong: Finding = { state: "wrong", said: "status 500" };

async function outcomeOf(one: Check) {
  const [result] = await makeChecks([one], signal);
  return [result?.outcome, result?.said];
}

test("a check is tried again until it passes", async () => {
  assert.deepEqual(await outcomeOf(check([wrong, wrong, { state: "passed" }])), ["passed", ""]);
});

test("a check that is wrong until its time is up has failed, or warned when it is optional", async () => {
  assert.deepEqual(await outcomeOf(check([wrong], { timeout: 5 })), ["failed", "status 500"]);
  assert.deepEqual(await outcomeOf(check([wrong], { timeout: 5, optional: true })), ["warned", "status 500"]);
});

test("what would be seen again is not looked at again", async () => {
  assert.deepEqual(await outcomeOf(check([{ ...wrong, final: true }, { state: "passed" }])), ["failed", "status 500"]);
});

test("what cannot be known is neither passed nor failed", async () => {
  const unknown: Finding = { state: "unknown", said: "no controller", final: true };
  assert.deepEqual(await outcomeOf(check([unknown])), ["unknown", "no controller"]);
});

test("a look that cannot be made is wrong like any other, and unknown where it is not allowed", async () => {
  const failing = (code: ErrorCode) =>
    check([], { timeout: 5, look: () => Promise.reject(new FairleadError({ code, message: "No answer." })) });
  assert.deepEqual(await outcomeOf(failing("CLUSTER_REJECTED")), ["failed", "No answer"]);
  assert.deepEqual(await outcomeOf(failing("CLUSTER_FORBIDDEN")), ["unknown", "No answer"]);
});

test("a look that hangs ends with the check's own time", async () => {
  const hanging = check([], {
    timeout: 20,
    look: (own) => new Promise((_, reject) => own.addEventListener("abort", () => reject(own.reason))),
  });
  assert.deepEqual(await outcomeOf(hanging), ["failed", "it was not answered in its time"]);
});

test("checks run side by side, and one that breaks is not swallowed", async () => {
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = check([], {
    look: () => gate.promise.then(() => ({ state: "passed" as const, said: order.push("first").toString() })),
  });
  const second = check([], {
    look: async () => {
      order.push("second");
      gate.resolve();
      return { state: "passed" };
    },
  });
  await makeChecks([first, second], signal);
  assert.deepEqual(order, ["second", "first"]);
  await assert.rejects(makeChecks([check([], { look: () => Promise.reject(new Error("broken")) })], signal), /broken/);
});

test("one that has failed ends the others at once, one that only warns does not", async () => {
  const hanging = check([], {
    name: "slow",
    look: (own) => new Promise((_, reject) => own.addEventListener("abort", () => reject(own.reason))),
  });
  const waiting = check([wrong], { name: "waits", interval: 60_000, timeout: 600_000 });
  const final = { ...wrong, final: true };
  const results = await makeChecks([hanging, waiting, check([final])], signal);
  assert.deepEqual(
    results.map(({ outcome }) => outcome),
    ["stopped", "stopped", "failed"],
  );
  const optional = check([final], { optional: true });
  const [, passed] = await makeChecks([optional, check([wrong, { state: "passed" }])], signal);
  assert.equal(passed?.outcome, "passed");
});
