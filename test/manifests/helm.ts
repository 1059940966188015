import { dirname } from "node:path";
import { type Helm, openHelm } from "../../actions/core/helm.ts";
import { ensureTools } from "../cluster/toolchain.ts";
import { recordingContext } from "../context.ts";

/** The Helm that tests use, and a folder for what it is given; both end with the test. */
export async function openWorkshop(
  test: Parameters<typeof recordingContext>[0],
): Promise<{ workspace: string; helm: Helm }> {
  const { helm } = await ensureTools(["helm"]);
  const { context } = await recordingContext(test, { environment: { PATH: dirname(helm) } });
  return { workspace: context.workspace, helm: await openHelm(context) };
}
