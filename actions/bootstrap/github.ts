import { FairleadError, messageOf } from "../core/errors.ts";
import { type HttpAnswer, request } from "../core/http.ts";

/** How GitHub's API is reached. */
export interface Access {
  readonly apiUrl: string;
  /** A secret. */
  readonly token: string;
  /** Whose token it is, for error messages. */
  readonly owner: string;
  readonly signal: AbortSignal;
}

/** A workflow run as far as it matters here. */
export interface WorkflowRun {
  readonly id: number;
  readonly url: string;
  /** `queued`, `in_progress`, `completed`, and others that all mean "not yet". */
  readonly status: string;
  /** `success`, `failure`, …; undefined before the run is completed. */
  readonly conclusion?: string | undefined;
}

/** A workflow that can be dispatched. */
export interface Dispatchable {
  /** The time on GitHub's clock. */
  readonly now: Date;
}

/** The run that a dispatch started, where GitHub tells it. */
export type Dispatched =
  | { readonly run: WorkflowRun }
  /** `accepted`: a run was started; `refused`: nothing happened, since this server does not know run details. */
  | { readonly run?: undefined; readonly outcome: "accepted" | "refused" };

const callTimeout = 30_000;

/** The default branch of a repository. @throws FairleadError GITHUB_REJECTED */
export async function defaultBranch(access: Access, repository: string): Promise<string> {
  const answer = await call(access, `/repos/${repository}`);
  if (answer.status === 404) {
    throw rejected(
      `${repository} does not exist, or the token of ${access.owner} may not see it.`,
      "Correct the line, or give the token access to the repository.",
    );
  }
  const { default_branch: branch } = read<{ default_branch?: unknown }>(access, answer);
  if (typeof branch !== "string") throw notGitHub(access);
  return branch;
}

/** Whether a workflow is there and enabled. @throws FairleadError GITHUB_REJECTED */
export async function findWorkflow(access: Access, repository: string, file: string): Promise<Dispatchable> {
  const answer = await call(access, `/repos/${repository}/actions/workflows/${file}`);
  if (answer.status === 404) {
    throw rejected(
      `${repository} has no workflow ${file} on its default branch.`,
      "Correct the line, or add the workflow.",
    );
  }
  const { state } = read<{ state: string }>(access, answer);
  if (state !== "active") {
    const why = state.replaceAll("_", " ");
    throw rejected(`The workflow ${file} of ${repository} is not active (${why}).`, "Enable it in the tab Actions.");
  }
  return { now: new Date(answer.headers.get("date") ?? Date.now()) };
}

/**
 * Starts a workflow. It is tried once: a second try could start it twice.
 *
 * @throws FairleadError GITHUB_REJECTED
 */
export async function dispatch(
  access: Access,
  repository: string,
  file: string,
  ref: string,
  withDetails: boolean,
): Promise<Dispatched> {
  const body = { ref, ...(withDetails ? { return_run_details: true } : {}) };
  const answer = await call(access, `/repos/${repository}/actions/workflows/${file}/dispatches`, body);
  if (answer.status === 204) return { outcome: "accepted" };
  // GitHub Enterprise Server 3.19 and older know no run details and say so in a 400 or 422.
  if (withDetails && [400, 422].includes(answer.status) && answer.body.includes("return_run_details")) {
    return { outcome: "refused" };
  }
  const { workflow_run_id: id, html_url: url } = read<{ workflow_run_id: number; html_url: string }>(access, answer);
  return { run: { id, url, status: "requested" } };
}

/** The newest dispatched runs of a workflow on a branch or tag since a time, the latest first. */
export async function dispatchedRuns(
  access: Access,
  repository: string,
  file: string,
  { ref, since }: { readonly ref: string; readonly since: Date },
): Promise<WorkflowRun[]> {
  const created = `>=${since.toISOString().replace(/\.\d+/, "")}`;
  const query = new URLSearchParams({ event: "workflow_dispatch", created, per_page: "100" });
  const answer = await call(access, `/repos/${repository}/actions/workflows/${file}/runs?${query}`);
  const { workflow_runs: runs } = read<{ workflow_runs: RawRun[] }>(access, answer);
  return runs.filter((run) => run.head_branch === ref).map(workflowRun);
}

/** A run; undefined when GitHub is busy or out of reach, which may pass. @throws FairleadError GITHUB_REJECTED */
export async function lookAtRun(access: Access, repository: string, id: number): Promise<WorkflowRun | undefined> {
  const answer = await call(access, `/repos/${repository}/actions/runs/${id}`).catch((thrown: unknown) => {
    access.signal.throwIfAborted();
    if (thrown instanceof FairleadError) return undefined;
    throw thrown;
  });
  if (answer === undefined || answer.status === 429 || answer.status >= 500) return undefined;
  return workflowRun(read<RawRun>(access, answer));
}

/** Names of the jobs of a run that did not succeed. */
export async function failedJobs(access: Access, repository: string, id: number): Promise<string[]> {
  const answer = await call(access, `/repos/${repository}/actions/runs/${id}/jobs?per_page=100`);
  const { jobs } = read<{ jobs: { name: string; conclusion: string | null }[] }>(access, answer);
  return jobs.filter(({ conclusion }) => conclusion !== "success" && conclusion !== "skipped").map(({ name }) => name);
}

interface RawRun {
  readonly id: number;
  readonly html_url: string;
  readonly status: string | null;
  readonly conclusion: string | null;
  readonly head_branch: string | null;
}

function workflowRun({ id, html_url: url, status, conclusion }: RawRun): WorkflowRun {
  return { id, url, status: status ?? "requested", conclusion: conclusion ?? undefined };
}

async function call(access: Access, path: string, body?: object): Promise<HttpAnswer> {
  try {
    return await request({
      url: `${access.apiUrl}${path}`,
      method: body === undefined ? "GET" : "POST",
      headers: {
        accept: "application/vnd.github+json",
        authorization: `Bearer ${access.token}`,
        "user-agent": "fairlead",
        // The version that still lets us ask for run details; from 2026-03-10 on they are always given.
        "x-github-api-version": "2022-11-28",
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body), attempts: 1 }),
      timeout: callTimeout,
      signal: access.signal,
    });
  } catch (thrown) {
    access.signal.throwIfAborted();
    if (thrown instanceof FairleadError) throw thrown;
    throw rejected(
      `GitHub at ${access.apiUrl} did not answer: ${messageOf(thrown)}.`,
      "Check `api-url` and the network.",
    );
  }
}

function read<T>(access: Access, answer: HttpAnswer): T {
  if (answer.status !== 200) throw refusal(access.owner, answer);
  try {
    return JSON.parse(answer.body) as T;
  } catch {
    throw notGitHub(access);
  }
}

function notGitHub({ apiUrl }: Access): FairleadError {
  return rejected(`What answers at ${apiUrl} is not GitHub's REST API.`, "Check `api-url`.");
}

function refusal(owner: string, { status, headers, body }: HttpAnswer): FairleadError {
  const said = messageIn(body);
  const isLimit = status === 429 || headers.get("x-ratelimit-remaining") === "0" || headers.get("retry-after") !== null;
  if (status === 401) return rejected(`GitHub does not accept the token of ${owner} (${said}).`, "Renew the token.");
  if (isLimit) {
    return rejected(
      `GitHub's rate limit for the token of ${owner} is used up (${said}).`,
      "Lower `concurrency`, or wait.",
    );
  }
  if (status === 403) {
    const fix = "Give it the permission `actions: write` (a classic token: the scope `repo`).";
    return rejected(`The token of ${owner} is not allowed to do this (${said}).`, fix);
  }
  return rejected(`GitHub refused with status ${status}: ${said}.`);
}

function messageIn(body: string): string {
  try {
    const { message }: { message?: unknown } = JSON.parse(body);
    if (typeof message === "string") return message.replace(/\.$/, "");
  } catch {
    // A proxy in between answers in HTML.
  }
  return "no explanation";
}

function rejected(message: string, fix?: string): FairleadError {
  return new FairleadError({ code: "GITHUB_REJECTED", message, ...(fix === undefined ? {} : { fix }) });
}
