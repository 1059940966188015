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
  /** Secrets of the repository, beside the identity in Infisical. */
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
  place: { readonly folder: string; readonly checkout: string },
  { event, ref, commit, workflow = "deploy.yml", inputs = {}, secrets = {} }: Trigger,
) {
  const { "infisical-client-id": clientId = "", "infisical-client-secret": clientSecret = "" } = world.with;
  const { BUILDX_CONFIG = "", BUILDX_BUILDER = "", PATH = "" } = world.env;
  return await runWorkflow({
    ...place,
    ...{ event, workflow: join("examples/hello/.github/workflows", workflow), path: PATH },
    payload: { ref, after: commit, deleted: false, repository: { default_branch: "main" }, inputs },
    secrets: { INFISICAL_CLIENT_ID: clientId, INFISICAL_CLIENT_SECRET: clientSecret, ...secrets },
    variables: { CLUSTER_FILE: world.clusterFile },
    environment: { BUILDX_CONFIG, BUILDX_BUILDER },
  });
}

type Values = Readonly<Record<string, string>>;

/** A workflow of a checkout, and what GitHub would give it. */
export interface WorkflowJob {
  /** Where act keeps what it needs. */
  readonly folder: string;
  readonly checkout: string;
  readonly event: Trigger["event"];
  /** The workflow's file in the checkout. */
  readonly workflow: string;
  readonly payload: object;
  /** `PATH` of the runner. */
  readonly path: string;
  readonly secrets?: Values;
  readonly variables?: Values;
  readonly environment?: Values;
  /** Folders in place of repositories that `uses` names, by `owner/name@ref`. */
  readonly repositories?: Values;
}

/** Runs a workflow by act as GitHub would. */
export async function runWorkflow(job: WorkflowJob) {
  const { act } = await ensureTools(["act"]);
  const file = (name: string, content: string) => {
    const path = join(job.folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  const home = join(job.folder, "home");
  mkdirSync(home);
  const command = [
    ...[act, job.event, "--directory", job.checkout],
    ...["--workflows", join(job.checkout, job.workflow)],
    ...["--platform", "ubuntu-latest=-self-hosted", "--use-gitignore=false", "--no-cache-server"],
    ...["--eventpath", file("event.json", JSON.stringify(job.payload))],
    ...["--secret-file", file("secrets", lines(job.secrets))],
    ...["--var-file", file("variables", lines(job.variables))],
    ...["--env-file", file("environment", lines(job.environment))],
    ...Object.entries(job.repositories ?? {}).map(([name, path]) => `--local-repository=${name}=${path}`),
  ];
  const environment = { HOME: home, PATH: [dirname(process.execPath), job.path].join(delimiter) };
  const { code, rawOutput, errors } = await run(command, { environment, timeout: 300_000, accept: [0, 1] });
  return { code, log: rawOutput + errors };
}

/** Values as act reads them from a file; one of several lines goes in quotes. */
function lines(values: Values = {}): string {
  const quoted = (value: string) => (value.includes("\n") ? JSON.stringify(value) : value);
  return Object.entries(values)
    .map(([name, value]) => `${name}=${quoted(value)}\n`)
    .join("");
}

/** Every file below some folders, to look for secrets in. */
export function filesBelow(...folders: string[]) {
  return [...snapshot(folders).keys()].map((file) => ({ place: `the file ${file}`, content: readFileSync(file) }));
}
