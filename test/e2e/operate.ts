import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Report } from "../../actions/operate/report.ts";
import { runAction } from "../harness/job.ts";
import type { JobOptions, StepOptions } from "../harness/types.ts";
import type { SmallApp } from "./small-app.ts";
import { repository, type World } from "./world.ts";

/** How an operation is asked for, beside what every one of a test is given. */
export type OperateOptions = StepOptions &
  Pick<JobOptions, "onLine"> & {
    /** Directory of another action than `actions/operate`. */
    readonly action?: string;
    /** Values that the job may not show, beside those of the world. */
    readonly secrets?: readonly string[];
  };

/** Does one operation on an app as a person would by `workflow_dispatch`. */
export async function operate(
  world: World,
  app: Pick<SmallApp, "workspace" | "name">,
  inputs: Readonly<Record<string, string>>,
  { action = "actions/operate", env, secrets = [], ...others }: OperateOptions = {},
) {
  const kubeconfig = readFileSync(world.cluster.kubernetes.kubeconfig, "utf8");
  const step = await runAction(join(repository, action), {
    workspace: app.workspace,
    event: { repository: `acme/${app.name}`, name: "workflow_dispatch" },
    secrets: [...world.secrets, ...secrets],
    ...others,
    env: { ...world.env, ...env },
    with: { environment: "staging", kubeconfig, cluster: world.clusterFile, ...inputs },
  });
  const file = step.leftBehind.find(({ path }) => path === step.outputs["report"]);
  if (file === undefined) throw new Error(`no report:\n${step.log}`);
  const report: Report = JSON.parse(file.content);
  return { ...step, report };
}

/** The rows of a table that an operation told. */
export function rowsOf({ sections }: Report, name: string): readonly Readonly<Record<string, string>>[] {
  const section = sections.find((one) => one.name === name);
  return section !== undefined && "rows" in section ? section.rows : [];
}

/** All texts that an operation told, without its tables. */
export function textsOf({ sections }: Report): string {
  return sections.map((section) => ("text" in section ? section.text : "")).join("\n");
}
