import { homedir, hostname, userInfo } from "node:os";
import { delimiter, join } from "node:path";
import { parseArgs } from "node:util";
import { FairleadError } from "../../actions/core/errors.ts";
import { type OperateInputs, type OperationName, operateInputs } from "../../actions/operate/inputs.ts";
import { plainText, reportOf } from "../../actions/operate/report.ts";
import { run as operate } from "../../actions/operate/run.ts";
import type { Command } from "./command.ts";
import { openSession } from "./session.ts";

const text = { type: "string" } as const;
const flag = { type: "boolean", default: false } as const;

/** What every operation takes, and what one of them takes beside it; all are inputs of `actions/operate`. */
const common = {
  manifest: { type: "string", default: ".deploy/manifest.yaml" },
  kubeconfig: text,
  cluster: text,
  release: text,
  namespace: text,
  timeout: text,
  "lock-timeout": { type: "string", default: "10m" },
  json: flag,
} as const;
const own: Readonly<Record<OperationName, Readonly<Record<string, typeof text | typeof flag>>>> = {
  status: {},
  rollback: { revision: text, reason: text, "no-hold": flag },
  hold: { reason: text },
  resume: {},
  restart: { component: text, confirm: text },
  scale: { component: text, replicas: text },
  run: { component: text, command: text, job: flag },
  logs: { component: text, previous: flag, pattern: text },
  stop: {},
  remove: { confirm: text },
};

const meanings: Readonly<Record<string, string>> = {
  manifest: "the manifest, .deploy/manifest.yaml by default",
  kubeconfig: "the kubeconfig; by default $KUBECONFIG, else ~/.kube/config",
  cluster: "file with the key `cluster`, laid over the chart's own values",
  release: "name of the release, in place of the manifest's; no manifest is needed then",
  namespace: "namespace of the release, in place of the manifest's",
  timeout: "time for what is changed to become healthy, or for a command to end",
  "lock-timeout": "time to wait for a deploy of the same release, 10m by default",
  json: "print what was found or done as JSON",
  revision: "the revision to go back to; the last good one before by default",
  reason: "why; who deploys meanwhile reads it",
  "no-hold": "let later deploys in",
  component: "the component, where there are several",
  confirm: "what is deleted too, separated by commas: claim/NAME, pod/NAME",
  replicas: "number of pods, or 2-6 for the bounds of an autoscaler",
  command: "a line for the shell, or a JSON array",
  job: "use a Job of its own, also where a pod runs",
  previous: "the run before the last restart",
  pattern: "only lines that match this regular expression",
};

/** `fairlead status`, `fairlead rollback`, …: one operation on a release, as the action does it. */
export function operationCommand(name: OperationName, what: string): Command {
  const options = { ...own[name], ...common };
  const lines = Object.entries(options).map(
    ([option, { type }]) => `      ${`--${option}${type === "string" ? " TEXT" : ""}`.padEnd(22)}${meanings[option]}`,
  );
  const usage = `Usage: fairlead ${name} ENVIRONMENT [options]

${what.slice(0, 1).toUpperCase()}${what.slice(1)}.

${lines.join("\n")}
  -h, --help                show this

Exit code: 0 done, or healthy; 1 failed, or not healthy; 2 refused, or the command itself could not be carried out.`;
  return { usage, run: (args) => run(name, args) };
}

async function run(name: OperationName, args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { ...own[name], ...common },
  });
  const inputs = inputsOf(name, positionals, values);
  // Who asks is kept with a hold, and with the lock.
  const who = `${userInfo().username}@${hostname()}`;
  const show = values.json ? console.error : console.log;
  await using session = openSession({
    info: (line) => console.error(line),
    verbatim: (lines) => show(lines.join("\n")),
  });
  const context = session.context();
  const asked = { ...context, run: { ...context.run, actor: who, repository: who, url: "" } };
  const outcome = await operate(inputs, asked);
  const report = reportOf(inputs, outcome, context.masker);
  if (values.json) console.log(JSON.stringify(report, null, 2));
  else console.log(plainText(report).join("\n").trimStart());
  if (report.message !== "") console.error(report.message);
  if (report.status === "refused") return 2;
  return /^(failed|unhealthy|absent)$/.test(report.status) ? 1 : 0;
}

/** Reads the options as the action reads its inputs, by the same rules. */
function inputsOf(
  operation: OperationName,
  positionals: readonly string[],
  { json: _, "no-hold": noHold, ...values }: Readonly<Record<string, string | boolean | undefined>>,
): OperateInputs {
  const [environment, ...others] = positionals;
  const fix = `See \`fairlead ${operation} --help\`.`;
  if (environment === undefined || others.length > 0)
    throw new FairleadError({ code: "INPUT_INVALID", message: "One environment is needed.", fix });
  const confirm = String(values["confirm"] ?? "").replaceAll(",", "\n");
  const kubeconfig = values["kubeconfig"] ?? usualKubeconfig();
  const given = { ...values, operation, environment, kubeconfig, confirm, hold: noHold !== true };
  const variables = Object.entries(given).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, String(value ?? "")]);
  try {
    return operateInputs(Object.fromEntries(variables));
  } catch (thrown) {
    if (!(thrown instanceof FairleadError)) throw thrown;
    throw new FairleadError({ code: thrown.code, message: thrown.message, fix });
  }
}

/** Where kubectl looks, too. */
function usualKubeconfig(): string {
  const [first = ""] = (process.env["KUBECONFIG"] ?? "").split(delimiter);
  return first === "" ? join(homedir(), ".kube/config") : first;
}
