import { join } from "node:path";
import type { Context } from "../core/context.ts";
import { FairleadError } from "../core/errors.ts";
import type { YamlDocument } from "./document.ts";
import { type FileRole, isBelow, readTextFile } from "./file.ts";
import { inlineFiles } from "./inline.ts";
import { type Finding, fileProblem, mergeProblems, type Problem, sentenceOf } from "./problem.ts";
import { readPlainYaml } from "./quick.ts";

/** A manifest that was read. */
export interface Manifest {
  /** Path as the user knows it, relative to the workspace. */
  readonly file: string;
  readonly absolutePath: string;
  /** The folder that holds `.deploy`, which paths in the manifest are relative to. */
  readonly root: string;
  readonly content: unknown;
  /** Values over the content: the texts of the files that it names with `file:`. */
  readonly overlay?: unknown;
  /** Those files, relative to the root. */
  readonly files: readonly string[];
  /** Written so plainly that no trap of YAML can be in it. */
  readonly plain: boolean;
  /** The same file with the place of everything in it. */
  document(): Promise<YamlDocument>;
}

/** A manifest as far as it could be read, and what is wrong with its file or its YAML. */
export interface OpenedManifest {
  readonly manifest?: Manifest;
  readonly problems: readonly Problem[];
  readonly cause?: unknown;
}

/**
 * Reads a manifest.
 *
 * @throws FairleadError MANIFEST_INVALID with file, line and column, when the file is missing, too large or empty, or is
 *   no single YAML mapping.
 */
export async function readManifest(file: string, { workspace }: Pick<Context, "workspace">): Promise<Manifest> {
  const { manifest, problems, cause } = await openManifest(file, workspace);
  if (manifest === undefined || problems.length > 0) throw manifestError(file, problems, cause);
  return manifest;
}

/** Reads a manifest, and gives what is wrong in place of throwing it. A team's cluster file is read in the same way. */
export async function openManifest(file: string, workspace: string, role?: FileRole): Promise<OpenedManifest> {
  const read = readTextFile(file, workspace, role);
  if ("problem" in read) return { problems: [read.problem], cause: read.cause };
  const { absolutePath, text } = read;
  const open = (content: unknown, plain: boolean, document: Manifest["document"]) =>
    withFiles({ file, absolutePath, root: rootOf(absolutePath), content, plain, document }, workspace);
  const places = async () => (await import("./document.ts")).readYaml(text);
  const quick = readPlainYaml(text);
  if (quick !== undefined && isMapping(quick.content)) return await open(quick.content, true, places);
  const document = await places();
  const problems = mergeProblems(
    document.faults.map(({ code, message, hint, span }) => fileProblem(file, code, message, hint, span)),
  );
  if (!document.readable) return { problems };
  const shape = shapeProblem(file, document);
  if (shape !== undefined) return { problems: [shape] };
  const opened = await open(document.content, false, async () => document);
  return { ...opened, problems: mergeProblems([...problems, ...opened.problems]) };
}

/** The application's name in a manifest, which may be broken elsewhere; undefined where it cannot be made out. */
export async function nameInManifest(file: string, { workspace }: Pick<Context, "workspace">) {
  const read = readTextFile(file, workspace);
  if ("problem" in read) return undefined;
  const { readYaml, textAt } = await import("./document.ts");
  return textAt(readYaml(read.text), ["metadata", "name"]);
}

/** Puts in what the manifest names with `file:`. */
async function withFiles(manifest: Omit<Manifest, "files" | "overlay">, workspace: string): Promise<OpenedManifest> {
  const boundary = isBelow(manifest.absolutePath, workspace) ? workspace : manifest.root;
  const { findings, ...texts } = inlineFiles(manifest.content, manifest.root, boundary);
  return { manifest: { ...manifest, ...texts }, problems: await locate(manifest, findings) };
}

/** Findings with their places. @param environment the one that they show in; empty when that does not matter. */
export async function locate(
  manifest: Pick<Manifest, "file" | "document">,
  findings: readonly Finding[],
  environment = "",
): Promise<Problem[]> {
  if (findings.length === 0) return [];
  const { spanOf } = await manifest.document();
  return findings.map(({ code, keys, target, message, hint }) => ({
    file: manifest.file,
    ...spanOf(keys, target),
    code,
    path: keys.join("."),
    message,
    hint,
    environment,
  }));
}

function shapeProblem(file: string, { content, root, spanOf }: YamlDocument): Problem | undefined {
  const hint = "see the README for what it looks like";
  if (root === null || content === null) return fileProblem(file, "FILE_EMPTY", "the file is empty", hint);
  if (isMapping(content)) return undefined;
  return fileProblem(file, "FILE_NO_MAPPING", "the file does not hold a mapping", hint, spanOf([], "value"));
}

function isMapping(content: unknown): boolean {
  return typeof content === "object" && content !== null && !Array.isArray(content);
}

/** One error for all problems of a manifest, at the place of the first. */
export function manifestError(file: string, problems: readonly Problem[], cause?: unknown): FairleadError {
  const sorted = mergeProblems(problems);
  const [first] = sorted;
  const more = sorted.length > 1 ? ` (and ${sorted.length - 1} more, listed in the log)` : "";
  return new FairleadError({
    code: "MANIFEST_INVALID",
    message: `${first === undefined ? file : sentenceOf(first)}${more}.`,
    place: first ?? { file },
    details: sorted.map(sentenceOf).join("\n"),
    cause,
  });
}

function rootOf(absolutePath: string): string {
  const marker = absolutePath.lastIndexOf("/.deploy/");
  return marker >= 0 ? absolutePath.slice(0, marker) : join(absolutePath, "..");
}
