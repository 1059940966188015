import { createSign } from "node:crypto";
import { FairleadError } from "../../core/errors.ts";
import type { HttpAnswer } from "../../core/http.ts";
import { apiHeaders, type Connection, parse } from "../api/client.ts";
import { messageIn, rejected } from "../api/faults.ts";

/** A GitHub App that is installed for the owners. */
export interface App {
  readonly id: string;
  /** A secret: PEM. */
  readonly privateKey: string;
}

/** A token of one installation. */
export interface InstallationToken {
  /** A secret. */
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** What is asked for, and nothing more: to dispatch and cancel, and to read manifests and workflow files. */
const permissions = { actions: "write", contents: "read", metadata: "read" } as const;

const tries = 5;

/** The App's login as the user of its runs. @throws FairleadError GITHUB_REJECTED, INPUT_INVALID */
export async function loginOfApp(connection: Connection, app: App): Promise<string> {
  const answer = await ask(connection, app, "GET", "/app");
  if (answer.status === 401) {
    throw rejected(
      `GitHub does not accept the App ${app.id} (${messageIn(answer.body)}).`,
      "Check `app-id` and `app-private-key`.",
    );
  }
  return `${parse<{ slug: string }>(connection, answer).slug}[bot]`;
}

/**
 * Makes a token for the App's installation with an owner, an organisation or a user.
 *
 * @throws FairleadError GITHUB_REJECTED when it is not installed there, or was not granted what is needed.
 */
export async function installationToken(connection: Connection, app: App, owner: string): Promise<InstallationToken> {
  const found = await ask(connection, app, "GET", `/users/${owner}/installation`);
  if (found.status === 404) {
    throw rejected(`The App ${app.id} is not installed for ${owner}.`, `Install it for the repositories of ${owner}.`);
  }
  const { id } = parse<{ id: number }>(connection, found);
  const answer = await ask(connection, app, "POST", `/app/installations/${id}/access_tokens`, { permissions });
  if (answer.status !== 201) {
    throw rejected(
      `GitHub makes no token for the App ${app.id} and ${owner} (${messageIn(answer.body)}).`,
      "Give the App the repository permissions `actions: write` and `contents: read`, and accept them where it is installed.",
    );
  }
  const { token, expires_at: expires } = parse<{ token: string; expires_at: string }>(connection, answer);
  return { token, expiresAt: Date.parse(expires) };
}

/** Ends a token at once. */
export async function revokeToken(
  { apiUrl, send, signal }: Pick<Connection, "apiUrl" | "send" | "signal">,
  token: string,
) {
  const headers = { ...apiHeaders, authorization: `Bearer ${token}` };
  const { status } = await send({
    method: "DELETE",
    url: `${apiUrl}/installation/token`,
    headers,
    timeout: 5_000,
    signal,
  });
  // 401: it has ended by itself.
  if (status !== 204 && status !== 401) throw new Error(`GitHub did not revoke a token: HTTP ${status}.`);
}

/** A call in the name of the App itself, tried again while GitHub is busy. Making a token twice does no harm. */
async function ask(connection: Connection, app: App, method: "GET" | "POST", path: string, body?: object) {
  const { apiUrl, clock, send, signal } = connection;
  for (let attempt = 1; ; attempt++) {
    const headers = { ...apiHeaders, authorization: `Bearer ${signedFor(app, clock.now())}` };
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer: HttpAnswer | undefined = await send({
      ...{ method, url: `${apiUrl}${path}`, headers, timeout: 15_000, signal },
      ...text,
    }).catch((thrown) => {
      if (attempt < tries) return undefined;
      throw thrown;
    });
    if (answer !== undefined && (answer.status < 500 || attempt === tries)) return answer;
    await clock.sleep(500 * 2 ** attempt, signal);
  }
}

/** A JWT of the App (GitHub's docs, "Generating a JSON Web Token (JWT) for a GitHub App"). */
function signedFor({ id, privateKey }: App, now: number): string {
  const seconds = Math.floor(now / 1_000);
  // A minute back for clocks that go wrong, and less than the ten minutes that it may last.
  const claims = { iat: seconds - 60, exp: seconds + 480, iss: id };
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const content = `${part({ alg: "RS256", typ: "JWT" })}.${part(claims)}`;
  try {
    // A variable often holds the key with its line ends written as \n.
    const key = privateKey.replaceAll("\\n", "\n");
    return `${content}.${createSign("RSA-SHA256").update(content).sign(key, "base64url")}`;
  } catch (thrown) {
    throw new FairleadError({
      code: "INPUT_INVALID",
      message: "`app-private-key` is no private key.",
      fix: "Give the whole PEM file that GitHub made for the App.",
      cause: thrown,
    });
  }
}
