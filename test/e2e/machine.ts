import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import type { Network } from "../cluster/network.ts";
import { run } from "../cluster/run.ts";
import type { JobOptions, JobResult, runAction, StepOptions } from "../harness/job.ts";

// Nobody answers there.
const resolver = "nameserver 127.0.0.1";

// A folder /etc of its own, which is seen by this one process alone. What became of the resolver is told at the end.
const withOwnResolver = `set -e
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work"
echo "${resolver}" > "$1/upper/resolv.conf"
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$1/upper,workdir=$1/work" /etc
shift
"$@"
ls /etc/resolv* >&2
cat /etc/resolv.conf >&2`;

/**
 * Runs an action as the only step of a job on a machine that it may change: the network is that of the instance, and its
 * resolver is put back afterwards, or this fails.
 */
export async function runInMachine(network: Network, directory: string, options: JobOptions & StepOptions) {
  const output = await start(network, "run-action.ts", { directory, options });
  return JSON.parse(output) as Awaited<ReturnType<typeof runAction>>;
}

/** As {@link runInMachine}, for a job of several steps. */
export async function runJobInMachine(network: Network, steps: readonly JobStep[], options: JobOptions) {
  return JSON.parse(await start(network, "run-job.ts", { steps, options })) as JobResult;
}

/** A step of {@link runJobInMachine}: an action, and what it gets. */
export type JobStep = StepOptions & { readonly directory: string };

async function start(network: Network, script: string, what: object): Promise<string> {
  const folder = await mkdtemp(join(network.state, "etc-"));
  const child = [process.execPath, join(import.meta.dirname, script)];
  const mounted = ["unshare", "--mount", "--", "sh", "-c", withOwnResolver, "sh", folder];
  const within = ["nsenter", "--target", String(network.holders[1].pid), "--net", "--"];
  const input = JSON.stringify(what);
  const { rawOutput, errors } = await run([...within, ...mounted, ...child], { input, timeout: 300_000 });
  assert.equal(errors, `/etc/resolv.conf\n${resolver}\n`, "the resolver is as it was");
  return rawOutput;
}
