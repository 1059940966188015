import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { arch, tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** The event that started the workflow run. */
export interface WorkflowEvent {
  readonly name: string;
  /** `refs/heads/main`, `refs/tags/v1.0.0`, … */
  readonly ref: string;
  readonly commit: string;
  readonly repository: string;
  readonly defaultBranch: string;
  /** Laid over the event's payload. */
  readonly payload: Readonly<Record<string, unknown>>;
}

/** The folders of one job. */
export interface JobFolders {
  /** Holds all others but a workspace of the test's own. */
  readonly root: string;
  readonly home: string;
  /** RUNNER_TEMP. */
  readonly temp: string;
  readonly toolCache: string;
  readonly workspace: string;
  /** Where the runner keeps the files behind GITHUB_OUTPUT and its like; part of RUNNER_TEMP. */
  readonly fileCommands: string;
  /** Where the harness records the arguments of child processes; no action knows of it. */
  readonly argumentsFile: string;
}

/** Makes the folders of a job below the system's folder for temporary files, and the given files in its workspace. */
export function makeFolders(workspace: string | undefined, files: Readonly<Record<string, string>>): JobFolders {
  const root = mkdtempSync(join(tmpdir(), "fairlead-job-"));
  const temp = join(root, "temp");
  const folders = {
    root,
    home: join(root, "home"),
    temp,
    toolCache: join(root, "tools"),
    workspace: workspace ?? join(root, "workspace"),
    fileCommands: join(temp, "_runner_file_commands"),
    argumentsFile: join(root, "arguments.jsonl"),
  };
  for (const folder of [folders.home, folders.toolCache, folders.workspace, folders.fileCommands]) {
    mkdirSync(folder, { recursive: true });
  }
  writeFileSync(folders.argumentsFile, "");
  for (const [name, content] of Object.entries(files)) {
    const file = join(folders.workspace, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  return folders;
}

/** Writes the event file and gives the variables that the runner sets for every step. */
export function runnerVariables(folders: JobFolders, given: Partial<WorkflowEvent>): Record<string, string> {
  const event: WorkflowEvent = {
    name: "push",
    ref: "refs/heads/main",
    commit: "1f0e9a3d5c7b2846f1a0c3e5d7b9826440aa55ee",
    repository: "acme/hello",
    defaultBranch: "main",
    payload: {},
    ...given,
  };
  const eventFile = join(folders.temp, "_github_workflow", "event.json");
  mkdirSync(dirname(eventFile), { recursive: true });
  writeFileSync(eventFile, JSON.stringify(eventPayload(event)));
  const refParts = event.ref.split("/");
  return {
    HOME: folders.home,
    CI: "true",
    GITHUB_ACTIONS: "true",
    GITHUB_ACTION: "__self",
    GITHUB_ACTOR: "octocat",
    GITHUB_API_URL: "https://api.github.com",
    GITHUB_EVENT_NAME: event.name,
    GITHUB_EVENT_PATH: eventFile,
    GITHUB_JOB: "deploy",
    GITHUB_REF: event.ref,
    GITHUB_REF_NAME: refParts.slice(2).join("/"),
    GITHUB_REF_TYPE: refParts[1] === "tags" ? "tag" : "branch",
    GITHUB_REPOSITORY: event.repository,
    GITHUB_REPOSITORY_OWNER: event.repository.split("/")[0] ?? "",
    GITHUB_RUN_ATTEMPT: "1",
    GITHUB_RUN_ID: "4200",
    GITHUB_RUN_NUMBER: "42",
    GITHUB_SERVER_URL: "https://github.com",
    GITHUB_SHA: event.commit,
    GITHUB_WORKFLOW: "deploy",
    GITHUB_WORKSPACE: folders.workspace,
    RUNNER_ARCH: arch() === "arm64" ? "ARM64" : "X64",
    RUNNER_ENVIRONMENT: "self-hosted",
    RUNNER_NAME: "harness",
    RUNNER_OS: "Linux",
    RUNNER_TEMP: folders.temp,
    RUNNER_TOOL_CACHE: folders.toolCache,
  };
}

/** NODE_OPTIONS that make an action record its child processes into a file. */
export function recordingOptions(argumentsFile: string): string {
  const recorder = new URL("./record-arguments.mjs", import.meta.url);
  recorder.searchParams.set("file", argumentsFile);
  return `--import=${recorder.href}`;
}

function eventPayload(event: WorkflowEvent): Record<string, unknown> {
  const [owner = "", name = ""] = event.repository.split("/");
  return {
    ref: event.ref,
    after: event.commit,
    repository: {
      name,
      full_name: event.repository,
      owner: { login: owner },
      default_branch: event.defaultBranch,
    },
    ...event.payload,
  };
}
