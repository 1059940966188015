import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { FairleadError, messageOf } from "../../actions/core/errors.ts";
import { bundledChart } from "../../actions/core/helm.ts";
import { findManifests } from "../../actions/validate/files.ts";
import { kubernetesVersion, usualVersion } from "../../actions/validate/kubernetes-versions.ts";
import { validateFiles } from "../../actions/validate/validate.ts";
import { type Command, exitCodes } from "./command.ts";
import { paintFor, renderVerdict } from "./problems.ts";
import { openSession } from "./session.ts";

const usage = `Usage: fairlead validate [options] [file or pattern …]

Checks manifests, .deploy/manifest.yaml by default, in every environment that they declare.

  -e, --environment NAME  check this environment only; may be given several times
      --cluster FILE      file with the key \`cluster\`, laid over the chart's own values
      --kubernetes-version VERSION
                          version whose schemas the rendered objects must fit, ${usualVersion} if left out
      --no-render         check YAML and schema only, without Helm
      --json              print the problems as a JSON array
  -h, --help              show this

${exitCodes}`;

/** `fairlead validate`: checks manifests as the action does. */
export const validate: Command = { usage, run };

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    allowNegative: true,
    options: {
      environment: { type: "string", short: "e", multiple: true },
      cluster: { type: "string" },
      "kubernetes-version": { type: "string" },
      render: { type: "boolean", default: true },
      json: { type: "boolean", default: false },
    },
  });
  const { environment, cluster, render } = values;
  const rules = {
    chart: bundledChart(),
    kubernetesVersion: versionOf(values["kubernetes-version"]),
    render,
    ...(environment === undefined ? {} : { environments: environment }),
    ...(cluster === undefined ? {} : { clusterFile: resolve(cluster) }),
  };
  await using session = openSession();
  const workspace = process.cwd();
  const files = findManifests(positionals.length > 0 ? positionals : [".deploy/manifest.yaml"], workspace);
  const verdict = await validateFiles(files, rules, workspace, session.helm);
  const { problems, unchecked } = verdict;
  if (values.json) console.log(JSON.stringify(problems, null, 2));
  else {
    const text = await renderVerdict(verdict, paintFor(process.stdout));
    if (text !== "") console.log(text);
    if (problems.length === 0) console.log("No problem found.");
  }
  if (unchecked.length > 0) console.error(`Rendered, but not checked against a schema: ${unchecked.join(", ")}.`);
  return problems.length > 0 ? 1 : 0;
}

function versionOf(text = usualVersion): string {
  try {
    return kubernetesVersion(text);
  } catch (thrown) {
    throw new FairleadError({
      code: "INPUT_INVALID",
      message: `--kubernetes-version ${messageOf(thrown)}.`,
      cause: thrown,
    });
  }
}
