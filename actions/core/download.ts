import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, chmod, copyFile, mkdir, mkdtemp, readFile, rename, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Context } from "./context.ts";
import { messageOf } from "./errors.ts";
import { request } from "./http.ts";
import type { Architecture, Tool } from "./tool.ts";

/** What is to be downloaded. */
export interface Wanted {
  readonly tool: Tool;
  readonly architecture: Architecture;
  /** Replaces scheme and host of the download address. */
  readonly mirror: string | undefined;
}

/** A program in the folder of the step, and where it came from in words for the log. */
export interface Provided {
  readonly program: string;
  readonly origin: string;
}

/**
 * Gives a program from the tool cache, or downloads it into it. The cache keeps the archive as it was published: each
 * step takes a copy, compares its checksum and unpacks that very copy, so that a cache that somebody else wrote to, or
 * that was restored badly, is noticed. Throws whatever stopped it.
 */
export async function provide(wanted: Wanted, context: Context): Promise<Provided> {
  const { tool, architecture } = wanted;
  const { version, url, member } = tool.download;
  const own = join(context.folder, "programs", `${tool.name}-${version}`);
  const program = join(own, member?.(architecture) ?? tool.name);
  if (await exists(program)) return { program, origin: "downloaded before" };
  const cached = join(context.toolCache, `fairlead-${tool.name}`, version, architecture, basename(url(architecture)));
  const folder = await mkdtemp(join(context.folder, "download-"));
  const copy = join(folder, basename(cached));
  const restored = await restore(cached, copy, wanted, context);
  if (!restored) await fetchArchive(copy, cached, wanted, context);
  await unpack(copy, join(folder, "unpacked"), basename(program));
  await mkdir(dirname(own), { recursive: true });
  // Another stage of the step may have been faster.
  await rename(join(folder, "unpacked"), own).catch(async (thrown) => {
    if (!(await exists(program))) throw thrown;
  });
  return { program, origin: restored ? "from the tool cache" : `downloaded from ${hostOf(wanted)}` };
}

/** Copies the archive out of the cache, if it is there and still what was put in. */
async function restore(cached: string, copy: string, wanted: Wanted, { runner }: Context): Promise<boolean> {
  const { tool, architecture } = wanted;
  const expected = tool.download.sha256[architecture] ?? (await textOf(recordOf(cached)));
  if (expected === undefined || !(await exists(cached))) return false;
  await copyFile(cached, copy);
  if ((await sha256Of(copy)) === expected) return true;
  runner.info(`${tool.name}: ${cached} has another SHA-256 than what was put there, and is downloaded again`);
  return false;
}

async function fetchArchive(copy: string, cached: string, wanted: Wanted, context: Context): Promise<void> {
  const address = mirrored(wanted.tool.download.url(wanted.architecture), wanted.mirror);
  const expected = await checksum(wanted, context);
  const { downloadTool } = await import("@actions/tool-cache");
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(downloadTime)]);
  const fresh = join(dirname(copy), "fresh");
  await unlessAborted(downloadTool(address, fresh), signal);
  const actual = await sha256Of(fresh);
  if (actual !== expected) throw new Error(`${address} has the SHA-256 ${actual}, but ${expected} was expected`);
  await rename(fresh, copy);
  await mkdir(dirname(cached), { recursive: true });
  await writeFile(recordOf(cached), expected);
  // Whole or not at all: another job on the same machine may look at the same time.
  const part = `${cached}.${randomUUID()}`;
  await copyFile(copy, part);
  await rename(part, cached);
}

/** The pinned checksum, else the publisher's, else that of the mirror, which shows no forgery of its own. */
async function checksum({ tool, architecture, mirror }: Wanted, context: Context): Promise<string> {
  const { download, name } = tool;
  const pinned = download.sha256[architecture];
  if (pinned !== undefined) return pinned;
  const file = download.url(architecture).split("/").at(-1) ?? "";
  const own = download.checksumUrl(architecture);
  const tell = (text: string) => context.runner.info(`${name}: its checksum is not pinned in fairlead; ${text}`);
  const together = "where the archive comes from, too, so it shows no forgery";
  const published = { timeout: 60_000, attempts: 4 };
  if (mirror === undefined) {
    const value = await askChecksum(own, file, published, context);
    tell(`taken from ${own}, ${together}`);
    return value;
  }
  try {
    // A machine with a mirror may well have no way to the publisher.
    const value = await askChecksum(own, file, { timeout: 5_000, attempts: 1 }, context);
    tell(`taken from its publisher, ${own}`);
    return value;
  } catch (thrown) {
    context.signal.throwIfAborted();
    const url = mirrored(own, mirror);
    const value = await askChecksum(url, file, published, context);
    tell(`its publisher gave none (${messageOf(thrown)}); taken from ${url}, ${together}`);
    return value;
  }
}

async function askChecksum(
  url: string,
  file: string,
  patience: { readonly timeout: number; readonly attempts: number },
  { signal }: Context,
): Promise<string> {
  const answer = await request({ url, ...patience, signal });
  const lines = answer.body.trim().split("\n");
  // One bare checksum, or a list of "checksum  file" (as sha256sum prints it).
  const line = lines.length === 1 ? lines[0] : lines.find((entry) => entry.endsWith(file));
  const value = /^[0-9a-f]{64}\b/.exec(line ?? "")?.[0];
  if (answer.status !== 200 || value === undefined) throw new Error(`no checksum at ${url} (HTTP ${answer.status})`);
  return value;
}

/** Unpacks an archive, or puts a bare program there under its name. */
async function unpack(archive: string, folder: string, name: string): Promise<void> {
  await mkdir(folder);
  if (archive.endsWith(".tar.gz") || archive.endsWith(".tgz")) {
    const { extractTar } = await import("@actions/tool-cache");
    await extractTar(archive, folder);
    return;
  }
  await rename(archive, join(folder, name));
  await chmod(join(folder, name), 0o755);
}

/** The checksum that an archive in the cache had when it was put there. */
function recordOf(cached: string): string {
  return `${cached}.sha256`;
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

async function textOf(file: string): Promise<string | undefined> {
  return await readFile(file, "utf8").catch(() => undefined);
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

/** Milliseconds for one download, the library's own retries included. */
const downloadTime = 600_000;

/** Stops waiting when the signal is aborted; the library cannot be stopped, but it ends with the process. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function hostOf({ tool, architecture, mirror }: Wanted): string {
  return new URL(mirrored(tool.download.url(architecture), mirror)).host;
}

function mirrored(url: string, mirror: string | undefined): string {
  if (mirror === undefined) return url;
  return `${mirror.replace(/\/+$/, "")}${new URL(url).pathname}`;
}
