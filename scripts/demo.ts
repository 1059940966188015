// Takes the example app from a commit to an HTTP answer, on real parts of this machine.
// ./scripts/demo [--keep | --down]
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { messageOf } from "../actions/core/errors.ts";
import { stopCluster } from "../test/cluster/cluster.ts";
import { ensureHostPrograms } from "../test/cluster/host.ts";
import { run } from "../test/cluster/run.ts";
import { allTools, ensureTools } from "../test/cluster/toolchain.ts";
import { pageWith, serviceAddress } from "../test/e2e/page.ts";
import { openWorld, repository, type World } from "../test/e2e/world.ts";
import { runAction } from "../test/harness/job.ts";
import { claimTemporaryFolder } from "./leftovers.ts";
import { createStopwatch, renderTimes } from "./progress.ts";

const instance = "demo";
const app = { name: "my-app" };
const environments = [
  { name: "staging", ref: "refs/heads/main" },
  { name: "prod", ref: "refs/tags/v1.0.0" },
] as const;

const { values } = parseArgs({ options: { keep: { type: "boolean" }, down: { type: "boolean" } } });
const stopwatch = createStopwatch();
const clear = await claimTemporaryFolder(instance);
const stop = () =>
  stopwatch.step("stop", "everything that was started", async () => {
    await clear();
    await stopCluster({ instance });
  });

process.once("SIGINT", () => void stop().finally(() => process.exit(130)));
process.once("SIGTERM", () => void stop().finally(() => process.exit(143)));

try {
  if (values.down) await stop();
  else await demonstrate(values.keep ?? false);
  process.exit(0);
} catch (thrown) {
  console.error(messageOf(thrown));
  process.exit(1);
}

async function demonstrate(keep: boolean): Promise<void> {
  await ensureHostPrograms(console.log);
  await stopwatch.step("tools", "programs that the cache does not hold", () => ensureTools(allTools, console.log));
  await stopwatch.step("build", "the bundles of the actions", () => import("./build.ts"));
  try {
    using world = await stopwatch.step(
      "parts",
      "Kubernetes, registry, BuildKit, tailnet and Infisical's stand-in",
      () => openWorld(instance, console.log),
    );
    using checkout = await commitExample();
    for (const environment of environments) await deploy(environment, checkout, world);
    await showResult(world);
    if (keep) await showWays(world);
  } finally {
    if (!keep) await stop();
  }
  console.log(`\nTimes:\n${renderTimes(stopwatch.times)}`);
}

interface Checkout extends Disposable {
  readonly folder: string;
  readonly commit: string;
}

/** The example as a repository of its own, with one commit. */
async function commitExample(): Promise<Checkout> {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-demo-"));
  cpSync(join(repository, "examples/hello"), folder, { recursive: true });
  const author = ["-c", "user.name=demo", "-c", "user.email=demo@example.com"];
  const git = (...args: string[]) => run(["git", "-C", folder, ...author, ...args]);
  await git("init", "--quiet", "--initial-branch=main");
  await git("add", ".");
  await git("commit", "--quiet", "--message=Say hello");
  const commit = (await git("rev-parse", "HEAD")).rawOutput.trim();
  return { folder, commit, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

async function deploy(environment: (typeof environments)[number], { folder, commit }: Checkout, world: World) {
  const { name, ref } = environment;
  const step = await stopwatch.step(`${name}: deploy`, "the root action, as a runner runs it", () =>
    runAction(repository, {
      workspace: folder,
      event: { ref, commit, repository: `acme/${app.name}` },
      env: world.env,
      with: world.with,
      secrets: world.secrets,
      onLine: (line) => console.log(`  ${line}`),
    }),
  );
  if (step.conclusion !== "success") throw new Error(`The deploy to ${name} ended as ${step.conclusion}.`);
  const address = await serviceAddress(world, name, app);
  const page = await stopwatch.step(`${name}: answer`, `${address} with commit ${commit.slice(0, 7)}`, () =>
    pageWith(address, commit),
  );
  console.log(`\n${address} answers:\n  ${page.trim()}\n\nThe job summary:\n\n${step.summary}`);
}

async function showResult(world: World): Promise<void> {
  console.log(`The releases:\n\n${await world.helm("list", "--all-namespaces")}`);
  console.log(`kubectl and server:\n\n${await world.kubectl("version")}`);
}

async function showWays(world: World): Promise<void> {
  const { kubeconfig, kubectl } = world.cluster.kubernetes;
  const { helm } = await ensureTools(["helm"], () => {});
  console.log(`Everything is left running. Look at it:
  export KUBECONFIG=${kubeconfig}
  ${kubectl} get pods --all-namespaces
  ${helm} history prod-${app.name} --namespace prod-${app.name}
  curl ${await serviceAddress(world, "prod", app)}
Stop it:
  ./scripts/demo --down`);
}
