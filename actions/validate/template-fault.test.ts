import assert from "node:assert/strict";
import { test } from "node:test";
import { templateFault } from "./template-fault.ts";

const content = {
  spec: { manifests: { quota: 'a: {{ .App.nam }\nb: "é"\n', other: { apiVersion: "v1" } } },
  environments: { prod: { manifests: { late: "{{ .App.team.name }}" } } },
};
const told = (words: string) => `helm template: template: app/templates/app.yaml:5:17: executing … ${words}`;

test("a text that is no template is found by what Helm quotes", () => {
  const message = told(
    'error calling tpl: cannot parse template "a: {{ .App.nam }\\nb: \\"é\\"\\n": template: gotpl:1: unexpected "}" in operand Use --debug flag to render out invalid YAML.',
  );
  assert.deepEqual(templateFault(message, content, "prod"), {
    code: "APP_TEMPLATE_INVALID",
    keys: ["spec", "manifests", "quota"],
    target: "value",
    message: 'this is no template that Helm can run: line 1: unexpected "}" in operand',
    hint: "`.App` has name, environment, release, namespace and labels",
  });
});

test("so is one that fails while it runs, in an environment", () => {
  const message = told(
    'error calling tpl: error during tpl function execution for "{{ .App.team.name }}": template: gotpl:1:11: executing "gotpl" at <.App.team.name>: nil pointer evaluating interface {}.name',
  );
  const fault = templateFault(message, content, "prod");
  assert.deepEqual(fault?.keys, ["environments", "prod", "manifests", "late"]);
  assert.match(fault?.message ?? "", /line 1: <\.App\.team\.name>: nil pointer/);
  assert.deepEqual(templateFault(message, content, "staging")?.keys, ["spec", "manifests"]);
});

test("one that ends itself is found by what it calls, and says what it says", () => {
  const spec = { manifests: { quota: "a: required", late: '{{ fail "not here" }}' } };
  const message =
    "helm template: execution error at (app/templates/app.yaml:5:17): not here Use --debug flag to render out invalid YAML.";
  const fault = templateFault(message, { spec }, "prod");
  assert.deepEqual(fault?.keys, ["spec", "manifests", "late"]);
  assert.equal(fault?.message, "this template ends itself: not here");
  assert.equal(templateFault(message, content, "prod"), undefined);
});

test("another failure is none of a template", () => {
  assert.equal(templateFault("helm template: no such file", content, "prod"), undefined);
});
