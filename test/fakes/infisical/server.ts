import { randomBytes } from "node:crypto";
import { readIdToken } from "../id-tokens/token.ts";
import { type Answer, type Incoming, type StrictServer, startStrictServer } from "../strict-server.ts";
import { type Behaviours, type Generation, generations, refuse } from "./behaviours.ts";
import { hasFolder, type Location, listImports, listSecrets, type Project } from "./store.ts";

/** A machine identity with universal auth, and with OIDC auth where it has `oidc`. */
export interface Identity {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly oidc?: OidcAuth;
  /** Slugs of the projects it is a member of. */
  readonly projects: readonly string[];
}

/** Whose tokens an identity accepts; each value must be equal. */
export interface OidcAuth {
  readonly identityId: string;
  /** Public key of the issuer, as PEM. The real server fetches it from the issuer's address. */
  readonly key: string;
  readonly audience: string;
  readonly subject: string;
}

/** What the stand-in holds. */
export interface InfisicalOptions {
  readonly projects: readonly Project[];
  readonly identities: readonly Identity[];
  readonly generation?: Generation;
  /** Requests of one minute after which it answers 429; 600, as seen on a real server. */
  readonly limitPerMinute?: number;
  readonly host?: string;
  readonly port?: number;
}

/** A running stand-in for Infisical. */
export interface Infisical extends StrictServer {
  /** Every access token it gave out; they are secrets too. */
  readonly tokens: readonly string[];
  /** Tokens that were given out and neither revoked nor expired. */
  liveTokens(): string[];
  /** Lets every token that was given out expire. */
  expireTokens(): void;
  /** Revokes every token that was given out, as somebody could in the dashboard. */
  revokeTokens(): void;
  /** Gives a folder new secrets. */
  setSecrets(slug: string, environment: string, path: string, secrets: Readonly<Record<string, string>>): void;
}

interface State {
  readonly generation: Generation;
  readonly behaviours: Behaviours;
  readonly identities: readonly Identity[];
  readonly tokens: Map<string, { readonly identity: Identity; expired: boolean }>;
  readonly given: string[];
  projects: readonly Project[];
}

interface Route {
  readonly pattern: RegExp;
  readonly answer: (incoming: Incoming, state: State) => Answer;
  /** Older servers do not have it: to ask them is no mistake, and gives 404. */
  readonly since?: Generation;
}

/** Starts a stand-in for Infisical that understands exactly what fairlead may ask. */
export async function startInfisical(options: InfisicalOptions): Promise<Infisical> {
  const generation = options.generation ?? "july-2024";
  const state: State = {
    generation,
    behaviours: generations[generation],
    identities: options.identities,
    tokens: new Map(),
    given: [],
    projects: options.projects,
  };
  const isOverLimit = limiter(options.limitPerMinute ?? 600);
  const server = await startStrictServer({
    name: "Infisical",
    ...(options.host === undefined ? {} : { host: options.host }),
    ...(options.port === undefined ? {} : { port: options.port }),
    handle(incoming) {
      if (isOverLimit()) return { ...refuse(state.behaviours.tooManyRequests), headers: { "retry-after": "1" } };
      const { method, url } = incoming;
      const route = routeOf(`${method} ${url.pathname}`);
      if (route !== undefined && !(route.since === "current" && generation !== "current")) {
        return route.answer(incoming, state);
      }
      // The text is Fastify's own for an unknown route.
      const message = `Route ${method}:${url.pathname}${url.search} not found`;
      const body = { message, error: "Not Found", statusCode: 404 };
      return { status: 404, body, ...(route === undefined ? { violation: "unknown route" } : {}) };
    },
  });
  return {
    ...server,
    tokens: state.given,
    liveTokens: () => [...state.tokens].filter(([, { expired }]) => !expired).map(([token]) => token),
    expireTokens() {
      for (const token of state.tokens.values()) token.expired = true;
    },
    revokeTokens: () => state.tokens.clear(),
    setSecrets(slug, environment, path, secrets) {
      state.projects = state.projects.map((project) =>
        project.slug === slug ? withSecrets(project, environment, path, secrets) : project,
      );
    },
  };
}

const routes: readonly Route[] = [
  { pattern: /^POST \/api\/v1\/auth\/universal-auth\/login$/, answer: logIn },
  { pattern: /^POST \/api\/v1\/auth\/oidc-auth\/login$/, answer: logInWithOidc, since: "current" },
  { pattern: /^POST \/api\/v1\/auth\/token\/revoke$/, answer: revoke },
  { pattern: /^GET \/api\/v3\/secrets\/raw$/, answer: (incoming, state) => list(incoming, state, parametersOfV3) },
  {
    pattern: /^GET \/api\/v4\/secrets$/,
    answer: (incoming, state) => list(incoming, state, parametersOfV4),
    since: "current",
  },
  // Documented (v1, by id) and read in the server's source (v2, by slug).
  { pattern: /^GET \/api\/v1\/workspace\/[^/]+$/, answer: (incoming, state) => describe(incoming, state, "id") },
  { pattern: /^GET \/api\/v2\/workspace\/[^/]+$/, answer: (incoming, state) => describe(incoming, state, "slug") },
];

function routeOf(name: string): Route | undefined {
  return routes.find(({ pattern }) => pattern.test(name));
}

function logIn(incoming: Incoming, state: State): Answer {
  const body = readBody(incoming, ["clientId", "clientSecret"]);
  if ("violation" in body) return malformed(state, body.violation);
  const { clientId, clientSecret } = body.fields;
  const identity = state.identities.find((each) => each.clientId === clientId && each.clientSecret === clientSecret);
  if (identity === undefined) return refuse(state.behaviours.wrongCredentials);
  return giveToken(identity, state);
}

// The order in which the server looks is read in its source.
function logInWithOidc(incoming: Incoming, state: State): Answer {
  const body = readBody(incoming, ["identityId", "jwt"]);
  if ("violation" in body) return malformed(state, body.violation);
  const { identityId, jwt = "" } = body.fields;
  const { behaviours, identities } = state;
  const identity = identities.find(({ oidc }) => oidc?.identityId === identityId);
  if (identity?.oidc === undefined) return refuse(behaviours.noOidcAuth);
  const read = readIdToken(jwt, identity.oidc.key, Date.now());
  if ("fault" in read) return refuse(behaviours.oidcTokenRefused, read.fault);
  if (read.claims["sub"] !== identity.oidc.subject) return refuse(behaviours.oidcSubject);
  if (read.claims["aud"] !== identity.oidc.audience) return refuse(behaviours.oidcAudience);
  return giveToken(identity, state);
}

function giveToken(identity: Identity, state: State): Answer {
  const token = `eyJ${randomBytes(48).toString("base64url")}`;
  state.tokens.set(token, { identity, expired: false });
  state.given.push(token);
  return {
    status: 200,
    body: { accessToken: token, expiresIn: 7200, accessTokenMaxTTL: 2592000, tokenType: "Bearer" },
  };
}

// The route and its answer are read in the server's source; that it needs no Authorization header too.
function revoke(incoming: Incoming, state: State): Answer {
  const body = readBody(incoming, ["accessToken"]);
  if ("violation" in body) return malformed(state, body.violation);
  const token = body.fields["accessToken"] ?? "";
  if (!state.tokens.delete(token)) return refuse(state.behaviours.invalidToken);
  return { status: 200, body: { message: "Successfully revoked access token" } };
}

const flags = ["include_imports", "recursive", "expandSecretReferences", "viewSecretValue"];
const parameters = ["environment", "secretPath", "tagSlugs", ...flags];
const parametersOfV3 = new Set(["workspaceId", "workspaceSlug", ...parameters]);
// Read in the server's source: a project is known by its id only, and the flags are those of v3.
const parametersOfV4 = new Set(["projectId", ...parameters]);

function list({ url, headers }: Incoming, state: State, known: ReadonlySet<string>): Answer {
  const violation = wrongQuery(url.searchParams, known);
  if (violation !== undefined) return malformed(state, violation);
  const identity = authenticate(headers["authorization"], state);
  if ("refusal" in identity) return identity.refusal;
  const query = Object.fromEntries(url.searchParams);
  const { projectId, ...rest } = query;
  const project = findProject(projectId === undefined ? rest : { ...rest, workspaceId: projectId }, state);
  if ("refusal" in project) return project.refusal;
  if (!identity.found.projects.includes(project.found.slug)) return refuse(state.behaviours.notInProject);
  const location = { environment: query["environment"] ?? "", path: withoutTrailingSlash(query["secretPath"] ?? "/") };
  // Expanding is off in the API when the parameter is missing; the SDK always sends it.
  const expand = query["expandSecretReferences"] === "true";
  const options = { recursive: query["recursive"] === "true", expand };
  const missing = refuseMissing(project.found, location, options.recursive, state);
  if (missing !== undefined) return missing;
  const secrets = listSecrets(project.found, location, options);
  const imports = query["include_imports"] === "true" ? listImports(project.found, location, options) : [];
  return { status: 200, body: { secrets, imports } };
}

/** What a server says of a folder that is not there, if it says it. */
function refuseMissing(
  project: Project,
  { environment, path }: Location,
  recursive: boolean,
  { behaviours }: State,
): Answer | undefined {
  const { missingEnvironment, missingFolder } = behaviours;
  if (missingEnvironment !== undefined && recursive && project.environments[environment] === undefined) {
    return refuse(missingEnvironment, ` '${environment}' in project with ID ${project.id} not found`);
  }
  if (missingFolder === undefined || hasFolder(project, { environment, path })) return undefined;
  const advice = "Please ensure the environment slug and secret path is correct.";
  return refuse(missingFolder, ` '${path}' in environment '${environment}' was not found. ${advice}`);
}

/** A project with its environments: v2 gives it bare, v1 under `workspace`. */
function describe({ url, headers }: Incoming, state: State, by: "id" | "slug"): Answer {
  const identity = authenticate(headers["authorization"], state);
  if ("refusal" in identity) return identity.refusal;
  const name = decodeURIComponent(url.pathname.split("/").at(-1) ?? "");
  const project = state.projects.find((each) => each[by] === name);
  if (project === undefined) {
    return refuse(by === "id" ? state.behaviours.unknownProjectId : state.behaviours.unknownProjectSlug, ` ${name}`);
  }
  if (!identity.found.projects.includes(project.slug)) return refuse(state.behaviours.notInProject);
  const environments = Object.keys(project.environments).map((slug) => ({ id: slug, slug, name: slug }));
  const described = { id: project.id, _id: project.id, slug: project.slug, name: project.slug, environments };
  return { status: 200, body: by === "id" ? { workspace: described } : described };
}

function wrongQuery(query: URLSearchParams, known: ReadonlySet<string>): string | undefined {
  const unknown = [...query.keys()].find((name) => !known.has(name));
  if (unknown !== undefined) return `unknown parameter ${unknown}`;
  const wrong = flags.find((name) => query.has(name) && !/^(true|false)$/.test(query.get(name) ?? ""));
  return wrong === undefined ? undefined : `${wrong} must be true or false`;
}

type Lookup<T> = { readonly found: T } | { readonly refusal: Answer };

function authenticate(header: string | undefined, { behaviours, tokens }: State): Lookup<Identity> {
  const [, token] = /^Bearer (\S+)$/.exec(header ?? "") ?? [];
  if (token === undefined) return { refusal: { ...refuse(behaviours.missingToken), violation: "no bearer token" } };
  const known = tokens.get(token);
  if (known === undefined) return { refusal: refuse(behaviours.invalidToken) };
  return known.expired ? { refusal: refuse(behaviours.expiredToken) } : { found: known.identity };
}

function findProject(query: Record<string, string>, { behaviours, projects }: State): Lookup<Project> {
  const { workspaceId: id, workspaceSlug: slug, environment } = query;
  const found = projects.find((project) => (id === undefined ? project.slug === slug : project.id === id));
  if (found !== undefined && environment) return { found };
  if ((id === undefined && slug === undefined) || !environment) {
    return { refusal: { ...refuse(behaviours.incomplete), violation: "project or environment is missing" } };
  }
  return {
    refusal: id === undefined ? refuse(behaviours.unknownProjectSlug, ` ${slug}`) : refuse(behaviours.unknownProjectId),
  };
}

function readBody(
  { headers, body }: Incoming,
  names: readonly string[],
): { fields: Record<string, string> } | { violation: string } {
  if (!/^application\/json\b/.test(headers["content-type"] ?? ""))
    return { violation: "the body is not declared as JSON" };
  try {
    const fields: unknown = JSON.parse(body);
    const keys = Object.keys(fields as object);
    if (
      keys.length === names.length &&
      names.every((name) => typeof (fields as Record<string, unknown>)[name] === "string")
    ) {
      return { fields: fields as Record<string, string> };
    }
    return { violation: `the body must hold ${names.join(" and ")}, not ${keys.join(", ")}` };
  } catch {
    return { violation: "the body is not JSON" };
  }
}

function malformed({ behaviours }: State, violation: string): Answer {
  return { ...refuse(behaviours.malformed, `: ${violation}`), violation };
}

function withoutTrailingSlash(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

function withSecrets(
  project: Project,
  environment: string,
  path: string,
  secrets: Readonly<Record<string, string>>,
): Project {
  const folders = project.environments[environment] ?? {};
  const folder = { ...folders[path], secrets };
  return { ...project, environments: { ...project.environments, [environment]: { ...folders, [path]: folder } } };
}

/** Counts requests of the running minute. */
function limiter(limit: number): () => boolean {
  let start = performance.now();
  let count = 0;
  return () => {
    if (performance.now() - start > 60_000) {
      start = performance.now();
      count = 0;
    }
    return ++count > limit;
  };
}
