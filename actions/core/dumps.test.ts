import assert from "node:assert/strict";
import { test } from "node:test";
import { withoutDumps } from "./dumps.ts";

test("a template is cut out of a message, whichever way the API server prints it", () => {
  const template = (dump: string) => `Job.batch "seed" is invalid: spec.template: ${dump}field is immutable`;
  const dumps = [
    'Invalid value: core.PodTemplateSpec{Spec:core.PodSpec{Env:[]core.EnvVar{{Name:"A", Value:"x: y"}}}}: ',
    'Invalid value: {"spec":{"containers":[{"env":[{"name":"A","value":"x: y"}]}]}}: ',
  ];
  for (const dump of dumps) assert.equal(withoutDumps(template(dump)), template(""));
});

test("a single value stays: it is what has to be changed", () => {
  const message =
    'spec.replicas: Invalid value: -1: must be greater than or equal to 0, spec.type: Invalid value: "x": y';
  assert.equal(withoutDumps(message), message);
});
