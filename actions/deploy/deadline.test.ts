import assert from "node:assert/strict";
import { test } from "node:test";
import type { Component } from "../validate/application.ts";
import { deadlineOf } from "./deadline.ts";

const application = (within: number, stated = true) => ({
  components: { api: { health: { startup: { within, stated } } } as Component },
});

test("a deploy takes three minutes, or longer where a component may start slowly", () => {
  assert.equal(deadlineOf({ components: {} }, undefined), 180_000);
  assert.equal(deadlineOf(application(60), undefined), 180_000);
  assert.equal(deadlineOf(application(600), undefined), 660_000);
});

test("what the user says counts, unless it is less than a component may take", () => {
  assert.equal(deadlineOf(application(60), 90_000), 90_000);
  assert.throws(() => deadlineOf(application(600), 300_000), /is 5 min, but api may take 10 min to start/);
  assert.equal(deadlineOf(application(600, false), 300_000), 300_000);
});
