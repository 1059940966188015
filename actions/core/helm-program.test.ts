import assert from "node:assert/strict";
import { test } from "node:test";
import { recordingContext } from "../../test/context.ts";
import { FairleadError } from "./errors.ts";
import { runHelm } from "./helm-program.ts";

test("a Helm that fails is told by its error, without the log lines of it and of Kubernetes' client", async (test) => {
  const { context } = await recordingContext(test);
  const lost = "unexpected error when reading response body. Please retry. Original error: read tcp: reset by peer";
  const errors = [
    "level=WARN msg=slow",
    'E1121 20:42:23.250847    6320 request.go:1196] "Unexpected error when reading response body"',
    `Error: UPGRADE FAILED: ${lost}`,
  ].join("\n");
  const found = {
    command: process.execPath,
    args: ["-e", `console.error(${JSON.stringify(errors)}); process.exit(1)`],
  };
  const running = runHelm(found, ["upgrade"], { ...context, leash: [], timeout: 20_000, input: "" });
  await assert.rejects(running, (thrown: unknown) => {
    assert.ok(thrown instanceof FairleadError);
    assert.deepEqual([thrown.code, thrown.message], ["HELM_FAILED", `helm upgrade: UPGRADE FAILED: ${lost}.`]);
    assert.match(thrown.fix ?? "", /deploy again when it answers/);
    assert.equal(thrown.details?.trimEnd(), errors);
    return true;
  });
});
