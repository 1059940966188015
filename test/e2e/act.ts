import { randomBytes } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { run } from "../cluster/run.ts";
import { ensureTools } from "../cluster/toolchain.ts";
import { snapshot } from "../harness/files.ts";
import { repository, type World } from "./world.ts";

/** What makes a workflow run. */
export interface Trigger {
  readonly event: "push" | "workflow_dispatch";
  /** `refs/heads/main` */
  readonly ref: string;
  readonly commit: string;
  /** One of the example's workflows, `deploy.yml` if left out. */
  readonly workflow?: string;
  /** What a person fills in. */
  readonly inputs?: Readonly<Record<string, string>>;
  /** Secrets of the repository, each of one line, beside the identity in Infisical. */
  readonly secrets?: Readonly<Record<string, string>>;
}

/**
 * A clean clone of this repository with the built files and one commit more, so that no earlier run shows it; gives the commit.
 *
 * @param edit changes files of the clone before the commit.
 */
export async function cloneAndCommit(checkout: string, edit: () => void = () => {}): Promise<string> {
  const git = async (...args: string[]) => (await run(["git", ...args])).rawOutput.trim();
  await git("clone", "--quiet", repository, checkout);
  edit();
  const author = ["-c", "user.name=Test", "-c", "user.email=test@example.com"];
  const message = `Push ${randomBytes(8).toString("hex")}`;
  await git("-C", checkout, ...author, "commit", "--quiet", "--all", "--allow-empty", "--message", message);
  cpSync(join(repository, "dist"), join(checkout, "dist"), { recursive: true });
  return await git("-C", checkout, "rev-parse", "HEAD");
}

/** Runs the example's workflow on a checkout; what act keeps goes below `folder`. */
export async function runExample(
  world: World,
  { folder, checkout }: { readonly folder: string; readonly checkout: string },
  { event, ref, commit, workflow = "deploy.yml", inputs = {}, secrets: more = {} }: Trigger,
) {
  const { act } = await ensureTools(["act"]);
  const file = (name: string, content: string) => {
    const path = join(folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  const home = join(folder, "home");
  mkdirSync(home);
  const { "infisical-client-id": clientId, "infisical-client-secret": clientSecret } = world.with;
  const all = { INFISICAL_CLIENT_ID: clientId, INFISICAL_CLIENT_SECRET: clientSecret, ...more };
  const secrets = Object.entries(all).map(([name, value]) => `${name}=${value}\n`);
  const payload = { ref, after: commit, deleted: false, repository: { default_branch: "main" }, inputs };
  const { BUILDX_CONFIG, BUILDX_BUILDER, PATH } = world.env;
  const command = [
    ...[act, event, "--directory", checkout],
    ...["--workflows", join(checkout, "examples/hello/.github/workflows", workflow)],
    ...["--platform", "ubuntu-latest=-self-hosted", "--use-gitignore=false", "--no-cache-server"],
    ...["--eventpath", file("event.json", JSON.stringify(payload))],
    ...["--secret-file", file("secrets", secrets.join(""))],
    ...["--var-file", file("variables", `CLUSTER_FILE=${world.clusterFile}\n`)],
    ...["--env-file", file("environment", `BUILDX_CONFIG=${BUILDX_CONFIG}\nBUILDX_BUILDER=${BUILDX_BUILDER}\n`)],
  ];
  const environment = { HOME: home, PATH: [dirname(process.execPath), PATH].join(delimiter) };
  const { code, rawOutput, errors } = await run(command, { environment, timeout: 300_000, accept: [0, 1] });
  return { code, log: rawOutput + errors };
}

/** Every file below some folders, to look for secrets in. */
export function filesBelow(...folders: string[]) {
  return [...snapshot(folders).keys()].map((file) => ({ place: `the file ${file}`, content: readFileSync(file) }));
}
