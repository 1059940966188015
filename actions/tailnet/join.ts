import { access, constants, rm } from "node:fs/promises";
import { delimiter, join as joinPath } from "node:path";
import type { Context, WorkflowRun } from "../core/context.ts";
import { formatDuration } from "../core/duration.ts";
import { FairleadError, messageOf } from "../core/errors.ts";
import { writePrivateFile } from "../core/files.ts";
import { retry } from "../core/retry.ts";
import { Refusal } from "./api.ts";
import { type Connection, readStatus, type Status, tailscale } from "./client.ts";
import { type Daemon, lastLines } from "./daemon.ts";
import type { TailnetInputs } from "./inputs.ts";
import { authKeyFor } from "./keys.ts";

/**
 * Joins the tailnet, and tries again where that may help, each time with new credentials unless a key was given.
 * The tries, what makes their keys and the waits between them have `inputs.timeout` together.
 *
 * @throws FairleadError TAILNET_FAILED, ID_TOKEN_MISSING, ID_TOKEN_UNAVAILABLE
 */
export async function joinTailnet(inputs: TailnetInputs, daemon: Daemon, context: Context): Promise<Status> {
  const attempts = inputs.retries + 1;
  const end = performance.now() + inputs.timeout;
  const longest = Math.min(10_000, inputs.timeout / attempts / 4);
  const policy = {
    attempts,
    delay: Math.min(1_000, longest),
    longest,
    signal: context.signal,
    retryable: (thrown: unknown) => !isFinal(thrown) && performance.now() + longest < end,
    onRetry: (thrown: unknown, wait: number) =>
      context.runner.info(`Joining failed (${messageOf(thrown)}); trying again in ${formatDuration(wait)}`),
  };
  await retry(policy, async (attempt) => {
    // The tries that are left share the time that is left, and a key is no use without time to join with it.
    const now = performance.now();
    const share = (end - now) / (attempts - attempt + 1);
    const authKey = await authKeyFor(inputs.login, inputs.tags, now + share / 2, context);
    await up(authKey, now + share, inputs, daemon, context);
  });
  return await readStatus(daemon.connection, context);
}

/** @param end until when, as `performance.now()` counts. */
async function up(
  authKey: string,
  end: number,
  inputs: TailnetInputs,
  daemon: Daemon,
  context: Context,
): Promise<void> {
  const { connection, operator } = daemon;
  const limit = end - performance.now();
  // Tailscale's own time limit comes first, because its message says more than ours.
  const ownLimit = Math.floor(limit - Math.min(2_000, limit / 4));
  const file = await writePrivateFile(context.folder, "tailnet-auth-key", authKey);
  const args = [
    "up",
    `--auth-key=file:${file}`,
    `--hostname=${inputs.hostname ?? machineName(context.run)}`,
    `--accept-dns=${inputs.acceptDns}`,
    `--timeout=${ownLimit}ms`,
    // What listens on this machine is none of the tailnet's business.
    "--shields-up",
    ...(operator === undefined ? [] : [`--operator=${operator}`]),
    ...(inputs.tags.length === 0 ? [] : [`--advertise-tags=${inputs.tags.join(",")}`]),
    ...(inputs.controlUrl === undefined ? [] : [`--login-server=${inputs.controlUrl}`]),
    ...(inputs.mode === "tun" && !(await hasFirewallTool(context)) ? ["--netfilter-mode=off"] : []),
    // Without a network card of its own it changes no route of the machine, so what lies behind routers can be reached.
    ...(inputs.mode === "tun" ? [] : ["--accept-routes"]),
  ];
  try {
    await tailscale(connection, args, limit, context);
  } catch (thrown) {
    context.signal.throwIfAborted();
    throw await explain(thrown, inputs, connection, context);
  } finally {
    await rm(file, { force: true });
  }
}

/** `repository-run-attempt` as one DNS label of at most 63 characters; the end of it is what tells runs apart. */
export function machineName({ repository, id, attempt }: WorkflowRun): string {
  const name = repository.split("/").at(-1) ?? "";
  const suffix = `-${id || "local"}-${attempt}`;
  const label = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replace(/^-/, "")
    .slice(0, 63 - suffix.length);
  return `${label.replace(/-$/, "") || "fairlead"}${suffix}`;
}

/** Whether another try would end the same way. */
function isFinal(thrown: unknown): boolean {
  return thrown instanceof Refusal || (thrown instanceof FairleadError && thrown.code === "ID_TOKEN_MISSING");
}

async function explain(
  thrown: unknown,
  inputs: TailnetInputs,
  connection: Connection,
  context: Context,
): Promise<FairleadError> {
  const server = serverOf(inputs);
  const said = thrown instanceof FairleadError ? /backend error: (.*)/.exec(thrown.details ?? "")?.[1] : undefined;
  if (said !== undefined) {
    return new Refusal({
      code: "TAILNET_FAILED",
      message: `The tailnet refused this machine: ${said.replace(/\.$/, "")}.`,
      fix: fixForRefusal(said, inputs),
      cause: thrown,
    });
  }
  return new FairleadError({
    code: "TAILNET_FAILED",
    message: `Tailscale could not be joined: ${(await lastLoginError(connection, context)) ?? messageOf(thrown)}.`,
    fix: `Check that the runner reaches ${server}; joining had ${formatDuration(inputs.timeout)} with all its tries.`,
    details: context.masker.redact(await lastLines(connection)),
    cause: thrown,
  });
}

function serverOf({ controlUrl }: TailnetInputs): string {
  return controlUrl ?? "https://controlplane.tailscale.com";
}

/** In words that fit the root action as well, whose settings have other names than this action's inputs. */
function fixForRefusal(said: string, inputs: TailnetInputs): string {
  const { login, tags } = inputs;
  if (/tag/.test(said)) return `Let the key have the tags that are asked for (${tags.join(", ")}), or ask for its own.`;
  if (login.kind !== "auth-key")
    return `The key was made just now: check that ${login.apiUrl} makes keys for ${serverOf(inputs)}.`;
  return "Make a new auth key, ephemeral and reusable, and store it in place of the old one.";
}

/** Why the last login failed, as the daemon itself tells it; `tailscale up` only says that time is over. */
async function lastLoginError(connection: Connection, context: Context): Promise<string | undefined> {
  try {
    const { Health } = await readStatus(connection, context);
    const warning = Health?.find((text) => text.includes("last login error")) ?? Health?.at(-1);
    return warning?.replace(/^.*The last login error was: /, "").replace(/\.$/, "");
  } catch {
    context.signal.throwIfAborted();
    return undefined;
  }
}

async function hasFirewallTool({ environment }: Context): Promise<boolean> {
  const folders = [...(environment["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"].filter(Boolean);
  for (const folder of folders) {
    const found = await access(joinPath(folder, "iptables"), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}
