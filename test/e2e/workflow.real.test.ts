// The example's own workflow file, run by act as GitHub would run it, on all real parts.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, it } from "node:test";
import { run } from "../cluster/run.ts";
import { ensureTools } from "../cluster/toolchain.ts";
import { snapshot } from "../harness/files.ts";
import { assertNoLeaks } from "../harness/leaks.ts";
import { pageWith, serviceAddress } from "./page.ts";
import { openWorld, repository } from "./world.ts";

const world = await openWorld();
after(() => world[Symbol.dispose]());

it("runs the example's workflow, and the pushed commit is live", async () => {
  using folder = temporaryFolder();
  const checkout = join(folder.path, "checkout");
  const commit = await cloneAndCommit(checkout);
  const { code, log } = await runWorkflow(folder.path, checkout, commit);
  const files = filesBelow(checkout, join(folder.path, "home"));
  assertNoLeaks(world.secrets, [{ place: "the log of act", content: log }, ...files]);
  assert.equal(code, 0, log);
  const live = /\| live https:\/\/my-app-staging\.jterrazz\.com (\S+@sha256:[0-9a-f]{64}) revision (\d+)$/m.exec(log);
  assert.ok(live !== null, log);
  const [, image = "", revision] = live;
  assert.match(await pageWith(await serviceAddress(world, "staging", { name: "my-app" }), commit), /development/);
  const running = "jsonpath={.spec.template.spec.containers[0].image}";
  assert.equal(await world.kubectl("get", "deployment", "my-app", "-n", "staging-my-app", "-o", running), image);
  const summary = log.slice(log.indexOf("Summary - "));
  assert.match(summary, new RegExp(`^\\| Revision \\| ${revision}\\b`, "m"));
  assert.ok(summary.includes(image), summary);
});

function temporaryFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "fairlead-act-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** A clean clone of this repository with the built files and one commit more, so that no earlier run shows it. */
async function cloneAndCommit(checkout: string): Promise<string> {
  const git = async (...args: string[]) => (await run(["git", ...args])).rawOutput.trim();
  await git("clone", "--quiet", repository, checkout);
  const author = ["-c", "user.name=Test", "-c", "user.email=test@example.com"];
  const message = `Push ${randomBytes(8).toString("hex")}`;
  await git("-C", checkout, ...author, "commit", "--quiet", "--allow-empty", "--message", message);
  cpSync(join(repository, "dist"), join(checkout, "dist"), { recursive: true });
  return await git("-C", checkout, "rev-parse", "HEAD");
}

/** Runs the example's workflow on a checkout, as for a push to main; what act keeps goes below `folder`. */
async function runWorkflow(folder: string, checkout: string, commit: string) {
  const { act } = await ensureTools(["act"]);
  const file = (name: string, content: string) => {
    const path = join(folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  const home = join(folder, "home");
  mkdirSync(home);
  const { "infisical-client-id": clientId, "infisical-client-secret": clientSecret } = world.with;
  const secrets = `INFISICAL_CLIENT_ID=${clientId}\nINFISICAL_CLIENT_SECRET=${clientSecret}\n`;
  const push = { ref: "refs/heads/main", after: commit, deleted: false, repository: { default_branch: "main" } };
  const { BUILDX_CONFIG, BUILDX_BUILDER, PATH } = world.env;
  const command = [
    ...[act, "push", "--directory", checkout],
    ...["--workflows", join(checkout, "examples/hello/.github/workflows/deploy.yml")],
    ...["--platform", "ubuntu-latest=-self-hosted", "--use-gitignore=false", "--no-cache-server"],
    ...["--eventpath", file("event.json", JSON.stringify(push))],
    ...["--secret-file", file("secrets", secrets)],
    ...["--var-file", file("variables", `CLUSTER_FILE=${world.clusterFile}\n`)],
    ...["--env-file", file("environment", `BUILDX_CONFIG=${BUILDX_CONFIG}\nBUILDX_BUILDER=${BUILDX_BUILDER}\n`)],
  ];
  const environment = { HOME: home, PATH: [dirname(process.execPath), PATH].join(delimiter) };
  const { code, rawOutput, errors } = await run(command, { environment, timeout: 300_000, accept: [0, 1] });
  return { code, log: rawOutput + errors };
}

function filesBelow(...folders: string[]) {
  return [...snapshot(folders).keys()].map((file) => ({ place: `the file ${file}`, content: readFileSync(file) }));
}
