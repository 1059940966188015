import type { Context } from "./context.ts";
import { sendDirectly } from "./direct.ts";
import { FairleadError, messageOf } from "./errors.ts";
import { request } from "./http.ts";

/**
 * Asks GitHub for a token (JWT) that says which job this is, signed for one audience. Gives it masked.
 * The address and the login are in the variables of a step whose job has `id-token: write`; the request and its answer
 * are those of `getIDToken` of `@actions/core`.
 *
 * @param audience who the token is for; the address of the repository's owner if left out, as GitHub chooses it.
 * @param timeout milliseconds for the whole call.
 * @throws FairleadError ID_TOKEN_MISSING
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
  const answer = await request({ url, headers, timeout, signal, send: sendDirectly }).catch((thrown) => {
    signal.throwIfAborted();
    throw missing(messageOf(thrown).replace(/\.$/, ""));
  });
  if (answer.status !== 200) throw missing(`GitHub answers HTTP ${answer.status}`);
  const token = tokenIn(answer.body);
  if (token === undefined) throw missing("GitHub's answer holds none");
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
