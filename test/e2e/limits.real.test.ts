// What validate refuses of values between limits, the real API server refuses too, and what stands beside them it takes.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { bundledChart } from "../../actions/core/helm.ts";
import { type KubernetesObject, objectsOf } from "../../actions/validate/rendered.ts";
import { validateFiles } from "../../actions/validate/validate.ts";
import { type Boundary, forms, rules } from "../../chart/limits.testing.ts";
import { openWorkshop } from "../manifests/helm.ts";
import { changedAt, openServerVerdict } from "./server-verdict.ts";
import { openWorld } from "./world.ts";

const world = await openWorld();
const verdict = await openServerVerdict(world, "limits");
after(async () => {
  await verdict[Symbol.asyncDispose]();
  world[Symbol.dispose]();
});
const { refusal } = verdict;

/** The object that a boundary is about, as it would be beyond it. */
function beyond(objects: readonly KubernetesObject[], [kind, path, value]: Required<Boundary>["object"]) {
  return changedAt(objects.find((one) => one.kind === kind) ?? {}, path, value);
}

describe("the API server agrees about", () => {
  it("every boundary of the chart, and of what stands beside it", async (t) => {
    const { workspace, helm } = await openWorkshop(t as never);
    const all = [...rules, ...forms];
    const files = all.map((_, index) => `${index}.yaml`);
    for (const [index, { good }] of all.entries()) {
      const content = { metadata: { name: "my-app" }, spec: good, environments: { prod: {} } };
      writeFileSync(join(workspace, `${index}.yaml`), JSON.stringify(content));
    }
    const { problems, rendered } = await validateFiles(files, { chart: bundledChart() }, workspace, async () => helm);
    assert.deepEqual(problems, []);
    const objects = rendered.map((one) => objectsOf(one.objects));
    assert.equal(await refusal(objects.flat()), "");
    for (const [index, { name, object }] of all.entries()) {
      if (object === undefined) continue;
      await t.test(name, async () => assert.notEqual(await refusal([beyond(objects[index] ?? [], object)]), ""));
    }
  });
});
