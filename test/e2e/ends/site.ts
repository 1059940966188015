import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { parse, stringify } from "yaml";
import { run } from "../../cluster/run.ts";
import { ensureTools } from "../../cluster/toolchain.ts";
import { repository, type World } from "../world.ts";

/** An event of a process: it `begins` or `ends`, or `helm upgrade starts`. */
export interface ProcessEvent {
  readonly pid: number;
  readonly event: string;
}

/** The folder in which deploys are watched from outside. */
export interface Site extends Disposable {
  /** Directories of the deploy action with a short lock: as it is, and as on a runner that is lost before its post step. */
  readonly action: string;
  readonly withoutPost: string;
  /** Variables for every deploy, so that its processes are seen. */
  readonly env: Readonly<Record<string, string>>;
  /** Calls back for each event from now on; the answer ends that. */
  listen(see: (event: ProcessEvent) => void): () => void;
  /** The Helms that began while another one was at work, each in a line. */
  overlaps(): string;
  /** Whether a Helm is at work. */
  isBusy(): Promise<boolean>;
}

/** Makes the folder for the deploys of one release. */
export async function openSite(world: World): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-ends-"));
  const events = join(folder, "events.jsonl");
  const overlaps = join(folder, "overlaps");
  writeFileSync(events, "");
  const { helm } = await ensureTools(["helm"], () => {});
  writeGuardedHelm(join(folder, "bin"), helm, overlaps);
  const recorder = new URL("./record-events.mjs", import.meta.url);
  recorder.searchParams.set("file", events);
  return {
    action: writeAction(folder, "whole", true),
    withoutPost: writeAction(folder, "lost", false),
    env: {
      PATH: [join(folder, "bin"), world.env["PATH"]].join(delimiter),
      NODE_OPTIONS: `--import=${recorder.href}`,
    },
    listen: (see) => follow(events, (line) => see(JSON.parse(line))),
    overlaps: () => (existsSync(overlaps) ? readFileSync(overlaps, "utf8") : ""),
    isBusy: async () => (await run(["flock", "--nonblock", lockOf(overlaps), "true"], { accept: [0, 1] })).code === 1,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function writeAction(folder: string, name: string, post: boolean): string {
  const room = join(repository, "actions/deploy");
  const { runs, ...action } = parse(readFileSync(join(room, "action.yml"), "utf8"));
  const scripts = {
    main: join(import.meta.dirname, "main.ts"),
    ...(post ? { post: join(room, "post.ts") } : {}),
  };
  const directory = join(folder, name);
  mkdirSync(directory);
  writeFileSync(join(directory, "action.yml"), stringify({ ...action, runs: { using: runs.using, ...scripts } }));
  return directory;
}

/**
 * A `helm` that becomes the real one. The kernel holds its lock exactly as long as the process lives, however it ends, so
 * one that begins meanwhile is seen.
 */
function writeGuardedHelm(bin: string, helm: string, overlaps: string): void {
  mkdirSync(bin);
  const program = join(bin, "helm");
  const lines = [
    "#!/bin/sh",
    'case "$1" in',
    "upgrade | rollback | uninstall)",
    `  exec 9>>"${lockOf(overlaps)}"`,
    `  flock --nonblock 9 || echo "$*" >>"${overlaps}"`,
    "  ;;",
    "esac",
    `exec "${helm}" "$@"`,
  ];
  writeFileSync(program, `${lines.join("\n")}\n`);
  chmodSync(program, 0o755);
}

function lockOf(overlaps: string): string {
  return `${overlaps}.lock`;
}

/** Calls back for each line that is appended to a file. */
function follow(file: string, see: (line: string) => void): () => void {
  let read = readFileSync(file).length;
  const watcher = watch(file, () => {
    const appended = readFileSync(file).subarray(read);
    const whole = appended.subarray(0, appended.lastIndexOf("\n") + 1);
    read += whole.length;
    for (const line of whole.toString().split("\n").slice(0, -1)) see(line);
  });
  return () => watcher.close();
}
