import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { FairleadError } from "../core/errors.ts";
import type { Helm } from "../core/helm.ts";
import { mapSome } from "../core/map-some.ts";
import type { Remarks } from "./application.ts";
import type { Origins } from "./origin.ts";
import type { Resolved, Source } from "./resolve.ts";

/** How many are rendered by one process: a mistake of ours in one of them sends that many back to a process for each. */
const largestBatch = 100;

/** One manifest in one environment. */
export interface Wanted {
  readonly source: Source;
  /** Empty: the manifest is resolved by itself. */
  readonly environment: string;
}

/** What Helm made of one of them. */
export interface Made {
  readonly resolved: Resolved<Origins & Remarks>;
  /** As `helm template` prints them; empty when the chart found something wrong. */
  readonly objects: string;
}

/**
 * Whether a manifest can be rendered together with others. Helm then gets it as it was read here, which is what Helm reads
 * itself when the manifest is written plainly; all others Helm must read from their files.
 */
export function fitsBatch({ manifest }: Source): boolean {
  return manifest.plain && manifest.overlay === undefined;
}

/** Prints for each manifest its resolved document, and its objects when nothing is wrong; each part starts with its number. */
const template = String.raw`{{- $base := omit .Values "manifests" -}}
{{- range $number, $manifest := .Values.manifests }}
{{- $values := $base | toJson | fromJson -}}
{{- include "fairlead.merge" (dict "into" $values "from" $manifest) -}}
{{- $json := include "fairlead.resolve" $values -}}
{{- $resolved := fromJson $json }}
---
# fairlead: {{ $number }} {{ $json }}
{{- if and $values.environment (not $resolved.errors) }}
{{- $mark := printf "\n---\n# fairlead: %d\n" $number }}
{{ include "fairlead.objects" (dict "application" $resolved.application "registry" $values.registry "revision" 1) | replace "\n---\n" $mark }}
{{- end }}
{{- end }}
`;

const partStart = /^---\n# Source: [^\n]*\n/m;
const mark = /^# fairlead: (\d+)(?: (\{.*\}))?\n/;

/**
 * Renders those of some manifests together that fit, and gives what was made of them. What Helm refuses is left out, with
 * all that were rendered beside it, to be rendered by itself.
 *
 * @param fewest of them that are worth it.
 */
export async function renderBatches<T extends Wanted>(
  wanted: readonly T[],
  helm: Helm,
  fewest = 2,
): Promise<Map<T, Made>> {
  const fitting = wanted.filter(({ source }) => fitsBatch(source));
  const made = new Map<T, Made>();
  if (fitting.length < fewest) return made;
  const batches = Array.from({ length: Math.ceil(fitting.length / largestBatch) }, (_, index) =>
    fitting.slice(index * largestBatch, (index + 1) * largestBatch),
  );
  await mapSome(batches, availableParallelism(), async (batch) => {
    try {
      for (const [index, one] of (await renderBatch(batch, helm)).entries()) made.set(batch[index] as T, one);
    } catch (thrown) {
      if (!(thrown instanceof FairleadError) || thrown.code !== "HELM_FAILED") throw thrown;
    }
  });
  return made;
}

/**
 * Renders manifests that fit together in one Helm process, which takes a few milliseconds for each in place of a process
 * or two. The schema is not looked at again.
 *
 * @throws FairleadError HELM_FAILED when Helm refuses one of them; it does not say which.
 */
export async function renderBatch(wanted: readonly Wanted[], helm: Helm): Promise<Made[]> {
  const [first] = wanted;
  if (first === undefined) return [];
  const { chart, clusterFile } = first.source;
  const folder = await mkdtemp(join(tmpdir(), "fairlead-batch-"));
  try {
    await writeBatchChart(folder, chart);
    const manifests = wanted.map(({ source, environment }) => ({
      ...(source.manifest.content as object),
      ...(environment === "" ? {} : { environment }),
    }));
    const files = clusterFile === undefined ? [] : [clusterFile];
    return partsOf(
      await helm.template(folder, "fairlead", "default", { files, overlay: { manifests } }),
      wanted.length,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A chart with the templates and values of another, which prints many manifests in place of one. */
export async function writeBatchChart(folder: string, chart: string): Promise<void> {
  for (const part of ["Chart.yaml", "values.yaml", "templates"]) {
    await cp(join(chart, part), join(folder, part), { recursive: true });
  }
  await rm(join(folder, "templates/NOTES.txt"));
  await writeFile(join(folder, "templates/app.yaml"), template);
}

function partsOf(output: string, count: number): Made[] {
  const documents = new Map<number, Made["resolved"]>();
  const objects = new Map<number, string[]>();
  for (const part of output.split(partStart).slice(1)) {
    const [line = "", number, json] = mark.exec(part) ?? [];
    const rest = part.slice(line.length);
    if (json !== undefined) documents.set(Number(number), JSON.parse(json));
    else if (number !== undefined) objects.set(Number(number), [...(objects.get(Number(number)) ?? []), rest]);
  }
  return Array.from({ length: count }, (_, number) => {
    const resolved = documents.get(number);
    if (resolved === undefined) throw new Error(`Helm printed nothing for manifest ${number} of ${count}`);
    return { resolved, objects: (objects.get(number) ?? []).map((text) => `---\n${text}`).join("") };
  });
}
