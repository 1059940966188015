import { isUtf8 } from "node:buffer";
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { isAbsolute, join, normalize, relative, sep } from "node:path";
import { suggest } from "../core/suggest.ts";
import { isBelow } from "./file.ts";
import type { Finding } from "./problem.ts";
import { show } from "./words.ts";

/** Kubernetes takes no larger ConfigMap (1 MiB). */
const largest = 1024 * 1024;
/** Helm keeps all values of a release in one Secret, compressed; more text than this never fits. */
const largestTogether = 4 * largest;

/** What lies over a manifest so that each `file:` in it is the text of that file, and each that could not be put in. */
export interface Inlined {
  /** Undefined when the manifest names no file. */
  readonly overlay?: unknown;
  /** The files whose text is in it, relative to the root. */
  readonly files: readonly string[];
  readonly findings: readonly Finding[];
}

/** A place in a manifest that names a file. */
export interface FileReference {
  /** Keys from the root of the manifest to what the text replaces. */
  readonly keys: readonly string[];
  readonly file: string;
  /** Files have a mode and the like beside their text; the value of a configuration is the text alone. */
  readonly form: "content" | "text";
}

/**
 * Reads the files that a manifest names. The manifest itself stays as it is, so that its numbers keep their digits.
 *
 * @param root the folder that holds `.deploy`, which the paths are relative to.
 * @param boundary the folder that no file may lie outside of, links followed.
 */
export function inlineFiles(content: unknown, root: string, boundary: string): Inlined {
  const overlay = emptyMap();
  const findings: Finding[] = [];
  const files = new Set<string>();
  let total = 0;
  for (const { keys, file, form } of fileReferences(content)) {
    const read = readText(file, root, boundary);
    if ("code" in read) {
      findings.push({ ...read, keys: [...keys, "file"], target: "value" });
      continue;
    }
    files.add(normalize(file));
    total += read.bytes;
    if (total > largestTogether) {
      const message = `with ${show(file)}, the files of this manifest have more than ${largestTogether} bytes`;
      const hint = "put large files into the image";
      findings.push({ code: "FILE_TOO_LARGE", keys: [...keys, "file"], target: "value", message, hint });
      break;
    }
    // The null takes `file` away: Helm merges the entry of the manifest with this one.
    put(overlay, keys, form === "text" ? read.text : { content: read.text, file: null });
  }
  return { ...(files.size === 0 ? {} : { overlay }), files: [...files].sort(), findings };
}

/** Every place where the language takes `file:` for a text, in every scope and environment. */
export function fileReferences(content: unknown): FileReference[] {
  const environments = entriesOf(member(content, "environments")).map(([name, body]) =>
    layer(["environments", name], body),
  );
  return [layer(["spec"], member(content, "spec")), ...environments].flat();
}

function layer(keys: readonly string[], body: unknown): FileReference[] {
  const components = entriesOf(member(body, "components")).map(([name, component]) =>
    filesOf([...keys, "components", name], component),
  );
  const sets = entriesOf(member(body, "config")).flatMap(([name, set]) =>
    references([...keys, "config", name], set, "text"),
  );
  return [
    ...filesOf(keys, body),
    ...filesOf([...keys, "defaults"], member(body, "defaults")),
    ...components.flat(),
    ...sets,
  ];
}

function filesOf(keys: readonly string[], scope: unknown): FileReference[] {
  return references([...keys, "files"], member(scope, "files"), "content");
}

function references(keys: readonly string[], map: unknown, form: FileReference["form"]): FileReference[] {
  return entriesOf(map).flatMap(([key, value]) => {
    const file = member(value, "file");
    // The metadata of a set is no text, and what else is no path is a matter of the schema.
    return typeof file === "string" && file !== "" ? [{ keys: [...keys, key], file, form }] : [];
  });
}

type Refusal = Pick<Finding, "code" | "message" | "hint">;

function readText(file: string, root: string, boundary: string): { text: string; bytes: number } | Refusal {
  const refuse = (code: string, message: string, hint: string) => ({ code, message: `${show(file)} ${message}`, hint });
  const path = join(root, file);
  try {
    const inside = isAbsolute(file) ? undefined : realWay(path, boundary);
    if (inside === undefined) {
      const hint = "name a file of the repository, relative to the folder that holds .deploy";
      return refuse("FILE_OUTSIDE", "is outside of the repository", hint);
    }
    // A checkout keeps its credentials there.
    if (inside.split(sep).includes(".git")) return refuse("FILE_OUTSIDE", "belongs to git", "name another file");
    const status = statSync(path);
    if (!status.isFile()) return refuse("FILE_UNREADABLE", "is no file", "name a file");
    if (status.size > largest) {
      return refuse("FILE_TOO_LARGE", `has ${status.size} bytes; at most ${largest} fit`, "put it into the image");
    }
    const bytes = readFileSync(path);
    if (isUtf8(bytes) && !bytes.includes(0)) return { text: bytes.toString("utf8"), bytes: bytes.length };
    return refuse("FILE_BINARY", "holds no UTF-8 text", "put it into the image");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return refuse("FILE_MISSING", "does not exist", nearest(file, root));
    return refuse("FILE_UNREADABLE", "cannot be read", "make it a file that this user may read");
  }
}

/** The way from a folder to a path below it, links followed; undefined when it leads out. */
function realWay(path: string, folder: string): string | undefined {
  if (!isBelow(path, folder)) return undefined;
  const [real, realFolder] = [realpathSync.native(path), realpathSync.native(folder)];
  return isBelow(real, realFolder) ? relative(realFolder, real) : undefined;
}

/** What to write in place of a path that leads nowhere: the same from `.deploy`, or the name next to a misspelt one. */
function nearest(file: string, root: string): string {
  const relativeTo = "paths are relative to the folder that holds .deploy";
  const beside = join(".deploy", file);
  if (isBelow(beside, ".deploy") && existsSync(join(root, beside))) return `did you mean \`${beside}\`? ${relativeTo}`;
  const parts = normalize(file).split(sep);
  const known = parts.findIndex((_, index) => !existsSync(join(root, ...parts.slice(0, index + 1))));
  const folder = parts.slice(0, known);
  const near = suggest(parts[known] ?? "", namesIn(join(root, ...folder)));
  return near === undefined ? relativeTo : `did you mean \`${join(...folder, near, ...parts.slice(known + 1))}\`?`;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** No key of a manifest must reach an object's prototype. */
function emptyMap(): Record<string, unknown> {
  return Object.create(null);
}

function put(map: Record<string, unknown>, keys: readonly string[], value: unknown): void {
  let here = map;
  for (const key of keys.slice(0, -1)) {
    here[key] ??= emptyMap();
    here = here[key] as Record<string, unknown>;
  }
  here[keys.at(-1) ?? ""] = value;
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

function member(value: unknown, key: string): unknown {
  const isMap = typeof value === "object" && value !== null && Object.hasOwn(value, key);
  return isMap ? (value as Record<string, unknown>)[key] : undefined;
}
