import { type Answer, type Incoming, type StrictServer, startStrictServer } from "../strict-server.ts";
import { fill, findOperation, type Operation, problemWith, problemWithQuery } from "./openapi.ts";

/** A repository of the stand-in. */
export interface Repository {
  /** `owner/name`. */
  readonly name: string;
  readonly defaultBranch?: string;
  /** Branches and tags beside the default branch. */
  readonly refs?: readonly string[];
  readonly workflows: readonly Workflow[];
}

/** A workflow file, and how its dispatched runs go. */
export interface Workflow {
  /** Name of the file, such as `deploy.yml`. */
  readonly file: string;
  readonly state?: "active" | "disabled_manually";
  /** Whether it has the trigger `workflow_dispatch`; true by default. */
  readonly dispatchable?: boolean;
  /** `success` by default. */
  readonly conclusion?: "success" | "failure" | "cancelled" | "timed_out" | "startup_failure" | "skipped";
  /** How often a run is looked at before it is completed; 1 by default. */
  readonly looks?: number;
  readonly failedJob?: string;
}

/** A token and what it may do. */
export interface Token {
  readonly token: string;
  /** Owners whose repositories it sees. */
  readonly owners: readonly string[];
  /** `read` lacks the permission "actions: write". */
  readonly may?: "dispatch" | "read";
}

/** What the stand-in holds. */
export interface GitHubOptions {
  readonly repositories: readonly Repository[];
  readonly tokens: readonly Token[];
  /**
   * What becomes of `return_run_details`: `returned` as GitHub's OpenAPI document says; `refused` as GitHub Enterprise
   * Server 3.19 does (reported in benc-uk/workflow-dispatch, issue 86); `ignored` is a guess for servers in between.
   */
  readonly runDetails?: "returned" | "refused" | "ignored";
  /** How often the runs are listed before a new one is among them; 0 by default. A guess: GitHub promises nothing. */
  readonly listingLag?: number;
}

/** A dispatched run. */
export interface Run {
  readonly id: number;
  readonly repository: Repository;
  readonly workflow: Workflow;
  readonly ref: string;
  readonly createdAt: string;
  looks: number;
  listings: number;
}

/** A running stand-in for GitHub's REST API. */
export interface GitHub extends StrictServer {
  readonly runs: readonly Run[];
  /** The largest number of runs that were dispatched and not yet completed at one time. */
  mostUnfinished(): number;
  /** Dispatches a run as somebody else would. */
  dispatchElsewhere(repository: string, file: string, ref: string): Run;
}

interface State extends GitHubOptions {
  readonly url: () => string;
  readonly runs: Run[];
  mostUnfinished: number;
}

/** Starts a stand-in for the part of GitHub's REST API that fairlead uses. */
export async function startGitHub(options: GitHubOptions): Promise<GitHub> {
  const state: State = { ...options, url: () => server.url, runs: [], mostUnfinished: 0 };
  const server: StrictServer = await startStrictServer({
    name: "GitHub",
    handle: (incoming) => handle(incoming, state),
  });
  return {
    ...server,
    runs: state.runs,
    mostUnfinished: () => state.mostUnfinished,
    dispatchElsewhere(name, file, ref) {
      const repository = state.repositories.find((each) => each.name === name);
      const workflow = repository?.workflows.find((each) => each.file === file);
      if (repository === undefined || workflow === undefined) throw new Error(`no ${file} in ${name}`);
      return startRun(state, repository, workflow, ref);
    },
  };
}

function handle(incoming: Incoming, state: State): Answer {
  const found = findOperation(incoming.method, incoming.url.pathname);
  if (found === undefined) return { ...problem(404, "Not Found"), violation: "unknown route" };
  const { operation, values } = found;
  const violation = wrongRequest(incoming, operation);
  if (violation !== undefined) return { ...problem(422, violation), violation };
  const answer = answerAs(incoming, operation, values, state);
  const schema = answer.status < 400 ? operation.responses[answer.status] : { $ref: "#/schemas/basic-error" };
  const wrong = schema === null || schema === undefined ? undefined : problemWith(answer.body, schema);
  if (wrong !== undefined) throw new Error(`answer ${answer.status} of ${operation.path}: ${wrong}`);
  return answer;
}

function wrongRequest({ headers, url, body }: Incoming, operation: Operation): string | undefined {
  // Without them GitHub answers in a form, or by a version of the API, of its own choice (documented).
  if (headers["accept"] !== "application/vnd.github+json") return "no Accept: application/vnd.github+json";
  if (headers["x-github-api-version"] !== "2022-11-28") return "no X-GitHub-Api-Version: 2022-11-28";
  const wrongQuery = problemWithQuery(url.searchParams, operation);
  if (wrongQuery !== undefined) return wrongQuery;
  if (!operation.body) return body === "" ? undefined : "a body where none belongs";
  try {
    return problemWith(JSON.parse(body), operation.body);
  } catch {
    return "Problems parsing JSON";
  }
}

function answerAs(incoming: Incoming, operation: Operation, values: readonly string[], state: State): Answer {
  const [owner = "", name = "", id = ""] = values.map(decodeURIComponent);
  const [, given] = /^Bearer (\S+)$/.exec(incoming.headers["authorization"] ?? "") ?? [];
  const token = state.tokens.find((each) => each.token === given);
  if (token === undefined) return problem(401, "Bad credentials");
  const repository = state.repositories.find((each) => sameName(each.name, `${owner}/${name}`));
  // What a token may not see does not exist for it (documented).
  const sees = token.owners.some((each) => sameName(each, owner));
  if (repository === undefined || !sees) return problem(404, "Not Found");
  const route = `${operation.method} ${operation.path.replace("/repos/{owner}/{repo}", "")}`;
  if (route === "GET ") return { status: 200, body: repositoryBody(repository) };
  if (route.startsWith("GET /actions/runs/")) return answerRun(route, Number(id), repository, state);
  const workflow = repository.workflows.find(({ file }) => file === id);
  if (workflow === undefined) return problem(404, "Not Found");
  if (route.endsWith("/dispatches")) return dispatch(JSON.parse(incoming.body), token, repository, workflow, state);
  if (route.endsWith("/runs")) return listRuns(incoming.url.searchParams, repository, workflow, state);
  return { status: 200, body: workflowBody(repository, workflow) };
}

// The messages are those that users report in public issues of the actions that dispatch workflows.
function dispatch(
  body: { ref: string; return_run_details?: boolean },
  token: Token,
  repository: Repository,
  workflow: Workflow,
  state: State,
): Answer {
  if (token.may === "read") return problem(403, "Resource not accessible by personal access token");
  if (body.return_run_details !== undefined && state.runDetails === "refused") {
    return problem(422, `"return_run_details" is not a permitted key.`);
  }
  const ref = body.ref.replace(/^refs\/(heads|tags)\//, "");
  if (![branchOf(repository), ...(repository.refs ?? [])].includes(ref))
    return problem(422, `No ref found for: ${ref}`);
  if (workflow.dispatchable === false) return problem(422, "Workflow does not have 'workflow_dispatch' trigger");
  if ((workflow.state ?? "active") !== "active") {
    return problem(422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow");
  }
  const run = startRun(state, repository, workflow, ref);
  if (body.return_run_details !== true || state.runDetails === "ignored") return { status: 204 };
  const { url, html_url } = addressesOf(run, state);
  return { status: 200, body: { workflow_run_id: run.id, run_url: url, html_url } };
}

function startRun(state: State, repository: Repository, workflow: Workflow, ref: string): Run {
  const id = 9_000 + state.runs.length;
  const createdAt = new Date().toISOString().replace(/\.\d+/, "");
  const run: Run = { id, repository, workflow, ref, createdAt, looks: 0, listings: 0 };
  state.runs.push(run);
  const unfinished = state.runs.filter((each) => statusOf(each) !== "completed").length;
  state.mostUnfinished = Math.max(state.mostUnfinished, unfinished);
  return run;
}

function listRuns(query: URLSearchParams, repository: Repository, workflow: Workflow, state: State): Answer {
  const since = /^>=(.+)$/.exec(query.get("created") ?? "")?.[1] ?? "";
  const runs = state.runs
    .filter((run) => run.repository === repository && run.workflow === workflow)
    .filter((run) => run.listings++ >= (state.listingLag ?? 0))
    .filter((run) => (query.get("event") ?? "workflow_dispatch") === "workflow_dispatch" && run.createdAt >= since)
    .filter((run) => (query.get("branch") ?? run.ref) === run.ref)
    .toReversed()
    .slice(0, Number(query.get("per_page") ?? 30));
  return { status: 200, body: { total_count: runs.length, workflow_runs: runs.map((run) => runBody(run, state)) } };
}

function answerRun(route: string, id: number, repository: Repository, state: State): Answer {
  const run = state.runs.find((each) => each.id === id && each.repository === repository);
  if (run === undefined) return problem(404, "Not Found");
  if (!route.endsWith("/jobs")) {
    run.looks++;
    return { status: 200, body: runBody(run, state) };
  }
  const names = ["build", ...(run.workflow.failedJob === undefined ? [] : [run.workflow.failedJob])];
  const jobs = names.map((name) =>
    fill("job", {
      run_id: run.id,
      name,
      status: "completed",
      conclusion: name === run.workflow.failedJob ? "failure" : "success",
    }),
  );
  return { status: 200, body: { total_count: jobs.length, jobs } };
}

function runBody(run: Run, state: State): Record<string, unknown> {
  const status = statusOf(run);
  return fill("workflow-run", {
    id: run.id,
    head_branch: run.ref,
    event: "workflow_dispatch",
    status,
    conclusion: status === "completed" ? (run.workflow.conclusion ?? "success") : null,
    path: `.github/workflows/${run.workflow.file}`,
    created_at: run.createdAt,
    updated_at: run.createdAt,
    ...addressesOf(run, state),
  });
}

function statusOf({ looks, workflow }: Run): "queued" | "in_progress" | "completed" {
  if (looks >= (workflow.looks ?? 1)) return "completed";
  return looks === 0 ? "queued" : "in_progress";
}

function addressesOf({ id, repository }: Run, state: State): { url: string; html_url: string } {
  return {
    url: `${state.url()}/repos/${repository.name}/actions/runs/${id}`,
    html_url: `https://github.example/${repository.name}/actions/runs/${id}`,
  };
}

function repositoryBody(repository: Repository): Record<string, unknown> {
  const [, name] = repository.name.split("/");
  return fill("full-repository", { name, full_name: repository.name, default_branch: branchOf(repository) });
}

function workflowBody(repository: Repository, { file, state }: Workflow): Record<string, unknown> {
  const path = `.github/workflows/${file}`;
  const address = `https://github.example/${repository.name}/blob/main/${path}`;
  return fill("workflow", { name: file, path, state: state ?? "active", html_url: address });
}

function branchOf(repository: Repository): string {
  return repository.defaultBranch ?? "main";
}

function sameName(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}

function problem(status: number, message: string): Answer {
  return { status, body: { message, documentation_url: "https://docs.github.com/rest", status: String(status) } };
}
