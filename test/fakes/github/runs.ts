import type { Answer } from "../strict-server.ts";
import { addressesOf, jobsBody, runBody } from "./bodies.ts";
import { type Conclusion, fileAt, hasRef, type Repository, type Run, statusOf, type Workflow } from "./model.ts";
import { type Caller, page, problem, type State } from "./state.ts";

interface DispatchBody {
  readonly ref: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly return_run_details?: boolean;
}

// The messages are those that users report in public issues of the actions that dispatch workflows.
export function dispatch(
  body: DispatchBody,
  caller: Caller,
  repository: Repository,
  workflow: Workflow,
  apiUrl: string,
  state: State,
): Answer {
  // That permissions are looked at before refs is a guess; the header is documented ("Troubleshooting the REST API").
  if (caller.may === "read" || caller.writes === false) {
    const message = caller.installation
      ? "Resource not accessible by integration"
      : "Resource not accessible by personal access token";
    return { ...problem(403, message), headers: { "x-accepted-github-permissions": "actions=write" } };
  }
  if (body.return_run_details !== undefined && state.runDetails === "refused") {
    return problem(422, `"return_run_details" is not a permitted key.`);
  }
  const ref = body.ref.replace(/^refs\/(heads|tags)\//, "");
  if (!hasRef(repository, ref)) return problem(422, `No ref found for: ${ref}`);
  if (workflow.dispatchable === false) return problem(422, "Workflow does not have 'workflow_dispatch' trigger");
  if ((workflow.state ?? "active") !== "active") {
    return problem(422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow");
  }
  const text = fileAt(repository, `.github/workflows/${workflow.file}`, ref) ?? "";
  const unexpected = Object.keys(body.inputs ?? {}).filter((input) => !text.includes(`${input}:`));
  if (unexpected.length > 0) return problem(422, `Unexpected inputs provided: ${JSON.stringify(unexpected)}`);
  const run = startRun(state, repository, workflow, { ref, actor: caller.login, inputs: body.inputs ?? {} });
  if (body.return_run_details !== true || state.runDetails === "ignored") return { status: 204 };
  const { url, html_url } = addressesOf(run, apiUrl);
  return { status: 200, body: { workflow_run_id: run.id, run_url: url, html_url } };
}

type NewRun = Pick<Run, "ref" | "actor" | "inputs"> & Partial<Run>;

/** Makes a run, which takes its time, or is carried out. */
export function startRun(state: State, repository: Repository, workflow: Workflow, more: NewRun): Run {
  const id = 9_000 + state.runs.length;
  const createdAt = state.time();
  const endsAt = state.execute === undefined ? createdAt + (workflow.takes ?? 0) : Number.POSITIVE_INFINITY;
  const conclusion = workflow.conclusion ?? "success";
  const base = {
    id,
    repository,
    workflow,
    createdAt,
    endsAt,
    conclusion,
    cancelled: false,
    event: "workflow_dispatch",
  };
  const run: Run = { ...base, ...more };
  state.runs.push(run);
  const unfinished = state.runs.filter((each) => statusOf(each, createdAt) !== "completed").length;
  state.mostUnfinished = Math.max(state.mostUnfinished, unfinished);
  state.execute?.(run).then(
    (ended: Conclusion) => Object.assign(run, { conclusion: ended, endsAt: state.time() }),
    () => Object.assign(run, { conclusion: "failure", endsAt: state.time() }),
  );
  return run;
}

/** The runs of a workflow that are listed already, the newest first. */
export function listRuns(
  query: URLSearchParams,
  repository: Repository,
  workflow: Workflow,
  apiUrl: string,
  state: State,
): Answer {
  const now = state.time();
  const runs = state.runs
    .filter((run) => run.repository === repository && run.workflow === workflow)
    .filter((run) => now >= run.createdAt + (state.listingLag ?? 0))
    .filter((run) => (query.get("event") ?? run.event) === run.event)
    .filter((run) => (query.get("branch") ?? run.ref) === run.ref)
    .toReversed();
  const shown = page(runs, query).map((run) => runBody(run, now, apiUrl));
  return { status: 200, body: { total_count: runs.length, workflow_runs: shown } };
}

/** A run by itself, its jobs, or the end of it. */
export function answerRun(
  part: string,
  id: number,
  repository: Repository,
  caller: Caller,
  apiUrl: string,
  state: State,
): Answer {
  const now = state.time();
  const run = state.runs.find((each) => each.id === id && each.repository === repository);
  if (run === undefined || now < run.createdAt + (state.visibleLag ?? 0)) return problem(404, "Not Found");
  if (part.endsWith("/cancel")) {
    if (caller.may === "read") return problem(403, "Resource not accessible by personal access token");
    // The status is in GitHub's OpenAPI document, the words are a guess.
    if (statusOf(run, now) === "completed") return problem(409, "Cannot cancel a workflow run that is completed.");
    Object.assign(run, { cancelled: true, conclusion: "cancelled", endsAt: now });
    return { status: 202, body: {} };
  }
  return { status: 200, body: part.endsWith("/jobs") ? jobsBody(run) : runBody(run, now, apiUrl) };
}
