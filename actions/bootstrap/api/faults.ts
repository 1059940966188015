import { FairleadError } from "../../core/errors.ts";
import type { HttpAnswer } from "../../core/http.ts";

/** Why GitHub refused a call, told by its status, its headers and its words. */
export type Fault = "token" | "sso" | "limit" | "permission" | "absent" | "invalid" | "busy" | "other";

/** Tells refusals apart. */
export function faultOf({ status, headers, body }: HttpAnswer): Fault {
  if (status === 401) return "token";
  if (status === 429 || (status === 403 && isLimit(headers, body))) return "limit";
  // A classic token that was not authorised for an organisation with SAML (GitHub's docs, "Authenticating with SSO").
  if (status === 403 && (headers.get("x-github-sso") ?? "").startsWith("required")) return "sso";
  if (status === 403) return "permission";
  if (status === 404) return "absent";
  if (status === 422 || status === 400) return "invalid";
  return status >= 500 ? "busy" : "other";
}

/** The limit of the hour, or a secondary one, which has `Retry-After` or only says so in words. */
function isLimit(headers: HttpAnswer["headers"], body: string): boolean {
  const used = headers.get("x-ratelimit-remaining") === "0" || headers.get("retry-after") !== null;
  return used || /rate limit/i.test(messageIn(body));
}

/** The error for a refusal, in words that name whose token it was and what to change. */
export function refusal(owner: string, answer: HttpAnswer): FairleadError {
  const said = messageIn(answer.body);
  switch (faultOf(answer)) {
    case "token":
      return rejected(
        `GitHub does not accept the token of ${owner} (${said}).`,
        "Renew the token; it may have expired.",
      );
    case "sso": {
      const address = /url=(\S+)/.exec(answer.headers.get("x-github-sso") ?? "")?.[1];
      const where = address === undefined ? "in the settings of the token (Configure SSO)" : `at ${address}`;
      return rejected(`The token of ${owner} is not authorised for single sign-on.`, `Authorise it ${where}.`);
    }
    case "limit":
      return rejected(`GitHub's rate limit for the token of ${owner} is used up (${said}).`, "Wait, and run it again.");
    case "permission": {
      const needed = answer.headers.get("x-accepted-github-permissions");
      const fix = `Give it ${needed ? `the permission ${code(needed)}` : permissionsNeeded}.`;
      return rejected(`The token of ${owner} is not allowed to do this (${said}).`, fix);
    }
    case "absent":
      return rejected(`GitHub does not know this, or the token of ${owner} may not see it (${said}).`);
    default:
      return rejected(`GitHub refused with status ${answer.status}: ${said}.`);
  }
}

/** What a token must be allowed to do, as its settings call it. */
export const permissionsNeeded =
  "the repository permissions `actions: write` and `contents: read` (a classic token: the scope `repo`)";

function code(permissions: string): string {
  return permissions
    .split(/[,;]\s*/)
    .map((permission) => `\`${permission.replace("=", ": ")}\``)
    .join(", ");
}

/** The sentence in an answer, without its full stop. */
export function messageIn(body: string): string {
  try {
    const { message }: { message?: unknown } = JSON.parse(body);
    if (typeof message === "string") return message.replace(/\.$/, "");
  } catch {
    // A proxy in between answers in HTML.
  }
  return "no explanation";
}

/** The error GITHUB_REJECTED. */
export function rejected(message: string, fix?: string): FairleadError {
  return new FairleadError({ code: "GITHUB_REJECTED", message, ...(fix === undefined ? {} : { fix }) });
}
