import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { networkInterfaces, userInfo } from "node:os";
import { join } from "node:path";
import type { Context } from "../core/context.ts";
import { FairleadError, messageOf } from "../core/errors.ts";
import { execute } from "../core/process.ts";
import { poll } from "../core/retry.ts";
import { type Connection, readStatus, socketName } from "./client.ts";
import { recordStart, type Started } from "./started.ts";
import type { Tailscale } from "./tool.ts";

/** A running tailscaled of our own. */
export interface Daemon {
  readonly connection: Connection;
  /** Who may speak to it beside root; undefined where we are root, or it is ours. */
  readonly operator: string | undefined;
  /** Its HTTP proxy, in the mode `userspace`. */
  readonly proxy: string | undefined;
}

/** Both names of the setting: the root action chooses the mode by itself. */
const userspace = "`mode: userspace` (the root action: no `cluster.tailnet.registry`)";

const proxyPattern = /HTTP proxy listening on (127\.0\.0\.1:\d+)/;

/**
 * Starts a tailscaled whose state lives in memory (which makes the machine ephemeral) and whose files live in the
 * folder of the step, and waits until it can be talked to.
 *
 * @throws FairleadError TAILNET_FAILED
 */
export async function startDaemon(
  programs: Tailscale,
  { mode, controlUrl }: { readonly mode: "tun" | "userspace"; readonly controlUrl?: string | undefined },
  context: Context,
): Promise<Daemon> {
  if (mode === "tun") requireFreeCard();
  const folder = join(context.folder, "tailnet");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const elevation = mode === "tun" && process.getuid?.() !== 0 ? (["sudo", "-n"] as const) : [];
  const program = [
    "env",
    // Else it keeps an id of this machine for its logs in /var/lib, or in the home of the user.
    `TS_LOGS_DIR=${folder}`,
    programs.daemon,
    "--state=mem:",
    "--statedir=.",
    `--socket=${socketName}`,
  ];
  const command = [
    ...elevation,
    ...(elevation.length > 0 ? keptForRoot(context) : []),
    ...program,
    ...(mode === "tun" ? [] : ["--tun=userspace-networking", "--outbound-http-proxy-listen=127.0.0.1:0"]),
    // A tailnet with its own control server is none of Tailscale's business.
    ...(controlUrl === undefined ? [] : ["--no-logs-no-support"]),
  ];
  const connection: Connection = { program: programs.client, folder };
  const cleanUp = mode === "tun" ? [...elevation, ...program, "--no-logs-no-support", "--cleanup"] : [];
  const ended = launch(command, { ...connection, elevation, cleanUp }, context);
  const proxy = await untilReady(mode, ended, connection, context);
  return { connection, proxy, operator: await becomeOperator(elevation, connection, context) };
}

/** The machine's proxy, of which `sudo` would let nothing through; by its name, because there may be a password in it. */
function keptForRoot({ environment }: Context): readonly string[] {
  const names = Object.keys(environment).filter((name) => /^(https?|no)_proxy$/i.test(name));
  return names.length === 0 ? [] : [`--preserve-env=${names.join(",")}`];
}

/** A second Tailscale of the same machine would take the routes and the network card of the first. */
function requireFreeCard(): void {
  if (networkInterfaces()["tailscale0"] === undefined) return;
  throw new FairleadError({
    code: "TAILNET_FAILED",
    message: "This machine is in a tailnet already: it has the network card tailscale0.",
    fix: `Use ${userspace}, which any number of times can go beside it.`,
  });
}

/** Waits until the daemon can be talked to, and gives the address of its proxy. */
async function untilReady(
  mode: "tun" | "userspace",
  ended: { readonly reason: string | undefined },
  connection: Connection,
  context: Context,
): Promise<string | undefined> {
  return await poll<string | undefined>(
    {
      interval: 50,
      timeout: 30_000,
      signal: context.signal,
      onTimeout: (waiting) =>
        new FairleadError({ code: "TAILNET_FAILED", message: `tailscaled did not start: ${waiting}.` }),
    },
    async () => {
      if (ended.reason !== undefined) throw await diedAtStart(ended.reason, connection, context);
      const proxy = mode === "tun" ? undefined : proxyPattern.exec(await readLog(connection))?.[1];
      if (mode === "userspace" && proxy === undefined) return { waiting: "its proxy does not listen" };
      try {
        await readStatus(connection, context);
      } catch (thrown) {
        context.signal.throwIfAborted();
        return { waiting: messageOf(thrown) };
      }
      return { done: proxy && `http://${proxy}` };
    },
  );
}

/** Lets us speak to a daemon that belongs to root; gives our name. */
async function becomeOperator(elevation: readonly string[], { program, folder }: Connection, context: Context) {
  const [sudo, ...rest] = elevation;
  if (sudo === undefined) return undefined;
  const { username } = userInfo();
  const args = [...rest, program, `--socket=${socketName}`, "set", `--operator=${username}`];
  await execute(sudo, args, { ...context, workingDirectory: folder, timeout: 10_000 });
  return username;
}

/** Starts the program in a session of its own, so that it outlives this step, and keeps a record of it. */
function launch(
  [program = "", ...args]: readonly string[],
  record: Omit<Started, "process" | "startTime">,
  context: Context,
) {
  const log = openSync(join(record.folder, "tailscaled.log"), "a", 0o600);
  const child = spawn(program, args, {
    cwd: record.folder,
    env: { ...context.environment },
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  const ended: { reason: string | undefined } = { reason: undefined };
  child.on("error", (error) => {
    ended.reason = error.message;
  });
  child.on("exit", (code, signal) => {
    ended.reason = `it ended with ${signal ?? `exit code ${code}`}`;
  });
  child.unref();
  // Recorded at once, not after a turn of the event loop, in which a failing stage beside us may end this process.
  recordStart({ ...record, process: child.pid ?? 0 }, context);
  return ended;
}

async function diedAtStart(reason: string, connection: Connection, context: Context): Promise<FairleadError> {
  return new FairleadError({
    code: "TAILNET_FAILED",
    message: `tailscaled did not start: ${reason}.`,
    fix: `The job's log shows its last lines; where the runner has neither root nor sudo, use ${userspace}.`,
    details: context.masker.redact(await lastLines(connection)),
  });
}

/** The end of the daemon's log, as evidence. */
export async function lastLines(connection: Connection): Promise<string> {
  return (await readLog(connection)).trimEnd().split("\n").slice(-40).join("\n");
}

async function readLog({ folder }: Connection): Promise<string> {
  return await readFile(join(folder, "tailscaled.log"), "utf8");
}
