import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bundledChart } from "../core/helm.ts";
import { mend } from "./mend.ts";
import { openJudge } from "./schema.ts";

const judge = openJudge(bundledChart());
const metadata = { name: "my-app" };

describe("a manifest that its schema refuses", () => {
  test("is mended where it is known what was meant", async () => {
    const { content, removed } = (await mend({ metadata, spec: { replcas: 2, kind: "Statefulset" } }, judge)) ?? {};
    assert.deepEqual(content, { metadata, spec: { replicas: 2, kind: "StatefulSet" } });
    assert.deepEqual(removed, []);
  });

  test("loses what cannot be mended, and nothing else", async () => {
    const { content, removed } =
      (await mend({ metadata, spec: { replicas: -1, foo: 1, env: { A: { secret: 7 }, B: "b" } } }, judge)) ?? {};
    assert.deepEqual(content, { metadata, spec: { env: { B: "b" } } });
    assert.deepEqual(removed?.map((keys) => keys.join(".")).sort(), [
      "spec.env.A",
      "spec.env.A.secret",
      "spec.foo",
      "spec.replicas",
    ]);
  });

  test("loses a list with a wrong entry, so that the places of the others stay what they are", async () => {
    const { content } = (await mend({ metadata, spec: { command: ["a", 1], port: 80 } }, judge)) ?? {};
    assert.deepEqual(content, { metadata, spec: { port: 80 } });
  });

  test("is left alone where names would be missing that other parts of it refer to", async () => {
    for (const spec of [{ secrets: [] }, { config: { app: 7 } }, { components: { web: 1 } }, { kind: 7 }]) {
      assert.equal(await mend({ metadata, spec }, judge), undefined, JSON.stringify(spec));
    }
  });

  test("is not changed itself", async () => {
    const given = { metadata, spec: { replcas: 2 } };
    await mend(given, judge);
    assert.deepEqual(given, { metadata, spec: { replcas: 2 } });
  });
});
