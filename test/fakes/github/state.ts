import type { Answer } from "../strict-server.ts";
import type { Limits, Usage } from "./limits.ts";
import type { GitHubOptions, Repository, Run, Token } from "./model.ts";

/** Who asks. */
export interface Caller extends Token {
  readonly login: string;
  /** Whether it is the token of an installation. */
  readonly installation: boolean;
}

/** A token that was made for an installation. */
export interface MadeToken {
  revoked: boolean;
  readonly permissions: Readonly<Record<string, string>>;
  readonly caller: Caller;
  readonly endsAt: number;
}

/** Everything that the stand-in remembers. */
export interface State extends GitHubOptions {
  readonly runs: Run[];
  readonly usage: Usage;
  readonly limits: Map<string, Limits>;
  readonly made: Map<string, MadeToken>;
  readonly time: () => number;
  readonly byName: ReadonlyMap<string, Repository>;
  mostUnfinished: number;
}

/** GitHub's names do not differ by case. */
export function sameName(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}

/** An answer that says what is wrong, as GitHub's `basic-error`. */
export function problem(status: number, message: string): Answer {
  return { status, body: { message, documentation_url: "https://docs.github.com/rest", status: String(status) } };
}

/** One page of a list. */
export function page<T>(all: readonly T[], query: URLSearchParams): T[] {
  const size = Number(query.get("per_page") ?? 30);
  const first = (Number(query.get("page") ?? 1) - 1) * size;
  return all.slice(first, first + size);
}
