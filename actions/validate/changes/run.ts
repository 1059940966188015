import { mkdtemp } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Context } from "../../core/context.ts";
import { FairleadError } from "../../core/errors.ts";
import type { Helm } from "../../core/helm.ts";
import { mapSome } from "../../core/map-some.ts";
import type { Manifest } from "../manifest.ts";
import { sentenceOf } from "../problem.ts";
import { objectsOf } from "../rendered.ts";
import { renderObjects, type Source } from "../resolve.ts";
import { declaredIn, declares, exampleOf, type Rendered, type Rules } from "../validate.ts";
import { type Base, findBase, manifestAt, type Wanted } from "./base.ts";
import { compareObjects, type RenderChanges } from "./compare.ts";

/** How one environment of a manifest differs from the base. */
export interface EnvironmentChanges extends RenderChanges {
  readonly manifest: Manifest;
  /** As it is declared. */
  readonly environment: string;
  /** Whether the base declares it too, or only one of the two does. */
  readonly state: "changed" | "new" | "gone";
}

/** How rendered manifests differ from a base. */
export interface Changes {
  /** What was asked for: a branch, tag or commit. */
  readonly ref: string;
  readonly commit: string;
  /** Those that differ. */
  readonly environments: readonly EnvironmentChanges[];
  /** What could not be compared, and why, and what else is to be known; a sentence each. */
  readonly notes: readonly string[];
}

/**
 * Compares rendered manifests with their state in a base, rendered under the same chart and cluster file.
 *
 * @throws FairleadError when there is no base to compare with.
 */
export async function compareWithBase(
  rendered: readonly Rendered[],
  rules: Rules,
  wanted: Wanted,
  context: Pick<Context, "environment" | "folder" | "masker" | "signal" | "workspace">,
  openHelm: () => Promise<Helm>,
): Promise<Changes> {
  const manifests = [...new Set(rendered.map(({ manifest }) => manifest))];
  // A workflow may check out below the workspace; then the repository is where its manifest is.
  const [first] = manifests;
  const folder = first === undefined ? context.workspace : dirname(first.absolutePath);
  const base = await findBase(folder, wanted, context);
  const copies = await mkdtemp(join(context.folder, "base-"));
  const found = await mapSome(manifests, availableParallelism(), async (manifest) => {
    const now = rendered.filter((render) => render.manifest === manifest);
    return await compareManifest({ manifest, now, base, copies, rules, context, openHelm });
  });
  return {
    ...{ ref: wanted.ref, commit: base.commit },
    environments: found.flatMap(({ environments }) => environments),
    notes: found.flatMap(({ notes }) => notes),
  };
}

interface Comparison {
  readonly manifest: Manifest;
  readonly now: readonly Rendered[];
  readonly base: Base;
  /** Where files of the base are put. */
  readonly copies: string;
  readonly rules: Rules;
  readonly context: Pick<Context, "environment" | "masker" | "signal">;
  readonly openHelm: () => Promise<Helm>;
}

type Compared = Pick<Changes, "environments" | "notes">;

async function compareManifest(comparison: Comparison): Promise<Compared> {
  const { manifest, now, base, copies, context, rules } = comparison;
  const opened = await manifestAt(base, manifest.absolutePath, copies, context);
  const [problem] = opened?.problems ?? [];
  if (problem !== undefined) {
    const why = `its version in the base has a problem: ${sentenceOf(problem)}`;
    return { environments: [], notes: [`${manifest.file} was not compared: ${why}.`] };
  }
  const before = opened?.manifest;
  const same = (key: "content" | "overlay") => isDeepStrictEqual(before?.[key], manifest[key]);
  if (before !== undefined && same("content") && same("overlay")) return { environments: [], notes: [] };
  const inBase = (environment: string) => before !== undefined && declares(before, environment);
  const gone = rules.environments !== undefined || before === undefined ? [] : declaredIn(before);
  const compared = await Promise.all([
    ...now.map((render) => compareRender(render, inBase(render.environment) ? before : undefined, comparison)),
    ...gone
      .filter((environment) => !declares(manifest, environment))
      .map((environment) => goneEnvironment(manifest, environment)),
  ]);
  return {
    environments: compared.flatMap(({ environments }) => environments),
    notes: compared.flatMap(({ notes }) => notes),
  };
}

/** Helm is not asked to remove it: its release stays as it is. */
function goneEnvironment(manifest: Manifest, environment: string): Compared {
  return { environments: [{ manifest, environment, state: "gone", objects: [], hosts: [], left: [] }], notes: [] };
}

async function compareRender(
  render: Rendered,
  before: Manifest | undefined,
  comparison: Comparison,
): Promise<Compared> {
  const { manifest, environment } = render;
  const { rules, openHelm } = comparison;
  const after = objectsOf(render.objects);
  if (before === undefined) {
    return { environments: [{ manifest, environment, state: "new", ...compareObjects([], after) }], notes: [] };
  }
  try {
    const { chart, clusterFile } = rules;
    const source: Source = { manifest: before, chart, ...(clusterFile === undefined ? {} : { clusterFile }) };
    const objects = objectsOf(await renderObjects(source, exampleOf(environment), await openHelm()));
    const changes = compareObjects(objects, after);
    const none = changes.objects.length === 0;
    return { environments: none ? [] : [{ manifest, environment, state: "changed", ...changes }], notes: [] };
  } catch (thrown) {
    if (!(thrown instanceof FairleadError) || thrown.code !== "HELM_FAILED") throw thrown;
    const note = `${manifest.file} was not compared in ${environment}: its version in the base does not render.`;
    return { environments: [], notes: [note] };
  }
}
