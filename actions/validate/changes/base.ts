import { existsSync, realpathSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, matchesGlob, normalize, relative } from "node:path";
import type { Context } from "../../core/context.ts";
import { FairleadError } from "../../core/errors.ts";
import { execute } from "../../core/process.ts";
import { fileReferences } from "../inline.ts";
import { type OpenedManifest, openManifest } from "../manifest.ts";

/** What a checkout is compared with. */
export interface Base {
  /** Top of the repository. */
  readonly top: string;
  readonly commit: string;
}

/** What may be asked of git. */
export type GitContext = Pick<Context, "environment" | "masker" | "signal">;

/** How a base is looked for. */
export interface Wanted {
  /** A branch, tag or commit. */
  readonly ref: string;
  /**
   * The commit of a pull request's merge that the runner has checked out: its first parent is exactly what the request
   * would be merged into.
   */
  readonly mergeCommit?: string;
  /** Whether a commit that the checkout does not hold is fetched from `origin`, with the credentials that it has. */
  readonly fetch: boolean;
}

/** A network that does not answer must not hold a check; milliseconds. */
const fetchTime = 60_000;
/** Of git's blobs, as of the files of a checkout (1 MiB). */
const largest = 1024 * 1024;

/** Runs git and gives its output as it came. */
type Git = (args: readonly string[], accept?: readonly number[]) => Promise<string>;

function gitIn(folder: string, { environment, masker, signal }: GitContext): Git {
  // Nobody is there to answer a question for a password, and a path is no pattern.
  const variables = { ...environment, GIT_TERMINAL_PROMPT: "0", GIT_LITERAL_PATHSPECS: "1" };
  const options = { environment: variables, masker, signal, workingDirectory: folder, timeout: fetchTime };
  return async (args, accept = [0]) => {
    try {
      return (await execute("git", args, { ...options, accept })).rawOutput;
    } catch (thrown) {
      throw gitFailed(args[0] ?? "", thrown);
    }
  };
}

/** Git's advice follows what it has to say. */
function gitFailed(command: string, thrown: unknown): unknown {
  if (!(thrown instanceof FairleadError) || thrown.code !== "TOOL_FAILED") return thrown;
  const reason = /^(?:fatal|error): (.*)$/m.exec(thrown.details ?? "")?.[1];
  if (reason === undefined) return thrown;
  return new FairleadError({ code: "TOOL_FAILED", message: `git ${command}: ${reason}`, cause: thrown });
}

/**
 * Finds the commit to compare with: where HEAD has left `ref`, as far as the checkout knows its history, else `ref`.
 *
 * @param folder in the repository.
 * @throws FairleadError INPUT_INVALID, and TOOL_MISSING, TOOL_FAILED or TIMEOUT of git.
 */
export async function findBase(folder: string, wanted: Wanted, context: GitContext): Promise<Base> {
  const { ref, mergeCommit, fetch } = wanted;
  if (!/^[^-\s:+][^\s:]*$/.test(ref)) {
    throw new FairleadError({ code: "INPUT_INVALID", message: `"${ref}" is no branch, tag or commit.` });
  }
  const git = gitIn(folder, context);
  const top = (await git(["rev-parse", "--show-toplevel"])).trimEnd();
  const head = await commitOf(git, "HEAD");
  if (mergeCommit !== undefined && head === mergeCommit) {
    const parents = [...(await git(["cat-file", "commit", "HEAD"])).matchAll(/^parent ([0-9a-f]+)$/gm)];
    const [parent] = parents.map(([, commit = ""]) => commit);
    if (parents.length === 2 && parent !== undefined) return { top, commit: await present(git, parent, fetch) };
  }
  const found =
    (await commitOf(git, ref)) ?? (await commitOf(git, `origin/${ref}`)) ?? (await present(git, ref, fetch));
  // Exit code 1: in a shallow checkout the two have nothing in common.
  const common = (await git(["merge-base", found, "HEAD"], [0, 1])).trimEnd();
  return { top, commit: common || found };
}

/** The default branch of `origin`, as far as the checkout knows it; else `main`. */
export async function defaultBase(folder: string, context: GitContext): Promise<string> {
  const found = await gitIn(folder, context)(["rev-parse", "--abbrev-ref", "--quiet", "origin/HEAD"], [0, 1, 128]);
  return /^origin\/(?!HEAD$)\S+$/m.exec(found)?.[0] ?? "main";
}

async function commitOf(git: Git, name: string): Promise<string | undefined> {
  const found = await git(["rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`], [0, 1, 128]);
  return /^[0-9a-f]{40,64}$/.exec(found.trimEnd())?.[0];
}

/** A commit that is here already, or that `origin` gives; of a shallow checkout this one commit only. */
async function present(git: Git, ref: string, fetch: boolean): Promise<string> {
  const here = await commitOf(git, ref);
  if (here !== undefined) return here;
  if (!fetch) throw new FairleadError({ code: "TOOL_FAILED", message: `git knows no ${ref}; fetch it first.` });
  const shallow = (await git(["rev-parse", "--is-shallow-repository"])).trimEnd() === "true";
  const quiet = ["--quiet", "--no-tags", "--no-recurse-submodules", "--no-auto-maintenance"];
  await git(["fetch", ...quiet, ...(shallow ? ["--depth=1"] : []), "origin", ref]);
  return (await commitOf(git, "FETCH_HEAD")) ?? ref;
}

/**
 * A manifest as it is in a commit, with the files that it names; undefined when it is not there.
 *
 * @param file path in the checkout, absolute.
 * @param folder for the copies; nothing but regular files is copied, so that no link leads out of it.
 */
export async function manifestAt(
  base: Base,
  file: string,
  folder: string,
  context: GitContext,
): Promise<OpenedManifest | undefined> {
  const git = gitIn(base.top, context);
  const path = pathIn(base.top, file);
  if (path === undefined || !(await copy(git, base.commit, path, folder))) return undefined;
  const { manifest } = await openManifest(path, folder);
  if (manifest !== undefined) {
    const root = relative(folder, manifest.root);
    const named = new Set(fileReferences(manifest.content).map((reference) => normalize(join(root, reference.file))));
    for (const name of named) await copy(git, base.commit, name, folder);
  }
  return await openManifest(path, folder);
}

/** The files of a folder that patterns match in a commit, and that are not there any more. */
export async function deletedSince(
  commit: string,
  patterns: readonly string[],
  folder: string,
  context: GitContext,
): Promise<string[]> {
  const names = (await gitIn(folder, context)(["ls-tree", "-r", "-z", "--name-only", commit])).split("\0");
  const wanted = names.filter(
    (name) => name !== "" && patterns.some((pattern) => matchesGlob(name, normalize(pattern))),
  );
  return wanted.filter((name) => !existsSync(join(folder, name)));
}

/** The way from the top of a repository to a file, which may be gone; undefined when it lies elsewhere. */
function pathIn(top: string, file: string): string | undefined {
  let existing = dirname(file);
  for (;;) {
    try {
      const way = relative(realpathSync.native(top), join(realpathSync.native(existing), relative(existing, file)));
      return way.startsWith("../") ? undefined : way;
    } catch (thrown) {
      if (existing === dirname(existing)) throw thrown;
      existing = dirname(existing);
    }
  }
}

async function copy(git: Git, commit: string, path: string, folder: string): Promise<boolean> {
  if (path.startsWith("../") || path.startsWith("/")) return false;
  // mode, type, name, size, and the path after a tab
  const entry = await git(["ls-tree", "--long", "-z", "--full-tree", commit, "--", path]);
  const [, object, size] = /^100(?:644|755) blob ([0-9a-f]+) +(\d+)\t/.exec(entry) ?? [];
  if (object === undefined || Number(size) > largest) return false;
  const target = join(folder, path);
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  await writeFile(target, await git(["cat-file", "blob", object]), { mode: 0o600 });
  return true;
}
