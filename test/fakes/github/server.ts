import { type StrictServer, startStrictServer } from "../strict-server.ts";
import { createGitHub, type GitHubState } from "./github.ts";
import type { GitHubOptions } from "./model.ts";

export type { GitHubOptions, Repository, Run, Token, Workflow } from "./model.ts";

/** A running stand-in for GitHub's REST API. */
export type GitHub = StrictServer & Omit<GitHubState, "handle">;

/** Starts a stand-in for the part of GitHub's REST API that fairlead uses. */
export async function startGitHub(options: GitHubOptions): Promise<GitHub> {
  const { handle, ...state } = createGitHub(options);
  const server: StrictServer = await startStrictServer({
    name: "GitHub",
    handle: (incoming) => handle(incoming, server.url),
  });
  return { ...server, ...state };
}
