import { matchesGlob } from "node:path";
import type { Declared, Environment } from "./manifests.ts";
import { newestTag } from "./versions.ts";

/** A branch or tag to deploy, with the environments that it deploys. */
export interface Ref {
  readonly ref: string;
  readonly environments: readonly string[];
}

/** What is known of a repository's refs. */
export interface RefSource {
  readonly defaultBranch: string;
  /** Names of tags that begin with a text. */
  tags(start: string): Promise<readonly string[]>;
}

/** An environment that is not deployed, and why. */
export interface LeftOut {
  readonly environment: string;
  readonly reason: string;
}

/**
 * The refs that bring a repository's environments back: its branch for one that follows a branch, the newest matching tag
 * for one that follows tags.
 *
 * @param wanted the environments that are asked for; all when empty.
 */
export async function refsOf(declared: Declared, source: RefSource, wanted: readonly string[]) {
  const refs = new Map<string, string[]>();
  const leftOut: LeftOut[] = [];
  for (const [environment, { deploy }] of Object.entries(declared.environments)) {
    if (wanted.length > 0 && !wanted.includes(environment)) continue;
    const found = await refFor(environment, deploy, source);
    if ("reason" in found) leftOut.push({ environment, reason: found.reason });
    else refs.set(found.ref, [...(refs.get(found.ref) ?? []), environment]);
  }
  return { refs: [...refs].map(([ref, environments]): Ref => ({ ref, environments })), leftOut };
}

/** The environments that a branch or tag deploys. */
export function environmentsOf(declared: Declared, ref: string, defaultBranch: string): string[] {
  const follows = ({ deploy }: Environment) =>
    deploy?.branch !== undefined
      ? (deploy.branch || defaultBranch) === ref
      : deploy?.tag !== undefined && matchesGlob(ref, deploy.tag);
  return Object.entries(declared.environments)
    .filter(([, environment]) => follows(environment))
    .map(([name]) => name);
}

async function refFor(
  environment: string,
  rule: Environment["deploy"],
  { defaultBranch, tags }: RefSource,
): Promise<{ readonly ref: string } | { readonly reason: string }> {
  if (rule?.branch !== undefined) return { ref: rule.branch || defaultBranch };
  if (rule?.tag === undefined) {
    const why = environment.includes("*") ? "It is a pattern for previews." : "No push deploys it.";
    return { reason: `${why} Name a ref to deploy it.` };
  }
  const pattern = rule.tag;
  const [start = ""] = pattern.split(/[*?[{!+@(]/);
  const newest = newestTag((await tags(start)).filter((tag) => matchesGlob(tag, pattern)));
  return newest === undefined ? { reason: `No tag matches ${pattern}.` } : { ref: newest };
}
