import assert from "node:assert/strict";
import { test } from "node:test";
import { FairleadError } from "../core/errors.ts";
import { helmRefusal } from "./helm-reader.ts";

const failed = (message: string) => new FairleadError({ code: "HELM_FAILED", message });

test("what Helm's reader refuses is told at its line, without the file's path", () => {
  const thrown = failed(
    "helm template: failed to parse /tmp/x/a.yaml: cannot unmarshal yaml document: error converting YAML to JSON: yaml: line 9: found invalid Unicode character escape code.",
  );
  const problem = helmRefusal(thrown, "a.yaml");
  assert.equal(problem?.code, "YAML_INVALID");
  assert.equal(problem?.line, 9);
  assert.equal(problem?.message, "Helm's reader refuses this line: found invalid Unicode character escape code");
  assert.match(problem?.hint ?? "", /write the character itself/);
});

test("a refusal without a line is of the first", () => {
  const thrown = failed("helm template: failed to parse a.yaml: yaml: found character that cannot start any token.");
  assert.deepEqual(
    [helmRefusal(thrown, "a.yaml")?.line, helmRefusal(thrown, "a.yaml")?.hint],
    [1, "put the text in quotes"],
  );
});

test("everything else that Helm fails with is not the manifest's YAML", () => {
  assert.equal(
    helmRefusal(failed("helm template: execution error at (app/templates/app.yaml:1:2): x"), "a"),
    undefined,
  );
  assert.equal(helmRefusal(new Error("yaml: line 9: x"), "a"), undefined);
});
