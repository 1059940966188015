import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Context } from "./context.ts";
import { messageOf } from "./errors.ts";
import { findHelm, type HelmOptions, onPath, runHelm } from "./helm-program.ts";

/** Folder of the chart that travels with the actions, found from the built files and from the sources alike. */
export function bundledChart(): string {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const chart = join(folder, "chart");
    if (existsSync(join(chart, "Chart.yaml"))) return chart;
  }
  throw new Error("the chart is not beside the built files");
}

/** Where a chart's values come from: files first to last, then the overlay, then single values. */
export interface Values {
  readonly files: readonly string[];
  /** Laid over the files; given by the standard input, so that it is in no argument and on no disk. */
  readonly overlay?: unknown;
  /** By path, given as `--set-json`, so that text stays text; never secret, since arguments can be seen. */
  readonly set?: Readonly<Record<string, unknown>>;
}

/** What is applied under which name. */
export interface ReleaseRequest {
  readonly release: string;
  readonly namespace: string;
  readonly chart: string;
  readonly values: Values;
  readonly labels: Readonly<Record<string, string>>;
  readonly description: string;
  /** Milliseconds for hooks. */
  readonly timeout: number;
  /** Whether Helm waits for readiness after all: what it runs after an upgrade needs that. */
  readonly wait?: boolean;
  /** Stops Helm, beside the signal of the context. */
  readonly signal?: AbortSignal;
}

/** The Helm program, with an own folder for its files and never the user's plugins or repositories. */
export interface Helm {
  /** `helm template`: the rendered text. Needs no cluster. */
  template(chart: string, release: string, namespace: string, values: Values): Promise<string>;
  /** `helm upgrade --install`: applies, runs the hooks, and returns without waiting for readiness unless that is asked for. */
  upgrade(request: ReleaseRequest): Promise<void>;
  /**
   * `helm rollback`: applies an earlier revision as a new one, and returns without waiting for readiness. Once it runs
   * only the fence stops it: Helm has no way to end it in order.
   *
   * @param force takes fields back that somebody else has changed; Helm refuses it where it does not apply on the server.
   */
  rollback(release: string, namespace: string, revision: number, timeout: number, force?: boolean): Promise<void>;
  /** `helm uninstall`, which only the fence stops, too. */
  uninstall(release: string, namespace: string, timeout: number): Promise<void>;
  /** `helm pull --untar`: fetches a chart from a registry; where that speaks only plain HTTP, by that. */
  pull(reference: string, folder: string): Promise<void>;
}

/** Milliseconds beside hooks: Helm's `--timeout` bounds hooks only, none of its calls of the API server has a deadline. */
const ownTime = 60_000;

/**
 * Begins to look for Helm, and gives its commands.
 *
 * @param options `kubeconfig`: path of the file for the commands that talk to a cluster; their Helm dies with this process
 *   where the system can do that, so that none works on behind its back. `fence`: ends each of them when aborted.
 * @returns commands that throw FairleadError TOOL_MISSING, HELM_FAILED, TIMEOUT or CANCELLED.
 */
export async function openHelm(context: Context, options: HelmOptions = {}): Promise<Helm> {
  const finding = findHelm(context, options);
  // Whoever runs a command learns of it.
  finding.catch(() => {});
  const run = async (timeout: number, args: readonly string[], values?: Values, signal = context.signal) => {
    const { found, leash } = await finding;
    const input = inputOf(values);
    return await runHelm(found, args, { ...context, ...options, leash, signal, timeout: timeout + ownTime, input });
  };
  const runToItsEnd = async (timeout: number, args: readonly string[]) => {
    context.signal.throwIfAborted();
    await run(timeout, args, undefined, options.fence ?? new AbortController().signal);
  };
  // It changes nothing, so it need not wait until the version of the Helm on the PATH, which is mostly the one, is known.
  const runEarly = async (args: readonly string[], values: Values) => {
    const input = inputOf(values);
    const early = runHelm(onPath, args, { ...context, ...options, leash: [], timeout: ownTime, input });
    early.catch(() => {});
    const { found } = await finding;
    return found.command === onPath.command ? await early : await run(0, args, values);
  };
  let first = true;
  return {
    template: async (chart, release, namespace, values) => {
      const args = ["template", release, chart, "--namespace", namespace, ...valueArguments(values)];
      const { rawOutput } = await (first ? runEarly(args, values) : run(0, args, values));
      first = false;
      return rawOutput;
    },
    upgrade: async (request) => {
      await run(request.timeout, upgradeArguments(request), request.values, request.signal);
    },
    rollback: async (release, namespace, revision, timeout, force = false) => {
      const args = ["rollback", release, String(revision), "--namespace", namespace, ...limits(timeout)];
      await runToItsEnd(timeout, force ? [...args, "--force-conflicts"] : args);
    },
    pull: async (reference, folder) => {
      const args = ["pull", reference, "--untar", "--untardir", folder];
      await run(0, args).catch(async (thrown) => {
        if (!/server gave HTTP response to HTTPS client/.test(messageOf(thrown))) throw thrown;
        await run(0, [...args, "--plain-http"]);
      });
    },
    uninstall: async (release, namespace, timeout) => {
      const args = ["uninstall", release, "--namespace", namespace, "--ignore-not-found"];
      await runToItsEnd(timeout, [...args, `--timeout=${seconds(timeout)}`]);
    },
  };
}

function inputOf(values: Values | undefined): string {
  return values?.overlay === undefined ? "" : jsonForHelm(values.overlay);
}

/** Without `--reset-values` Helm reuses the values of the last revision when it is given none. */
function upgradeArguments(request: ReleaseRequest): string[] {
  const labels = Object.entries(request.labels).map(([name, value]) => `${name}=${value}`);
  return [
    ...["upgrade", "--install", request.release, request.chart, "--namespace", request.namespace],
    ...valueArguments(request.values),
    "--reset-values",
    // The same values were rendered a moment ago, and the API server has judged every object in a dry run.
    ...["--skip-schema-validation", "--disable-openapi-validation"],
    ...limits(request.timeout),
    // The waiter of Helm 4 does not know a Deployment that fails; the older one at least does not stop at it.
    ...(request.wait ? ["--wait=legacy"] : []),
    ...["--description", request.description],
    ...(labels.length > 0 ? ["--labels", labels.join(",")] : []),
  ];
}

const historyLength = 10;

function limits(timeout: number): string[] {
  return [`--history-max=${historyLength}`, `--timeout=${seconds(timeout)}`];
}

function valueArguments({ files, overlay, set = {} }: Values): string[] {
  return [
    ...files.flatMap((file) => ["--values", file]),
    ...(overlay === undefined ? [] : ["--values", "-"]),
    ...Object.entries(set).map(([path, value]) => `--set-json=${path}=${JSON.stringify(value)}`),
  ];
}

/**
 * JSON in which nothing stands that YAML does not allow in quotes (YAML 1.2, 5.1): Helm reads it as YAML. It ends with a
 * line break, because Helm 4 loses a last line without one whose length is a multiple of 4096 bytes.
 */
function jsonForHelm(value: unknown): string {
  const json = JSON.stringify(value).replaceAll(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `${json}\n`;
}

function seconds(milliseconds: number): string {
  return `${Math.max(1, Math.ceil(milliseconds / 1_000))}s`;
}
