import { join } from "node:path";
import type { Context } from "./context.ts";
import { withoutDumps } from "./dumps.ts";
import { FairleadError, messageOf } from "./errors.ts";
import type { Finished } from "./process.ts";
import type { Tool } from "./tool.ts";
import type { FoundTool } from "./tools.ts";

/** Helm 4, from the first version whose apply is sound; Helm 5 may differ. */
const helmTool: Tool = {
  name: "helm",
  commands: [["helm"]],
  versionArguments: ["version", "--template={{.Version}}"],
  minimum: "4.1.3",
  below: "5.0.0",
  download: {
    version: "4.2.4",
    url: (architecture) => `https://get.helm.sh/helm-v4.2.4-linux-${goArchitecture[architecture]}.tar.gz`,
    member: (architecture) => `linux-${goArchitecture[architecture]}/helm`,
    sha256: {},
    checksumUrl: (architecture) =>
      `https://get.helm.sh/helm-v4.2.4-linux-${goArchitecture[architecture]}.tar.gz.sha256sum`,
  },
};

const goArchitecture = { x64: "amd64", arm64: "arm64" } as const;

/** What commands that talk to a cluster need. */
export interface HelmOptions {
  readonly mirror?: string;
  readonly kubeconfig?: string;
  readonly fence?: AbortSignal;
}

/** The Helm that a shell would run. */
export const onPath = { command: "helm", args: [] } as const;

/** Finds Helm, and what ties one that works on a cluster to this process. @throws FairleadError TOOL_MISSING */
export async function findHelm(context: Context, { mirror, kubeconfig }: HelmOptions) {
  // A manifest can be checked by itself without Helm, and without what starts programs.
  const { findTool } = await import("./tools.ts");
  const [found, leash] = await Promise.all([
    findTool(helmTool, context, mirror),
    kubeconfig === undefined ? [] : findLeash(context),
  ]);
  return { found, leash };
}

/**
 * The start of a command line whose program is killed when this process dies, however it dies (util-linux, `setpriv`).
 * Empty where there is none such; a Helm that is left behind then ends by itself, mostly within a second.
 */
async function findLeash({ environment, masker, signal, runner }: Context): Promise<readonly string[]> {
  const { execute } = await import("./process.ts");
  const leash = ["--pdeathsig", "KILL"];
  try {
    await execute("setpriv", [...leash, "true"], { environment, masker, signal, timeout: 10_000 });
    return ["setpriv", ...leash];
  } catch (thrown) {
    signal.throwIfAborted();
    runner.debug(`Helm is not tied to this process: ${messageOf(thrown)}`);
    return [];
  }
}

/** What one command of Helm runs with. */
type HelmContext = Context & {
  readonly leash: readonly string[];
  readonly kubeconfig?: string;
  /** Milliseconds. */
  readonly timeout: number;
  /** Its standard input. */
  readonly input: string;
};

/**
 * Runs one command of Helm, with an own folder for its files, which a cancelled job stops as Helm wants to be stopped.
 *
 * @throws FairleadError HELM_FAILED, TIMEOUT or CANCELLED.
 */
export async function runHelm(
  found: Pick<FoundTool, "command" | "args">,
  args: readonly string[],
  context: HelmContext,
) {
  const home = join(context.folder, "helm");
  // The user's own HELM_ settings would change what the same deploy does on another runner.
  const inherited = Object.entries(context.environment).filter(([name]) => !name.startsWith("HELM_"));
  const environment = {
    ...Object.fromEntries(inherited),
    HELM_CACHE_HOME: join(home, "cache"),
    HELM_CONFIG_HOME: join(home, "config"),
    HELM_DATA_HOME: join(home, "data"),
    // It ends before collecting its garbage that often would pay off (Go, "A Guide to the Go Garbage Collector").
    GOGC: "400",
    GOMEMLIMIT: "256MiB",
    // What kinds of objects a cluster knows is worth keeping on a machine of one's own.
    KUBECACHEDIR: join(context.toolCache, "fairlead-discovery"),
    ...(context.kubeconfig === undefined ? {} : { KUBECONFIG: context.kubeconfig }),
    NO_COLOR: "1",
  };
  const { masker, signal, timeout, input, leash } = context;
  // Helm ends a SIGINT by writing the revision as failed, so that no lock is left.
  const stopping = { stopSignal: "SIGINT", grace: 7_000 } as const;
  const options = { environment, masker, signal, timeout, input, startedBy: leash, accept: [0, 1], ...stopping };
  const { execute } = await import("./process.ts");
  const finished = await execute(found.command, [...found.args, ...args], options);
  if (finished.code !== 0) throw helmFailed(args[0] ?? "", finished);
  return finished;
}

const fixes: readonly (readonly [RegExp, string])[] = [
  [
    /another operation .* is in progress/i,
    "Another deploy of this release runs, or one was killed: see `helm history`.",
  ],
  [/cluster unreachable/i, "Check that the kubeconfig's address answers from this runner."],
  [
    /(Get|Post|Put|Patch|Delete) "http\S+": .*(context deadline|timeout|refused|reset by|connection lost|EOF)|error when reading response body/,
    "The API server could not be reached for a while as Helm ran; deploy again when it answers.",
  ],
  [/exists and cannot be imported/i, "An object of that name belongs to something else; remove or rename one of them."],
  [/forbidden: User/i, "Grant the user of the kubeconfig this permission."],
  [/no matches for kind/i, "Install the custom resource definition in the cluster."],
  [
    /(at most|may not be more than|more than) 1048576/i,
    "The release is too large for the Secret in which Helm keeps it: put large files into an image or a volume, or keep them outside of the release as an `existingConfig`.",
  ],
  [/field is immutable|updates to statefulset spec/i, "Delete the object, or give it another name."],
];

/** Lines of Helm's own log, and of Kubernetes' client's (klog: `E1121 20:42:23.250847    6320 request.go:1196] …`). */
const logLine = /^(level=|[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ \S+:\d+\])/;

function helmFailed(command: string, finished: Finished): FairleadError {
  const errors = withoutDumps(finished.errors);
  const lines = errors.split("\n").filter((line) => !logLine.test(line) && line.trim() !== "");
  const sentence = lines
    .join(" ")
    .replace(/^Error: /, "")
    .trim();
  const fix = fixes.find(([pattern]) => pattern.test(errors))?.[1];
  return new FairleadError({
    code: "HELM_FAILED",
    message: `helm ${command}: ${sentence || "ended with exit code 1"}${/[.!?]$/.test(sentence) ? "" : "."}`,
    ...(fix === undefined ? {} : { fix }),
    details: errors,
  });
}
