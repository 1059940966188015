import { createHash } from "node:crypto";
import type { Answer, Incoming } from "../strict-server.ts";
import { answerApp, isOfApp } from "./app.ts";
import { contentBody, repositoryBody, workflowBody } from "./bodies.ts";
import { createLimits, type Limits, type Usage } from "./limits.ts";
import { fileAt, type GitHubOptions, type Repository, type Run } from "./model.ts";
import { fill, findOperation, type Operation, problemWith, problemWithQuery } from "./openapi.ts";
import { answerRun, dispatch, listRuns, startRun } from "./runs.ts";
import { type Caller, type MadeToken, page, problem, type State, sameName } from "./state.ts";

/** The stand-in without a network: requests in, answers out. */
export interface GitHubState {
  readonly runs: readonly Run[];
  readonly usage: Usage;
  /** Tokens that were made for installations, and whether they still count. */
  readonly made: ReadonlyMap<string, MadeToken>;
  /** The largest number of runs that were not completed at one time. */
  mostUnfinished(): number;
  /** Dispatches a run as somebody else would. */
  dispatchElsewhere(repository: string, file: string, ref: string, more?: Partial<Run>): Run;
  handle(incoming: Incoming, apiUrl: string): Answer;
}

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

/** The body of a refusal, by GitHub's document. */
const basicError = { $ref: "github#/schemas/basic-error" };

function checkAnswer(answer: Answer, operation: Operation): void {
  const schema = answer.status < 400 ? operation.responses[answer.status] : basicError;
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
  return { ...answer, headers: { ...limits.headers(), ...scopes, ...answer.headers, etag } };
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
  const route = `${operation.method} ${operation.path}`;
  const query = incoming.url.searchParams;
  const seen = () => state.repositories.filter(({ name }) => sees(caller, name));
  switch (route) {
    case "GET /user":
      // Seen in public issues about this call with the token of a job.
      if (caller.installation) return problem(403, "Resource not accessible by integration");
      return { status: 200, body: fill("public-user", { login: caller.login, user_view_type: "public" }) };
    case "GET /user/repos":
      // Documented: what single sign-on protects is left out, and the header names the organisations by their numbers.
      if (caller.sso !== undefined)
        return { status: 200, body: [], headers: { "x-github-sso": "partial-results; organizations=7" } };
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
  // The header is documented ("Authenticating to the REST API", SAML single sign-on); the words are those of public issues.
  if (caller.sso !== undefined) {
    const headers = { "x-github-sso": `required; url=${caller.sso}` };
    return { ...problem(403, "Resource protected by organization SAML enforcement."), headers };
  }
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
