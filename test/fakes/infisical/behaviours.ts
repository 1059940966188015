import type { Answer } from "../strict-server.ts";

/** Where a behaviour of the stand-in was learned. A guess proves nothing. */
export type Learned = "seen on a server of July 2024" | "read in the server's source" | "documented" | "guess";

/** One refusal of Infisical. */
export interface Behaviour {
  readonly status: number;
  /** The `error` of the body. */
  readonly error: string;
  readonly message: string;
  readonly learned: Learned;
}

/** How servers of one time refuse requests. */
export interface Behaviours {
  readonly wrongCredentials: Behaviour;
  readonly invalidToken: Behaviour;
  readonly expiredToken: Behaviour;
  readonly missingToken: Behaviour;
  readonly notInProject: Behaviour;
  readonly unknownProjectId: Behaviour;
  readonly unknownProjectSlug: Behaviour;
  readonly incomplete: Behaviour;
  readonly tooManyRequests: Behaviour;
  readonly malformed: Behaviour;
  readonly noOidcAuth: Behaviour;
  readonly oidcTokenRefused: Behaviour;
  readonly oidcAudience: Behaviour;
  readonly oidcSubject: Behaviour;
  /** Of a folder, or of the environment that should have it; without them, the answer is an empty list. */
  readonly missingFolder?: Behaviour;
  /** Of an environment that is read with the folders below. */
  readonly missingEnvironment?: Behaviour;
}

const seen = "seen on a server of July 2024";
const source = "read in the server's source";

// Neither a missing folder nor a missing environment is an error: both were seen as an empty list.
const ofJuly2024: Behaviours = {
  wrongCredentials: { status: 403, error: "UnauthorizedError", message: "Invalid credentials", learned: seen },
  invalidToken: { status: 500, error: "Internal Server Error", message: "invalid token", learned: seen },
  expiredToken: { status: 500, error: "Internal Server Error", message: "jwt expired", learned: seen },
  missingToken: { status: 401, error: "Unauthorized", message: "Token missing", learned: "guess" },
  notInProject: {
    status: 403,
    error: "ForbiddenRequest",
    message: "You are not allowed to access this resource",
    learned: seen,
  },
  unknownProjectId: {
    status: 400,
    error: "BadRequest",
    message: "Project not found during bot lookup.",
    learned: seen,
  },
  unknownProjectSlug: { status: 400, error: "BadRequest", message: "No project found with slug", learned: source },
  incomplete: { status: 400, error: "BadRequest", message: "Missing workspace id or environment", learned: source },
  // The limit (600 a minute for one address) and the status were seen, the text was not.
  tooManyRequests: { status: 429, error: "RateLimitExceeded", message: "Rate limit exceeded", learned: "guess" },
  malformed: { status: 422, error: "ValidationFailure", message: "Invalid request", learned: "guess" },
  // The server of July 2024 has no OIDC auth; these are of later ones (identity-oidc-auth-service.ts).
  noOidcAuth: {
    status: 404,
    error: "NotFound",
    message: "OIDC auth method not found for identity, did you configure OIDC auth?",
    learned: source,
  },
  oidcTokenRefused: { status: 401, error: "UnauthorizedError", message: "Access denied: ", learned: source },
  oidcAudience: {
    status: 401,
    error: "UnauthorizedError",
    message: "Access denied: OIDC audience not allowed.",
    learned: source,
  },
  oidcSubject: {
    status: 403,
    error: "ForbiddenRequest",
    message: "Access denied: OIDC subject not allowed.",
    learned: source,
  },
};

/** Two generations of the service: the one whose answers were seen, and today's, whose error handler was read. */
export const generations = {
  "july-2024": ofJuly2024,
  current: {
    ...ofJuly2024,
    wrongCredentials: { ...ofJuly2024.wrongCredentials, status: 401, learned: source },
    invalidToken: { status: 403, error: "TokenError", message: "invalid token", learned: source },
    expiredToken: {
      status: 403,
      error: "TokenError",
      message: "Your token has expired. Please re-authenticate.",
      learned: source,
    },
    malformed: { ...ofJuly2024.malformed, learned: source },
    // secret-v2-bridge-service.ts and secret-v2-bridge-fns.ts, by which v3 and v4 list; before, it gave an empty list.
    missingFolder: {
      status: 404,
      error: "SecretPathNotFound",
      message: "Folder with path",
      learned: source,
    },
    missingEnvironment: { status: 404, error: "NotFound", message: "Environment with slug", learned: source },
  },
} as const satisfies Record<string, Behaviours>;

/** One of them. */
export type Generation = keyof typeof generations;

/** The answer for a refusal; `detail` goes behind its message. */
export function refuse(behaviour: Behaviour, detail = ""): Answer {
  const { status, error, message } = behaviour;
  return { status, body: { statusCode: status, error, message: `${message}${detail}` } };
}
