import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Context } from "./context.ts";
import { request } from "./http.ts";
import type { Architecture, Tool } from "./tools.ts";

/** What is to be downloaded. */
export interface Wanted {
  readonly tool: Tool;
  readonly architecture: Architecture;
  /** Replaces scheme and host of the download address. */
  readonly mirror: string | undefined;
}

/**
 * Downloads a tool, compares its checksum and unpacks it into a folder, beside which `<folder>.complete` is written.
 * Gives the address that it came from. Throws whatever stopped it.
 *
 * @param program path of the program in the folder.
 */
export async function downloadInto(folder: string, program: string, wanted: Wanted, context: Context): Promise<string> {
  const address = mirrored(wanted.tool.download.url(wanted.architecture), wanted.mirror);
  await fetchInto(address, folder, program, await checksum(wanted, context), context);
  return address;
}

async function checksum({ tool, architecture, mirror }: Wanted, context: Context): Promise<string> {
  const pinned = tool.download.sha256[architecture];
  if (pinned !== undefined) return pinned;
  const url = mirrored(tool.download.checksumUrl(architecture), mirror);
  const answer = await request({ url, timeout: 60_000, signal: context.signal });
  const file = tool.download.url(architecture).split("/").at(-1) ?? "";
  const lines = answer.body.trim().split("\n");
  // One bare checksum, or a list of "checksum  file" (as sha256sum prints it).
  const line = lines.length === 1 ? lines[0] : lines.find((entry) => entry.endsWith(file));
  const value = /^[0-9a-f]{64}\b/.exec(line ?? "")?.[0];
  if (answer.status !== 200 || value === undefined) throw new Error(`no checksum at ${url} (HTTP ${answer.status})`);
  context.runner.info(`${tool.name}: its checksum is not pinned in fairlead; taken from ${url}`);
  return value;
}

async function fetchInto(url: string, folder: string, program: string, sha256: string, context: Context) {
  const { downloadTool, extractTar } = await import("@actions/tool-cache");
  await mkdir(folder, { recursive: true });
  const file = join(await mkdtemp(join(context.folder, "download-")), "archive");
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(downloadTime)]);
  const archive = await unlessAborted(downloadTool(url, file), signal);
  const hash = createHash("sha256");
  await pipeline(createReadStream(archive), hash);
  const actual = hash.digest("hex");
  if (actual !== sha256) throw new Error(`${url} has the SHA-256 ${actual}, but ${sha256} was expected`);
  if (url.endsWith(".tar.gz") || url.endsWith(".tgz")) await extractTar(archive, folder);
  else await copyProgram(archive, program);
  await markComplete(folder);
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

async function copyProgram(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  await chmod(to, 0o755);
}

/** Written last, so that a download that was cut off is not taken for a whole one. */
async function markComplete(folder: string): Promise<void> {
  await writeFile(`${folder}.complete`, "");
}

function mirrored(url: string, mirror: string | undefined): string {
  if (mirror === undefined) return url;
  return `${mirror.replace(/\/+$/, "")}${new URL(url).pathname}`;
}
