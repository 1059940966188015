import { resolve } from "node:path";
import { FairleadError } from "../../actions/core/errors.ts";
import { bundledChart, type Helm } from "../../actions/core/helm.ts";
import { type Rules, type Verdict, validateFiles } from "../../actions/validate/validate.ts";

/** The options of every command that is about one environment of one manifest. */
export const oneOptions = {
  manifest: { type: "string", default: ".deploy/manifest.yaml" },
  cluster: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

/** How those options are explained. */
export const oneUsage = `      --manifest FILE  the manifest, .deploy/manifest.yaml by default
      --cluster FILE   file with the key \`cluster\`, laid over the chart's own values`;

/** One environment of one manifest, checked and rendered. */
export interface One extends Verdict {
  readonly rules: Rules;
}

/**
 * Checks and renders the environment that a command's only argument names.
 *
 * @throws FairleadError INPUT_INVALID when it names none, or several.
 */
export async function renderOne(
  positionals: readonly string[],
  { manifest, cluster }: { readonly manifest: string; readonly cluster?: string | undefined },
  helm: () => Promise<Helm>,
): Promise<One> {
  const [environment, ...others] = positionals;
  if (environment === undefined || others.length > 0) {
    const fix = "Name one, as in `fairlead render prod`.";
    throw new FairleadError({ code: "INPUT_INVALID", message: "One environment is needed.", fix });
  }
  const rules = {
    ...{ chart: bundledChart(), environments: [environment] },
    ...(cluster === undefined ? {} : { clusterFile: resolve(cluster) }),
  };
  return { rules, ...(await validateFiles([manifest], rules, process.cwd(), helm)) };
}
