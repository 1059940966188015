import { createHash, createVerify } from "node:crypto";
import type { Answer, Incoming } from "../strict-server.ts";
import { addressesOf, contentBody, jobsBody, repositoryBody, runBody, workflowBody } from "./bodies.ts";
import { createLimits, type Limits, type Usage } from "./limits.ts";
import {
  type Conclusion,
  fileAt,
  type GitHubOptions,
  hasRef,
  type Repository,
  type Run,
  statusOf,
  type Token,
  type Workflow,
} from "./model.ts";
import { fill, findOperation, type Operation, problemWith, problemWithQuery } from "./openapi.ts";

/** The stand-in without a network: requests in, answers out. */
export interface GitHubState {
  readonly runs: readonly Run[];
  readonly usage: Usage;
  /** Tokens that were made for installations, and whether they still count. */
  readonly made: ReadonlyMap<string, { revoked: boolean; readonly permissions: Readonly<Record<string, string>> }>;
  /** The largest number of runs that were not completed at one time. */
  mostUnfinished(): number;
  /** Dispatches a run as somebody else would. */
  dispatchElsewhere(repository: string, file: string, ref: string, more?: Partial<Run>): Run;
  handle(incoming: Incoming, apiUrl: string): Answer;
}

interface Caller extends Token {
  readonly login: string;
  /** Whether it is the token of an installation. */
  readonly installation: boolean;
}

interface State extends GitHubOptions {
  readonly runs: Run[];
  readonly usage: Usage;
  readonly limits: Map<string, Limits>;
  readonly made: Map<
    string,
    { revoked: boolean; readonly permissions: Record<string, string>; caller: Caller; endsAt: number }
  >;
  readonly time: () => number;
  readonly byName: ReadonlyMap<string, Repository>;
  mostUnfinished: number;
}

const tokenLife = 3_600_000;

/** Makes GitHub as far as fairlead uses it. */
export function createGitHub(options: GitHubOptions): GitHubState {
  const usage: Usage = { refused: [], mostPoints: 0, mostWritesOfMinute: 0, mostWritesOfHour: 0, mostOfHour: 0 };
  const byName = new Map(options.repositories.map((each) => [each.name.toLowerCase(), each]));
  const time = options.now ?? Date.now;
  const state: State = {
    ...options,
    usage,
    byName,
    time,
    runs: [],
    limits: new Map(),
    made: new Map(),
    mostUnfinished: 0,
  };
  return {
    runs: state.runs,
    usage,
    made: state.made,
    mostUnfinished: () => state.mostUnfinished,
    dispatchElsewhere(name, file, ref, more = {}) {
      const repository = byName.get(name.toLowerCase());
      const workflow = repository?.workflows.find((each) => each.file === file);
      if (repository === undefined || workflow === undefined) throw new Error(`no ${file} in ${name}`);
      return startRun(state, repository, workflow, { ref, actor: "somebody-else", inputs: {}, ...more });
    },
    handle: (incoming, apiUrl) => handle(incoming, apiUrl, state),
  };
}

function handle(incoming: Incoming, apiUrl: string, state: State): Answer {
  const date = { date: new Date(state.time()).toUTCString() };
  const found = findOperation(incoming.method, incoming.url.pathname);
  if (found === undefined) return { ...problem(404, "Not Found"), violation: "unknown route" };
  const { operation, values } = found;
  const violation = wrongRequest(incoming, operation);
  if (violation !== undefined) return { ...problem(422, violation), violation };
  const route = `${operation.method} ${operation.path}`;
  const answer = isOfApp(route)
    ? answerApp(incoming, route, values, state)
    : answerToken(incoming, operation, values, apiUrl, state);
  checkAnswer(answer, operation);
  return { ...answer, headers: { ...date, ...answer.headers } };
}

function checkAnswer(answer: Answer, operation: Operation): void {
  const schema = answer.status < 400 ? operation.responses[answer.status] : { $ref: "#/schemas/basic-error" };
  const wrong = schema === null || schema === undefined ? undefined : problemWith(answer.body, schema);
  if (wrong !== undefined) throw new Error(`answer ${answer.status} of ${operation.path}: ${wrong}`);
}

function wrongRequest({ headers, url, body }: Incoming, operation: Operation): string | undefined {
  // Without them GitHub answers in a form, or by a version of the API, of its own choice (documented).
  if (headers["accept"] !== "application/vnd.github+json") return "no Accept: application/vnd.github+json";
  if (headers["x-github-api-version"] !== "2022-11-28") return "no X-GitHub-Api-Version: 2022-11-28";
  // GitHub refuses calls without it (documented).
  if (!headers["user-agent"]) return "no User-Agent";
  const wrongQuery = problemWithQuery(url.searchParams, operation);
  if (wrongQuery !== undefined) return wrongQuery;
  if (!operation.body) return body === "" ? undefined : "a body where none belongs";
  try {
    return problemWith(JSON.parse(body), operation.body);
  } catch {
    return "Problems parsing JSON";
  }
}

function isOfApp(route: string): boolean {
  return route === "GET /app" || route.includes("/app/installations/") || route.endsWith("/{username}/installation");
}

/** What an App asks in its own name, with a signed JWT (documented: RS256, at most ten minutes, `iss` the App's id). */
function answerApp(incoming: Incoming, route: string, [value = ""]: readonly string[], state: State): Answer {
  const { app } = state;
  const [, jwt = ""] = /^Bearer (\S+)$/.exec(incoming.headers["authorization"] ?? "") ?? [];
  const refused =
    app === undefined ? "Integration not found" : problemWithJwt(jwt, app.publicKey, app.id, state.time());
  if (app === undefined || refused !== undefined) return problem(401, refused ?? "");
  if (route === "GET /app") return { status: 200, body: fill("integration", { slug: app.slug }) };
  const owners = Object.keys(app.installations);
  if (route.endsWith("/installation")) {
    const id = owners.findIndex((owner) => sameName(owner, value)) + 1;
    return id === 0 ? problem(404, "Not Found") : { status: 200, body: fill("installation", { id }) };
  }
  const owner = owners[Number(value) - 1];
  if (owner === undefined) return problem(404, "Not Found");
  const granted = app.installations[owner] ?? {};
  const asked: Record<string, string> = JSON.parse(incoming.body).permissions ?? granted;
  const lacking = Object.entries(asked).some(([name, level]) => granted[name] !== level && granted[name] !== "write");
  // The message is that of public issues about tokens of Apps.
  if (lacking) return problem(422, "The permissions requested are not granted to this installation.");
  const token = `ghs_${createHash("sha256").update(`${owner}${state.made.size}`).digest("hex").slice(0, 36)}`;
  const endsAt = state.time() + tokenLife;
  const may = asked["actions"] === "write" ? "dispatch" : "read";
  const caller: Caller = { token, owners: [owner], login: `${app.slug}[bot]`, may, installation: true };
  state.made.set(token, { revoked: false, permissions: asked, caller, endsAt });
  return {
    status: 201,
    body: fill("installation-token", { token, expires_at: new Date(endsAt).toISOString(), permissions: asked }),
  };
}

function problemWithJwt(jwt: string, publicKey: string, id: string, now: number): string | undefined {
  const [head = "", claims = "", signature = ""] = jwt.split(".");
  const verified = createVerify("RSA-SHA256").update(`${head}.${claims}`).verify(publicKey, signature, "base64url");
  if (!verified) return "A JSON web token could not be decoded";
  const { iat, exp, iss } = JSON.parse(Buffer.from(claims, "base64url").toString());
  if (String(iss) !== id) return "Integration not found";
  if (exp - iat > 660 || exp * 1_000 < now || iat * 1_000 > now)
    return "'Expiration time' claim ('exp') is too far in the future";
  return undefined;
}

function callerOf(incoming: Incoming, state: State): Caller | undefined {
  const [, given = ""] = /^Bearer (\S+)$/.exec(incoming.headers["authorization"] ?? "") ?? [];
  const made = state.made.get(given);
  if (made !== undefined) return made.revoked || state.time() >= made.endsAt ? undefined : made.caller;
  const token = state.tokens.find((each) => each.token === given);
  return token && { login: `user-of-${token.owners[0]}`, installation: false, ...token };
}

/** What is asked with a token: limits first, then the answer, then whether it is known to the caller already. */
function answerToken(
  incoming: Incoming,
  operation: Operation,
  values: readonly string[],
  apiUrl: string,
  state: State,
): Answer {
  const caller = callerOf(incoming, state);
  if (caller === undefined) return problem(401, "Bad credentials");
  const key = `${caller.login} ${caller.installation ? caller.owners[0] : ""}`;
  const limits = state.limits.get(key) ?? createLimits(key, state.hourlyLimit ?? 5_000, state.usage);
  state.limits.set(key, limits);
  const refusal = limits.take({ write: incoming.method !== "GET", now: state.time() });
  if (refusal !== undefined) return limited(refusal, limits);
  const answer = answerAs(incoming, operation, values, caller, apiUrl, state);
  const scopes = caller.scopes === undefined ? {} : { "x-oauth-scopes": caller.scopes };
  if (answer.status !== 200 || incoming.method !== "GET") {
    return { ...answer, headers: { ...limits.headers(), ...scopes, ...answer.headers } };
  }
  const etag = `W/"${createHash("sha256").update(JSON.stringify(answer.body)).digest("hex")}"`;
  if (incoming.headers["if-none-match"] === etag) {
    limits.refund();
    return { status: 304, headers: { ...limits.headers(), etag } };
  }
  return { ...answer, headers: { ...limits.headers(), ...scopes, etag } };
}

/** Documented in "Rate limits for the REST API", "Exceeding the rate limit". */
function limited({ kind, retryAfter }: { kind: string; retryAfter: number }, limits: Limits): Answer {
  const message =
    kind === "primary" ? "API rate limit exceeded for user." : "You have exceeded a secondary rate limit. Please wait.";
  const headers = { ...limits.headers(), ...(kind === "primary" ? {} : { "retry-after": String(retryAfter) }) };
  return { ...problem(403, message), headers };
}

function answerAs(
  incoming: Incoming,
  operation: Operation,
  values: readonly string[],
  caller: Caller,
  apiUrl: string,
  state: State,
): Answer {
  // The header is documented ("Authenticating to the REST API", SAML single sign-on); the words are those of public issues.
  if (caller.sso !== undefined) {
    const headers = { "x-github-sso": `required; url=${caller.sso}` };
    return { ...problem(403, "Resource protected by organization SAML enforcement."), headers };
  }
  const route = `${operation.method} ${operation.path}`;
  const query = incoming.url.searchParams;
  const seen = () => state.repositories.filter(({ name }) => sees(caller, name));
  switch (route) {
    case "GET /user":
      // Seen in public issues about this call with the token of a job.
      if (caller.installation) return problem(403, "Resource not accessible by integration");
      return { status: 200, body: fill("public-user", { login: caller.login, user_view_type: "public" }) };
    case "GET /user/repos":
      return { status: 200, body: page(seen(), query).map((each) => repositoryBody(each, "repository", caller)) };
    case "GET /installation/repositories": {
      if (!caller.installation) return problem(403, "You must authenticate with an installation access token");
      const repositories = page(seen(), query).map((each) => repositoryBody(each, "repository", caller));
      return { status: 200, body: { total_count: seen().length, repositories } };
    }
    case "DELETE /installation/token": {
      const made = state.made.get(caller.token);
      if (made !== undefined) made.revoked = true;
      return { status: 204 };
    }
    default:
      return answerRepository(incoming, route, values.map(decodeURIComponent), caller, apiUrl, state);
  }
}

function sees({ owners }: Caller, repository: string): boolean {
  const [owner = ""] = repository.split("/");
  return owners.some((each) => sameName(each, owner));
}

function page<T>(all: readonly T[], query: URLSearchParams): T[] {
  const size = Number(query.get("per_page") ?? 30);
  const first = (Number(query.get("page") ?? 1) - 1) * size;
  return all.slice(first, first + size);
}

function answerRepository(
  incoming: Incoming,
  route: string,
  [owner = "", name = "", id = ""]: readonly string[],
  caller: Caller,
  apiUrl: string,
  state: State,
): Answer {
  const repository = state.byName.get(`${owner}/${name}`.toLowerCase());
  // What a token may not see does not exist for it (documented).
  if (repository === undefined || !sees(caller, repository.name)) return problem(404, "Not Found");
  const query = incoming.url.searchParams;
  const part = route.replace("/repos/{owner}/{repo}", "");
  if (part === "GET ") return { status: 200, body: repositoryBody(repository, "full-repository", caller) };
  if (part.startsWith("GET /contents/")) {
    const text = fileAt(repository, id, query.get("ref") ?? repository.defaultBranch ?? "main");
    return text === undefined ? problem(404, "Not Found") : { status: 200, body: contentBody(id, text) };
  }
  if (part.startsWith("GET /git/matching-refs/")) return matchingRefs(repository, id);
  if (part.includes("/actions/runs/")) return answerRun(part, Number(id), repository, caller, apiUrl, state);
  const workflow = repository.workflows.find(({ file }) => file === id);
  if (workflow === undefined) return problem(404, "Not Found");
  if (part.endsWith("/dispatches"))
    return dispatch(JSON.parse(incoming.body), caller, repository, workflow, apiUrl, state);
  if (part.endsWith("/runs")) return listRuns(query, repository, workflow, apiUrl, state);
  return { status: 200, body: workflowBody(repository, workflow) };
}

function matchingRefs({ tags = [] }: Repository, start: string): Answer {
  const found = tags.map((tag) => `tags/${tag}`).filter((ref) => ref.startsWith(start));
  const sha = createHash("sha1").update(start).digest("hex");
  const object = { type: "commit", sha, url: `https://github.example/commits/${sha}` };
  return { status: 200, body: found.sort().map((ref) => fill("git-ref", { ref: `refs/${ref}`, object })) };
}

interface DispatchBody {
  readonly ref: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly return_run_details?: boolean;
}

// The messages are those that users report in public issues of the actions that dispatch workflows.
function dispatch(
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

function startRun(state: State, repository: Repository, workflow: Workflow, more: NewRun): Run {
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

function listRuns(
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

function answerRun(
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

function sameName(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}

function problem(status: number, message: string): Answer {
  return { status, body: { message, documentation_url: "https://docs.github.com/rest", status: String(status) } };
}
