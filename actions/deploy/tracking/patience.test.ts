import assert from "node:assert/strict";
import { test } from "node:test";
import type { Application, Component, Health } from "../../validate/application.ts";
import { createPatience } from "./patience.ts";
import type { Workload } from "./workloads.ts";

const component = (name: string, changes: Partial<Component> = {}) =>
  ({ kind: "Deployment", name, namespace: "prod", ...changes }) as Component;

const workload = (name: string, unfinished?: string) =>
  ({ kind: "Deployment", name, namespace: "prod", unfinished }) as Workload;

/** What `api` is allowed beside a database that is in some state. */
function patienceOf(api: Partial<Component>, { hasBaseline = true, database = workload("database") } = {}) {
  const components = { api: component("api", api), database: component("database") };
  return createPatience({ components } as unknown as Application, hasBaseline)(workload("api"), [database]);
}

test("a component may crash oftener while one that it comes after is not ready, and on a first install", () => {
  const starting = workload("database", "0 of 1 pods are ready");
  const after = { after: ["database"] };
  assert.equal(patienceOf(after, { database: starting }).crashes, 5);
  assert.equal(patienceOf(after).crashes, 3);
  assert.equal(patienceOf({}, { database: starting }).crashes, 3);
  assert.equal(patienceOf({}, { hasBaseline: false }).crashes, 5);
});

test("the manifest's own numbers count for more", () => {
  const health: Health = { startup: { within: 20 }, crashRestarts: 1 };
  assert.deepEqual(patienceOf({ health }, { hasBaseline: false }), { crashes: 1, placement: 60_000, startup: 20_000 });
});

test("a Job is tried as often as its manifest says, else as often as any other container", () => {
  const patience = createPatience({ components: {} } as unknown as Application, true);
  const job = (tries: number) => patience({ ...workload("migrate"), kind: "Job", tries }, []).crashes;
  assert.deepEqual([job(1), job(7), job(11)], [1, 3, 11]);
});
