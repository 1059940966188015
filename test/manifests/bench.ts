import { FairleadError } from "../../actions/core/errors.ts";
import { bundledChart, type Helm } from "../../actions/core/helm.ts";
import { checkManifest } from "../../actions/validate/check.ts";
import { type Manifest, openManifest } from "../../actions/validate/manifest.ts";
import { objectChecker } from "../../actions/validate/objects.ts";
import { mergeProblems, type Problem } from "../../actions/validate/problem.ts";
import { renderObjects } from "../../actions/validate/resolve.ts";
import { openJudge } from "../../actions/validate/schema.ts";
import { validateFiles } from "../../actions/validate/validate.ts";

/** What came of a manifest: what is wrong with it, or what it renders to. */
export interface Outcome {
  /** Absent where the file could not be read. */
  readonly manifest?: Manifest;
  readonly problems: readonly Problem[];
  /** The objects of one environment; absent where there are problems. */
  readonly objects?: string;
}

/** Gives what checks one manifest after another: by itself, and then in one environment through Helm. */
export function openBench(workspace: string, helm: Helm) {
  const chart = bundledChart();
  const judge = openJudge(chart);
  const checkObjects = objectChecker();

  /** Checks the file alone. */
  const check = async (file: string): Promise<Outcome> => {
    const { manifest, problems } = await openManifest(file, workspace);
    if (manifest === undefined) return { problems };
    return { manifest, problems: mergeProblems([...problems, ...(await checkManifest(manifest, judge))]) };
  };

  /**
   * Renders a manifest that has passed `check`. One that renders needs one run of Helm; what is wrong with another is what
   * the action says of it.
   */
  const render = async (file: string, manifest: Manifest, environment: string): Promise<Outcome> => {
    const objects = await renderObjects({ manifest, chart }, environment.replaceAll("*", "1"), helm).catch(onlyOfHelm);
    if (objects !== undefined && checkObjects(objects).mistakes.length === 0)
      return { manifest, problems: [], objects };
    const rules = { chart, environments: [environment] };
    const { problems } = await validateFiles([file], rules, workspace, async () => helm);
    return { manifest, problems };
  };

  return { check, render };
}

function onlyOfHelm(thrown: unknown): undefined {
  if (!(thrown instanceof FairleadError) || thrown.code !== "HELM_FAILED") throw thrown;
}
