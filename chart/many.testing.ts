import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { writeBatchChart } from "../actions/validate/batch.ts";
import { chartFolder, type Rendered, template, type Values } from "./helm.testing.ts";

// Many values rendered by few processes of Helm, as actions/validate does it: hundreds of cases, and all of them again for a
// changed chart, take seconds in place of minutes. What is rendered so is what is rendered alone, as the tests of that show.

/** What the chart made of some values. */
export interface Made {
  readonly application: Rendered;
  readonly errors: readonly { readonly message: string }[];
  /** In the order in which Helm prints them. */
  readonly objects: readonly Rendered[];
}

/** A copy of the chart that renders many values at once. */
export interface ManyChart extends Disposable {
  /** Where it lies, to be changed. */
  readonly folder: string;
  /** Gives what was made of each. Throws with Helm's words when Helm refuses one of them. */
  render(values: readonly Values[]): Made[];
}

/** Values that one process renders: Helm's time grows faster than their number. */
const largestBatch = 100;

const mark = /^# fairlead: (\d+)(?: (\{.*\}))?$/m;

/** Opens a copy of the chart; what ends its use removes it. */
export async function openManyChart(): Promise<ManyChart> {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-many-"));
  await writeBatchChart(folder, chartFolder);
  return {
    folder,
    render: (values) => {
      const batches = Array.from({ length: Math.ceil(values.length / largestBatch) }, (_, index) =>
        values.slice(index * largestBatch, (index + 1) * largestBatch),
      );
      return batches.flatMap((batch) => renderBatch(batch, folder));
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function renderBatch(manifests: readonly Values[], chart: string): Made[] {
  const outcome = template({ manifests }, [], undefined, { chart });
  if (!outcome.ok && manifests.length === 1) throw new Error(`${outcome.stderr}\n${JSON.stringify(manifests[0])}`);
  if (!outcome.ok) return manifests.flatMap((one) => renderBatch([one], chart));
  const documents = new Map<number, Pick<Made, "application" | "errors">>();
  const objects = new Map<number, Rendered[]>();
  for (const part of outcome.text.split(/^---$/m)) {
    const [, number, json] = mark.exec(part) ?? [];
    if (number === undefined) continue;
    if (json !== undefined) documents.set(Number(number), JSON.parse(json));
    const object = json === undefined ? parse(part) : undefined;
    if (object) objects.set(Number(number), [...(objects.get(Number(number)) ?? []), object]);
  }
  return manifests.map((_, number) => {
    const document = documents.get(number);
    if (document === undefined) throw new Error(`Helm printed nothing for ${number} of ${manifests.length}`);
    return { ...document, objects: objects.get(number) ?? [] };
  });
}
