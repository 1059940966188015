import type { Context } from "./context.ts";
import { sendDirectly } from "./direct.ts";
import { FairleadError, messageOf } from "./errors.ts";
import { type HttpAnswer, request } from "./http.ts";

/**
 * Asks GitHub for a token (JWT) that says which job this is, signed for one audience. Gives it masked.
 * The address and the login are in the variables of a step whose job has `id-token: write`; the request and its answer
 * are those of `getIDToken` of `@actions/core`.
 *
 * @param audience who the token is for; the address of the repository's owner if left out, as GitHub chooses it.
 * @param timeout milliseconds for the whole call.
 * @throws FairleadError ID_TOKEN_MISSING when this job may not have one; ID_TOKEN_UNAVAILABLE when the endpoint is in
 *   trouble, so that another try may help.
 */
export async function requestIdToken(
  audience: string | undefined,
  timeout: number,
  { environment, masker, signal }: Pick<Context, "environment" | "masker" | "signal">,
): Promise<string> {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: address, ACTIONS_ID_TOKEN_REQUEST_TOKEN: login } = environment;
  if (!address || !login) throw missing("this job may not ask for one");
  const url = new URL(address);
  if (audience !== undefined) url.searchParams.set("audience", audience);
  const headers = { accept: "application/json", authorization: `Bearer ${login}` };
  const busy = ({ status }: HttpAnswer) => status === 500;
  const answer = await request({ url, headers, timeout, signal, send: sendDirectly, busy }).catch((thrown) => {
    signal.throwIfAborted();
    const reason = thrown instanceof FairleadError ? thrown.message : messageOf(thrown);
    throw unavailable(reason.replace(/\.$/, ""), thrown);
  });
  const { status } = answer;
  if (status === 401 || status === 403) throw missing(`GitHub answers HTTP ${status}`);
  if (status !== 200) throw unavailable(`it answers HTTP ${status}`);
  const token = tokenIn(answer.body);
  if (token === undefined) throw unavailable("its answer holds no token");
  masker.add(token);
  return token;
}

function tokenIn(body: string): string | undefined {
  try {
    const { value } = JSON.parse(body) as { value?: unknown };
    return typeof value === "string" && value !== "" ? value : undefined;
  } catch {
    return undefined;
  }
}

function missing(reason: string): FairleadError {
  return new FairleadError({
    code: "ID_TOKEN_MISSING",
    message: `GitHub gave no OIDC token: ${reason}.`,
    fix: "Give the job `permissions: id-token: write`; a pull request from a fork never gets one.",
  });
}

function unavailable(reason: string, cause?: unknown): FairleadError {
  return new FairleadError({
    code: "ID_TOKEN_UNAVAILABLE",
    message: `GitHub's endpoint for OIDC tokens is in trouble: ${reason}.`,
    fix: "Run the job again; if it stays so, look at githubstatus.com, and whether the runner reaches GitHub.",
    cause,
  });
}
