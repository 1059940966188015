import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Cluster, openCluster } from "../core/cluster.ts";
import type { Context } from "../core/context.ts";
import { FairleadError } from "../core/errors.ts";
import { bundledChart } from "../core/helm.ts";
import { askRegistry, parseReference } from "../core/registry.ts";
import type { ClusterFacts, Credentials } from "./credentials.ts";
import type { BootstrapInputs, Precondition } from "./inputs.ts";

/** Milliseconds for the questions to the registry. */
const registryTimeout = 15_000;

/** The cluster of the kubeconfig. @throws FairleadError SECRET_MISSING, KUBECONFIG_INVALID */
export async function clusterOf({ kubeconfig }: Credentials, { masker, signal }: Context): Promise<Cluster> {
  if (kubeconfig !== undefined) return await openCluster({ kubeconfig, masker, signal });
  throw new FairleadError({
    code: "SECRET_MISSING",
    message: "There is no kubeconfig to look at the cluster with.",
    fix: "Give `kubeconfig`, or put KUBECONFIG_BASE64 into the `env:` of this step or into Infisical.",
  });
}

/**
 * Looks whether a rebuilt cluster is ready to be deployed to: its API server answers to the kubeconfig, its registry answers,
 * and the chart is in it.
 *
 * @throws FairleadError PREFLIGHT_FAILED with everything that is not ready.
 */
export async function preflight(
  inputs: BootstrapInputs,
  credentials: Credentials,
  facts: ClusterFacts,
  context: Context,
): Promise<void> {
  const aside = inputs.preflight === undefined ? leftOut(inputs, credentials, facts) : notAskedFor(inputs.preflight);
  if (aside.length > 0) context.runner.info(`Not looked at: ${aside.map(reasoned).join(", ")}.`);
  const wanted = preconditions.filter((each) => !aside.some(([precondition]) => precondition === each));
  const looks: Readonly<Record<Precondition, () => Promise<string>>> = {
    cluster: () => lookAtCluster(credentials, context),
    registry: () => lookAtRegistry(facts, credentials, context),
    chart: () => lookAtChart(facts, credentials, context),
  };
  const faults = await Promise.all(
    wanted.map(async (precondition) => {
      try {
        context.runner.info(await looks[precondition]());
        return [];
      } catch (thrown) {
        context.signal.throwIfAborted();
        if (!(thrown instanceof FairleadError)) throw thrown;
        return [thrown];
      }
    }),
  );
  const failed = faults.flat();
  if (failed.length === 0) return;
  throw new FairleadError({
    code: "PREFLIGHT_FAILED",
    message: `Nothing was dispatched, because the cluster is not ready. ${failed.map(({ sentence }) => sentence).join(" ")}`,
  });
}

/** A precondition that is not looked at, and why. */
type LeftOut = readonly [Precondition, string];

const preconditions: readonly Precondition[] = ["cluster", "registry", "chart"];
const unnamed = "`preflight` does not name it";

function notAskedFor(wanted: readonly Precondition[]): LeftOut[] {
  return preconditions.filter((each) => !wanted.includes(each)).map((each) => [each, unnamed]);
}

/** What is not looked at where `preflight` says nothing: a registry in the tailnet is perhaps not in reach of this runner. */
function leftOut({ cluster }: BootstrapInputs, { kubeconfig }: Credentials, facts: ClusterFacts): LeftOut[] {
  const registry = cluster === undefined ? "the input `cluster` does not tell which" : "it is in the tailnet";
  return [
    ...(kubeconfig === undefined ? [["cluster", "there is no kubeconfig"] as const] : []),
    ...(cluster === undefined || facts.registryInTailnet ? [["registry", registry] as const] : []),
    ["chart", unnamed],
  ];
}

function reasoned([precondition, reason]: LeftOut): string {
  return `${precondition} (${reason})`;
}

async function lookAtCluster(credentials: Credentials, context: Context): Promise<string> {
  const cluster = await clusterOf(credentials, context);
  const version = await cluster.version();
  // Everybody may ask for the version; this only who the cluster knows (the role system:discovery).
  await cluster.read({ path: "/api" });
  return `The cluster answers: Kubernetes ${version}.`;
}

async function lookAtRegistry({ registry }: ClusterFacts, credentials: Credentials, context: Context): Promise<string> {
  // What is asked for need not be there: whether the registry answers, and takes the login, shows all the same.
  const answer = await ask(`${registry}/charts/app:0`, credentials, context);
  if (answer.state === "there" || answer.state === "absent") return `The registry ${registry} answers.`;
  const fix = answer.state === "denied" ? login : "See whether it runs, and whether this runner reaches it.";
  throw notReady(`The registry is not ready: ${answer.reason}.`, fix);
}

async function lookAtChart({ registry }: ClusterFacts, credentials: Credentials, context: Context): Promise<string> {
  const reference = `${registry}/charts/app:${bundledVersion()}`;
  const answer = await ask(reference, credentials, context);
  if (answer.state === "there") return `The chart oci://${reference} is there.`;
  const fix = answer.state === "denied" ? login : "Push it to the registry first; applications come last.";
  throw notReady(`The chart oci://${reference} is not there: ${answer.reason}.`, fix);
}

const login = "Give DOCKER_REGISTRY_USERNAME and DOCKER_REGISTRY_PASSWORD in the `env:` of this step, or in Infisical.";

function ask(reference: string, { registryLogin }: Credentials, { signal }: Context) {
  return askRegistry(parseReference(reference), { login: registryLogin, timeout: registryTimeout, signal });
}

function bundledVersion(): string {
  const chart = readFileSync(join(bundledChart(), "Chart.yaml"), "utf8");
  return /^version: *"?([^"\s]+)/m.exec(chart)?.[1] ?? "0";
}

function notReady(message: string, fix: string): FairleadError {
  return new FairleadError({ code: "PREFLIGHT_FAILED", message, fix });
}
