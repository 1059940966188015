import type { HttpAnswer } from "../../core/http.ts";
import { type Client, call, parse, read, readPages } from "./client.ts";
import { messageIn, refusal, rejected } from "./faults.ts";

/** A repository as far as it matters here. */
export interface Repository {
  /** `owner/name`, as GitHub spells it. */
  readonly name: string;
  readonly defaultBranch: string;
  readonly archived: boolean;
  readonly topics: readonly string[];
  /** Whether the user of the token may write to it; undefined where GitHub does not say. */
  readonly writable?: boolean | undefined;
}

/** A workflow run. */
export interface WorkflowRun {
  readonly id: number;
  /** Address in the browser. */
  readonly url: string;
  readonly status: string;
  /** Undefined before the run is completed. */
  readonly conclusion?: string | undefined;
  readonly event: string;
  readonly createdAt: string;
  /** Login of whoever started it. */
  readonly actor?: string | undefined;
}

/** The first job of a run that did not succeed, and its first such step. */
export interface FailedJob {
  readonly job: string;
  readonly step?: string | undefined;
}

/** What came of a dispatch. */
export type Dispatched =
  | { readonly run: number; readonly url: string }
  /** `accepted`: a run was started; `unknown details`: nothing happened, since this server does not know run details. */
  | { readonly run?: undefined; readonly outcome: "accepted" | "unknown details" };

interface RawRepository {
  readonly full_name: string;
  readonly default_branch: string;
  readonly archived: boolean;
  readonly disabled?: boolean;
  readonly topics?: readonly string[];
  readonly permissions?: { readonly push?: boolean };
  readonly owner: { readonly login: string };
}

interface RawRun {
  readonly id: number;
  readonly html_url: string;
  readonly status: string | null;
  readonly conclusion: string | null;
  readonly event: string;
  readonly created_at: string;
  readonly head_branch: string | null;
  readonly actor?: { readonly login: string } | null;
  readonly triggering_actor?: { readonly login: string } | null;
}

/** A repository; undefined when it is not there or not to be seen. @throws FairleadError GITHUB_REJECTED */
export async function findRepository(client: Client, repository: string): Promise<Repository | undefined> {
  const answer = await call(client, { path: `/repos/${repository}` });
  if (answer.status === 404) return undefined;
  return repositoryOf(checked<RawRepository>(client, answer));
}

/**
 * All repositories of an owner that the token sees.
 *
 * @param app whether it is the token of an App's installation.
 * @throws FairleadError GITHUB_REJECTED, also where single sign-on hides all of them.
 */
export async function listRepositories(client: Client, app: boolean): Promise<Repository[]> {
  const { all, partial } = app
    ? await readPages(
        client,
        { path: "/installation/repositories" },
        ({ repositories }: { repositories: readonly RawRepository[] }) => repositories,
      )
    : await readPages(
        client,
        { path: "/user/repos", query: { affiliation: "owner,collaborator,organization_member" } },
        (repositories: readonly RawRepository[]) => repositories,
      );
  const owner = client.owner.toLowerCase();
  const own = all.filter((each) => each.owner.login.toLowerCase() === owner);
  if (own.length > 0 || !partial) return own.map(repositoryOf);
  throw rejected(
    `The token of ${client.owner} is not authorised for single sign-on, so it sees none of the repositories.`,
    "Authorise it in the settings of the token (Configure SSO).",
  );
}

/** The text of a file at a branch or tag; undefined where there is none. @throws FairleadError GITHUB_REJECTED */
export async function readFile(
  client: Client,
  repository: string,
  file: string,
  ref: string,
): Promise<string | undefined> {
  const answer = await call(client, { path: `/repos/${repository}/contents/${file}`, query: { ref } });
  if (answer.status === 404) return undefined;
  const { type, content } = checked<{ type?: string; content?: string }>(client, answer);
  return type === "file" && content !== undefined ? Buffer.from(content, "base64").toString() : undefined;
}

/** Names of the tags that begin with a text. @throws FairleadError GITHUB_REJECTED */
export async function tagsThatBeginWith(client: Client, repository: string, start: string): Promise<string[]> {
  const parts = ["tags", ...(start === "" ? [] : start.split("/"))].map(encodeURIComponent);
  const path = `/repos/${repository}/git/matching-refs/${parts.join("/")}`;
  const refs = await read<readonly { ref: string }[]>(client, { path });
  return refs.map(({ ref }) => ref.replace(/^refs\/tags\//, ""));
}

/** The state of a workflow, `active` or why not; undefined when it is not there. @throws FairleadError GITHUB_REJECTED */
export async function workflowState(client: Client, repository: string, file: string): Promise<string | undefined> {
  const answer = await call(client, { path: `/repos/${repository}/actions/workflows/${file}` });
  return answer.status === 404 ? undefined : checked<{ state: string }>(client, answer).state;
}

/** The newest runs of a workflow on a branch or tag, the newest first, and the time on GitHub's clock. */
export async function listRuns(client: Client, repository: string, file: string, ref: string) {
  const query = { branch: ref, per_page: "30", exclude_pull_requests: "true" };
  const answer = await call(client, { path: `/repos/${repository}/actions/workflows/${file}/runs`, query });
  const { workflow_runs: runs } = checked<{ workflow_runs: readonly RawRun[] }>(client, answer);
  const now = Date.parse(answer.headers.get("date") ?? "") || client.clock.now();
  // A pull request's run has the branch of its head, which may be called as ours is.
  const ours = runs.filter((run) => run.head_branch === ref && !run.event.startsWith("pull_request"));
  return { now, runs: ours.map(runOf) };
}

/**
 * Starts a workflow. It is tried once: a second try could start it twice.
 *
 * @throws Uncertain when nobody knows whether it was started; FairleadError GITHUB_REJECTED.
 */
export async function dispatch(
  client: Client,
  repository: string,
  file: string,
  body: {
    readonly ref: string;
    readonly inputs?: Readonly<Record<string, string>>;
    readonly return_run_details?: true;
  },
): Promise<Dispatched> {
  const path = `/repos/${repository}/actions/workflows/${file}/dispatches`;
  const answer = await call(client, { path, method: "POST", body });
  if (answer.status === 204) return { outcome: "accepted" };
  // GitHub Enterprise Server 3.19 and older know no run details and say so in a 400 or 422.
  const known = !(body.return_run_details && [400, 422].includes(answer.status));
  if (!known && answer.body.includes("return_run_details")) return { outcome: "unknown details" };
  const details = checked<{ workflow_run_id: number; html_url: string }>(client, answer);
  return { run: details.workflow_run_id, url: details.html_url };
}

/**
 * Asks whether a token may dispatch, with a dispatch on a ref that cannot be there: permissions are looked at first.
 *
 * @throws FairleadError GITHUB_REJECTED when it may not.
 */
export async function tryPermission(client: Client, repository: string, file: string): Promise<void> {
  const path = `/repos/${repository}/actions/workflows/${file}/dispatches`;
  // No ref may have two dots in a row (git-check-ref-format).
  const answer = await call(client, { path, method: "POST", kind: "aside", body: { ref: "fairlead..permission" } });
  if (answer.status !== 422) throw refusal(client.owner, answer);
}

/** A run, or that nothing changed since the answer with this tag; `absent` where it is not there. */
export async function lookAtRun(client: Client, repository: string, id: number, etag: string | undefined) {
  const path = `/repos/${repository}/actions/runs/${id}`;
  const answer = await call(client, { path, kind: "poll", etag, query: { exclude_pull_requests: "true" } });
  if (answer.status === 304) return { same: true as const, etag };
  if (answer.status === 404) return { absent: true as const, etag: undefined };
  // A server that stays busy is looked at again at the next turn.
  if (answer.status >= 500) return { same: true as const, etag };
  return { run: runOf(checked<RawRun>(client, answer)), etag: answer.headers.get("etag") ?? undefined };
}

/** The jobs of a run that did not succeed. */
export async function failedJobs(client: Client, repository: string, id: number): Promise<FailedJob[]> {
  const path = `/repos/${repository}/actions/runs/${id}/jobs`;
  const { jobs } = await read<{ jobs: readonly RawJob[] }>(client, { path, query: { per_page: "100" } });
  const failed = ({ conclusion }: { conclusion?: string | null }) =>
    conclusion !== undefined && conclusion !== null && conclusion !== "success" && conclusion !== "skipped";
  return jobs.filter(failed).map(({ name, steps = [] }) => ({ job: name, step: steps.find(failed)?.name }));
}

interface RawJob {
  readonly name: string;
  readonly conclusion: string | null;
  readonly steps?: readonly { readonly name: string; readonly conclusion: string | null }[];
}

/** Asks for the end of a run; one that is over already is left as it is. @throws FairleadError GITHUB_REJECTED */
export async function cancelRun(client: Client, repository: string, id: number): Promise<void> {
  const path = `/repos/${repository}/actions/runs/${id}/cancel`;
  const answer = await call(client, { path, method: "POST", kind: "aside" });
  if (answer.status !== 202 && answer.status !== 409) throw refusal(client.owner, answer);
}

/** When a run of this repository was started, by GitHub's clock; undefined where the token does not see it. */
export async function startOfRun(client: Client, repository: string, id: string): Promise<string | undefined> {
  const answer = await call(client, { path: `/repos/${repository}/actions/runs/${id}` });
  return answer.status === 200 ? runOf(parse<RawRun>(client, answer)).createdAt : undefined;
}

function checked<T>(client: Client, answer: HttpAnswer): T {
  if (answer.status !== 200) throw refusal(client.owner, answer);
  return parse<T>(client, answer);
}

function repositoryOf(raw: RawRepository): Repository {
  if (typeof raw.default_branch !== "string" || typeof raw.full_name !== "string") {
    throw rejected(`GitHub's answer describes no repository (${messageIn(JSON.stringify(raw))}).`, "Check `api-url`.");
  }
  return {
    name: raw.full_name,
    defaultBranch: raw.default_branch,
    archived: raw.archived || raw.disabled === true,
    topics: raw.topics ?? [],
    writable: raw.permissions?.push,
  };
}

function runOf({ id, html_url, status, conclusion, event, created_at, actor, triggering_actor }: RawRun): WorkflowRun {
  return {
    ...{ id, url: html_url, event, createdAt: created_at },
    status: status ?? "requested",
    conclusion: conclusion ?? undefined,
    actor: triggering_actor?.login ?? actor?.login,
  };
}
