import { relative } from "node:path";
import { checkManifest } from "./check.ts";
import { isBelow } from "./file.ts";
import { openManifest } from "./manifest.ts";
import type { Problem } from "./problem.ts";
import { openClusterJudge } from "./schema.ts";

/**
 * Checks a team's file with facts about its cluster as a manifest is checked: the file, its YAML, the traps in it, and
 * what the schema of the chart says of `cluster`, its only key. Problems are at their places in that file.
 *
 * @param path of the file, absolute; in the workspace it is told from there.
 * @param chart folder of the chart.
 */
export async function checkClusterFile(path: string, chart: string, workspace: string): Promise<Problem[]> {
  const file = isBelow(path, workspace) ? relative(workspace, path) : path;
  const { manifest, problems } = await openManifest(file, workspace, "cluster file");
  const own = manifest === undefined ? [] : await checkManifest(manifest, openClusterJudge(chart));
  return [...problems, ...own];
}
