import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { helmTest, objects, resolved, type Values } from "./helm.testing.ts";
import { allKeys, idleCompany, type Key, surroundings, withValue } from "./keys.testing.ts";

// Every key of the schema changes something: what is rendered, or, for a key that only an action reads, the resolved
// document. A key that nothing reads would be accepted and ignored. What is set is what the schema shows as examples, so
// all of them are valid and render; and a default that the schema names is what the chart does without the key.

/** Keys that cannot be changed to anything else, or that are the test's own means. */
const fixed = new Set([
  "apiVersion",
  "kind",
  "environment",
  "deploy.resolved",
  // A file that nobody put in is an error, tested as one.
  "spec.config.minio.host.file",
  "spec.files./etc/app.file",
  // Without it the same values are an error, tested as one; so is TCP for liveness.
  "deploy.preview",
  "spec.health.liveness.tcp",
]);

/** What an action takes for a key that is not set is its own affair; of these the chart fills in the default. */
const filledIn = /^spec\.build\./;

/** Defaults that are Kubernetes' own: the chart leaves them out, and what is rendered differs by the word. */
const ofKubernetes = new Set(["spec.service.type", "spec.podManagementPolicy", "spec.volumes.data.readOnly"]);

const known = new Map<string, unknown>();

/** What comes of values, the resolved application or the objects; made once for values that many keys start from. */
function see(values: Values, { forAction }: Key): unknown {
  const name = JSON.stringify([values, forAction]);
  if (!known.has(name)) known.set(name, forAction ? resolved(values).application : [...objects(values)]);
  return known.get(name);
}

describe("every key of the schema is alive", () => {
  const keys = allKeys();

  test("nothing stands beside a key that is not there", () => {
    assert.deepEqual(idleCompany(keys), []);
  });

  for (const key of keys.filter(({ path }) => !fixed.has(path))) {
    for (const example of key.examples) {
      helmTest(`${key.path}: ${JSON.stringify(example)}`, () => {
        const before = surroundings(key.path);
        assert.notDeepEqual(see(withValue(before, key.path, example), key), see(before, key));
      });
    }
  }
});

describe("every default that the schema names is what the chart does", () => {
  for (const key of allKeys()) {
    if (key.fallback === undefined || ofKubernetes.has(key.path)) continue;
    if (key.forAction && !filledIn.test(key.path)) continue;
    helmTest(`${key.path}: ${JSON.stringify(key.fallback)}`, () => {
      const before = surroundings(key.path);
      assert.deepEqual(see(withValue(before, key.path, key.fallback), key), see(before, key));
    });
  }
});
