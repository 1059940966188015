import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { helmTest, type Values } from "./helm.testing.ts";
import { allKeys, idleCompany } from "./keys.testing.ts";
import {
  allCases,
  behaviourOf,
  type Case,
  caseless,
  caseOf,
  environmentCases,
  throughMetadata,
} from "./liveness.testing.ts";
import { type Made, openManyChart } from "./many.testing.ts";

// Every key of the schema changes something: what is rendered, or, for a key that only an action reads, the resolved
// document (what the actions do with it, test/consumers.real.test.ts shows). A key that nothing reads would be accepted and
// ignored. What is set is what the schema shows as examples, so all of them are valid and render; and a default that the
// schema names is what the chart does without the key.

/** What an action takes for a key that is not set is its own affair; of these the chart fills in the default. */
const filledIn = /^spec\.build\./;

/** Defaults that are Kubernetes' own: the chart leaves them out, and what is rendered differs by the word. */
const ofKubernetes = new Set(["spec.service.type", "spec.podManagementPolicy", "spec.volumes.data.readOnly"]);

const keys = allKeys();
const cases = allCases();
const defaults = keys
  .filter(({ path, fallback }) => fallback !== undefined && !ofKubernetes.has(path))
  .filter(({ path, forAction }) => !forAction || filledIn.test(path))
  .map((key) => caseOf(key, key.fallback));

const ofEnvironments = environmentCases();

let rendering: Promise<Map<string, Made>> | undefined;

/** What the chart makes of some values; all are rendered together, at the first call. */
async function see(values: Values): Promise<Made> {
  rendering ??= renderAll();
  const made = (await rendering).get(JSON.stringify(values)) ?? assert.fail("values of no case");
  assert.deepEqual(made.errors, []);
  return made;
}

async function renderAll(): Promise<Map<string, Made>> {
  const texts = [
    ...new Set([...cases, ...ofEnvironments, ...defaults].flatMap(({ before, after }) => [before, after]).map(textOf)),
  ];
  using chart = await openManyChart();
  const made = chart.render(texts.map((text) => JSON.parse(text)));
  return new Map(texts.map((text, index) => [text, made[index] as Made]));
}

const textOf = (values: Values) => JSON.stringify(values);

/** What a case's key is judged by, without it and with it; of another key where one is given. */
async function bothOf({ key, before, after }: Case, judged = key): Promise<[unknown, unknown]> {
  return [behaviourOf(await see(before), judged), behaviourOf(await see(after), judged)];
}

describe("every key of the schema is alive", () => {
  test("nothing stands beside a key that is not there, and no exception is for one", () => {
    assert.deepEqual(idleCompany(keys), []);
    const paths = new Set(keys.map(({ path }) => path));
    assert.deepEqual(
      [...Object.keys(caseless), ...Object.keys(throughMetadata)].filter((path) => !paths.has(path)),
      [],
    );
  });

  for (const one of cases) {
    helmTest(`${one.key.path}: ${JSON.stringify(one.example)}`, async () => {
      const [before, after] = await bothOf(one);
      assert.notDeepEqual(after, before);
    });
  }

  helmTest("an environment can set each key of spec", async () => {
    for (const one of ofEnvironments) {
      const [before, after] = await bothOf(one);
      assert.notDeepEqual(after, before, `${one.key.path}: ${JSON.stringify(one.example)}`);
    }
  });

  helmTest("only what acts through metadata alone is judged by metadata", async () => {
    const listed = cases.filter(({ key }) => key.path in throughMetadata);
    const judged = await Promise.all(listed.map((one) => bothOf(one, { ...one.key, path: "" })));
    const needless = listed.filter((_, index) => !isDeepStrictEqual(...(judged[index] as [unknown, unknown])));
    assert.deepEqual(
      needless.map(({ key }) => key.path),
      [],
    );
  });
});

describe("every default that the schema names is what the chart does", () => {
  for (const { key, example, before, after } of defaults) {
    helmTest(`${key.path}: ${JSON.stringify(example)}`, async () => {
      // Here metadata counts too.
      const all = ({ application, objects }: Made) => (key.forAction ? application : objects);
      assert.deepEqual(all(await see(after)), all(await see(before)));
    });
  }
});
