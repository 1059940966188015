import { readFile, stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import type { Document, LineCounter } from "yaml";
import type { Context } from "../core/context.ts";
import { FairleadError, type Place } from "../core/errors.ts";

/** Larger files are no manifests (1 MiB). */
const largest = 1024 * 1024;

/** A manifest that was read. */
export interface Manifest {
  /** Path as the user knows it, relative to the workspace. */
  readonly file: string;
  readonly absolutePath: string;
  /** The folder that holds `.deploy`, which paths in the manifest are relative to. */
  readonly root: string;
  readonly content: unknown;
  /** Where the value at a path stands, or the nearest thing above it that the file holds. */
  placeOf(path: readonly string[]): Place;
}

/**
 * Reads a manifest.
 *
 * @throws FairleadError MANIFEST_INVALID with file, line and column, when the file is missing, too large or empty, or is
 *   no single YAML mapping.
 */
export async function readManifest(file: string, context: Context): Promise<Manifest> {
  const absolutePath = isAbsolute(file) ? file : join(context.workspace, file);
  const text = await readText(file, absolutePath);
  const { LineCounter, parseDocument, isMap } = await import("yaml");
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const fault = document.errors[0];
  if (fault !== undefined) {
    throw invalid(`is no valid YAML: ${fault.message}`, placeAt(file, fault.pos[0], lineCounter));
  }
  if (document.contents === null) throw invalid("is empty", { file });
  if (!isMap(document.contents)) throw invalid("does not hold a mapping", placeAt(file, 0, lineCounter));
  return {
    file,
    absolutePath,
    root: rootOf(absolutePath),
    content: document.toJS(),
    placeOf: (path) => placeOf(document, path, file, lineCounter),
  };
}

async function readText(file: string, absolutePath: string): Promise<string> {
  try {
    const { size } = await stat(absolutePath);
    if (size > largest) throw invalid(`has ${size} bytes; a manifest has at most ${largest}`, { file });
    return await readFile(absolutePath, "utf8");
  } catch (thrown) {
    if (thrown instanceof FairleadError) throw thrown;
    const missing = (thrown as NodeJS.ErrnoException).code === "ENOENT";
    throw new FairleadError({
      code: "MANIFEST_INVALID",
      message: missing ? `There is no manifest at ${file}.` : `The manifest ${file} cannot be read.`,
      fix: missing
        ? "Create it, name it in the input `manifest`, or check out the repository before this step."
        : "Make it a readable file.",
      place: { file },
      cause: thrown,
    });
  }
}

function rootOf(absolutePath: string): string {
  const marker = absolutePath.lastIndexOf("/.deploy/");
  return marker >= 0 ? absolutePath.slice(0, marker) : join(absolutePath, "..");
}

function placeOf(document: Document, path: readonly string[], file: string, lineCounter: LineCounter): Place {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length).map(indexOrKey), true);
    const offset = (node as { range?: [number, number, number] } | undefined)?.range?.[0];
    if (offset !== undefined) return placeAt(file, offset, lineCounter);
  }
  return placeAt(file, 0, lineCounter);
}

function indexOrKey(part: string): string | number {
  return /^\d+$/.test(part) ? Number(part) : part;
}

function placeAt(file: string, offset: number, lineCounter: LineCounter): Place {
  const { line, col } = lineCounter.linePos(offset);
  return { file, line, column: col };
}

function invalid(problem: string, place: Place): FairleadError {
  return new FairleadError({
    code: "MANIFEST_INVALID",
    message: `The manifest ${place.file} ${problem}.`,
    fix: "See the README for what a manifest looks like.",
    place,
  });
}
