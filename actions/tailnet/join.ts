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
 *
 * @throws FairleadError TAILNET_FAILED, ID_TOKEN_MISSING
 */
export async function joinTailnet(inputs: TailnetInputs, daemon: Daemon, context: Context): Promise<Status> {
  const policy = {
    attempts: inputs.retries + 1,
    delay: 1_000,
    longest: 10_000,
    signal: context.signal,
    retryable: (thrown: unknown) => !isFinal(thrown),
    onRetry: (thrown: unknown, wait: number) =>
      context.runner.info(`Joining failed (${messageOf(thrown)}); trying again in ${formatDuration(wait)}`),
  };
  await retry(policy, async () => {
    const authKey = await authKeyFor(inputs.login, inputs.tags, context);
    await up(authKey, inputs, daemon, context);
  });
  return await readStatus(daemon.connection, context);
}

async function up(authKey: string, inputs: TailnetInputs, daemon: Daemon, context: Context): Promise<void> {
  const { connection, operator } = daemon;
  const seconds = Math.max(1, Math.ceil(inputs.timeout / 1_000 / (inputs.retries + 1)));
  const file = await writePrivateFile(context.folder, "tailnet-auth-key", authKey);
  const args = [
    "up",
    `--auth-key=file:${file}`,
    `--hostname=${inputs.hostname ?? machineName(context.run)}`,
    `--accept-dns=${inputs.acceptDns}`,
    `--timeout=${seconds}s`,
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
    // Tailscale's own time limit comes first, because its message says more than ours.
    await tailscale(connection, args, (seconds + 2) * 1_000, context);
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
  const server = inputs.controlUrl ?? "https://controlplane.tailscale.com";
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
    fix: `Check that the runner reaches ${server}, or give it more time with \`timeout\`.`,
    details: context.masker.redact(await lastLines(connection)),
    cause: thrown,
  });
}

function fixForRefusal(said: string, { login, tags }: TailnetInputs): string {
  if (/tag/.test(said)) return `Let the key have the tags that are asked for (${tags.join(", ")}), or ask for its own.`;
  if (login.kind !== "auth-key")
    return "The key was made just now: check that `api-url` and `control-url` belong together.";
  return "Make a new auth key, ephemeral and reusable, and store it where `auth-key` is read from.";
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
