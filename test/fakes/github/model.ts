/** A repository of the stand-in. */
export interface Repository {
  /** `owner/name`. */
  readonly name: string;
  readonly defaultBranch?: string;
  /** Branches beside the default branch. */
  readonly branches?: readonly string[];
  readonly tags?: readonly string[];
  readonly archived?: boolean;
  readonly topics?: readonly string[];
  readonly workflows: readonly Workflow[];
  /** Text of `.deploy/manifest.yaml`; none when left out. */
  readonly manifest?: string;
  /** Files beside the manifest and the workflows, by path, the same at every ref. */
  readonly files?: Readonly<Record<string, string>>;
}

/** How a run can end. */
export type Conclusion =
  | "success"
  | "failure"
  | "neutral"
  | "cancelled"
  | "skipped"
  | "timed_out"
  | "action_required"
  | "startup_failure"
  | "stale";

/** A workflow file, and how its dispatched runs go. */
export interface Workflow {
  /** Name of the file, such as `deploy.yml`. */
  readonly file: string;
  readonly state?: "active" | "disabled_manually" | "disabled_inactivity";
  /** Whether it has the trigger `workflow_dispatch`; true by default. */
  readonly dispatchable?: boolean;
  /** Text of what stands below `workflow_dispatch:`, as YAML. */
  readonly trigger?: string;
  /** The whole file, in place of one that is made of the two above. */
  readonly text?: string;
  /** `success` by default. */
  readonly conclusion?: Conclusion | string;
  /** States that a run goes through before it is completed; `queued` and `in_progress` by default. */
  readonly states?: readonly string[];
  /** Milliseconds that a run takes; 0 by default. */
  readonly takes?: number;
  readonly failedJob?: string;
  readonly failedStep?: string;
}

/** A token of a user and what it may do. */
export interface Token {
  readonly token: string;
  /** Owners whose repositories it sees. */
  readonly owners: readonly string[];
  /** The user; limits are counted by user. */
  readonly login?: string;
  /** `read` lacks the permission "actions: write". */
  readonly may?: "dispatch" | "read";
  /** Of a classic token. */
  readonly scopes?: string;
  /** An address for single sign-on that it still needs. */
  readonly sso?: string;
  /** Whether the user has the role "write"; true by default. */
  readonly writes?: boolean;
}

/** A GitHub App. */
export interface App {
  readonly id: string;
  readonly slug: string;
  /** PEM. */
  readonly publicKey: string;
  /** Owners for whose repositories it is installed, and the permissions that it was granted there. */
  readonly installations: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** What the stand-in holds, and how it behaves. */
export interface GitHubOptions {
  readonly repositories: readonly Repository[];
  readonly tokens: readonly Token[];
  readonly app?: App;
  /**
   * What becomes of `return_run_details`: `returned` as GitHub's OpenAPI document says; `refused` as GitHub Enterprise
   * Server 3.19 does (reported in benc-uk/workflow-dispatch, issue 86); `ignored` is a guess for servers in between.
   */
  readonly runDetails?: "returned" | "refused" | "ignored";
  /** Milliseconds until a new run is in the lists, and to be seen alone; 0 by default. A guess: GitHub promises nothing. */
  readonly listingLag?: number;
  readonly visibleLag?: number;
  /** Calls of an hour; 5000 by default (documented for users; for installations it is the least). */
  readonly hourlyLimit?: number;
  /** Milliseconds since 1970; the machine's clock by default. */
  readonly now?: () => number;
  /** Carries a run out, in place of a run that takes its time and ends as its workflow says. */
  readonly execute?: (run: Run) => Promise<Conclusion>;
}

/** A dispatched run. */
export interface Run {
  readonly id: number;
  readonly repository: Repository;
  readonly workflow: Workflow;
  readonly ref: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Login of who dispatched it. */
  readonly actor: string;
  readonly event: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** When it is over; known from the start unless it is carried out. */
  endsAt: number;
  conclusion: string;
  cancelled: boolean;
}

/** What a run says of itself at a time. */
export function statusOf(run: Run, now: number): string {
  if (now >= run.endsAt) return "completed";
  const states = run.workflow.states ?? ["queued", "in_progress"];
  // One that is carried out has no end yet; it is running from the first second on.
  const share = Number.isFinite(run.endsAt) ? (now - run.createdAt) / (run.endsAt - run.createdAt) : 0.9;
  return states[Math.min(states.length - 1, Math.floor(share * states.length))] ?? "queued";
}

/** The default branch of a repository. */
export function branchOf({ defaultBranch = "main" }: Repository): string {
  return defaultBranch;
}

/** The text of a file at a ref; undefined when either is not there. */
export function fileAt(repository: Repository, path: string, ref: string): string | undefined {
  if (!hasRef(repository, ref)) return undefined;
  if (path === ".deploy/manifest.yaml") return repository.manifest;
  const workflow = repository.workflows.find(({ file }) => path === `.github/workflows/${file}`);
  return workflow === undefined ? repository.files?.[path] : (workflow.text ?? workflowText(workflow));
}

/** Whether a repository has a branch or tag. */
export function hasRef(repository: Repository, ref: string): boolean {
  const name = ref.replace(/^refs\/(heads|tags)\//, "");
  return [branchOf(repository), ...(repository.branches ?? []), ...(repository.tags ?? [])].includes(name);
}

function workflowText({ dispatchable = true, trigger = "" }: Workflow): string {
  const on = dispatchable ? `  workflow_dispatch:\n${trigger.replaceAll(/^/gm, "    ")}\n` : "  push:\n";
  return `on:\n${on}jobs: {}\n`;
}
