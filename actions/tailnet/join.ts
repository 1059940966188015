import { access, constants, rm } from "node:fs/promises";
import { delimiter, join as joinPath } from "node:path";
import type { Context, WorkflowRun } from "../core/context.ts";
import { formatDuration } from "../core/duration.ts";
import { FairleadError, messageOf } from "../core/errors.ts";
import { writePrivateFile } from "../core/files.ts";
import { retry } from "../core/retry.ts";
import { type Connection, readStatus, type Status, tailscale } from "./client.ts";
import { lastLines } from "./daemon.ts";
import type { TailnetInputs } from "./inputs.ts";

/**
 * Joins the tailnet with the auth key, and tries again where that may help.
 *
 * @throws FairleadError TAILNET_FAILED
 */
export async function joinTailnet(inputs: TailnetInputs, connection: Connection, context: Context): Promise<Status> {
  const file = await writePrivateFile(context.folder, "tailnet-auth-key", inputs.authKey);
  try {
    await retry(
      {
        attempts: inputs.retries + 1,
        delay: 1_000,
        longest: 10_000,
        signal: context.signal,
        retryable: (thrown) => !isRefusal(thrown),
        onRetry: (thrown, wait) =>
          context.runner.info(`Joining failed (${messageOf(thrown)}); trying again in ${formatDuration(wait)}`),
      },
      async () => await up(inputs, file, connection, context),
    );
  } catch (thrown) {
    context.signal.throwIfAborted();
    throw await explain(thrown, inputs, connection, context);
  } finally {
    await rm(file, { force: true });
  }
  return await readStatus(connection, context);
}

async function up(inputs: TailnetInputs, keyFile: string, connection: Connection, context: Context): Promise<void> {
  const seconds = Math.max(1, Math.ceil(inputs.timeout / 1_000 / (inputs.retries + 1)));
  const args = [
    "up",
    `--auth-key=file:${keyFile}`,
    `--hostname=${inputs.hostname ?? machineName(context.run)}`,
    `--accept-dns=${inputs.acceptDns}`,
    `--timeout=${seconds}s`,
    ...(inputs.controlUrl === undefined ? [] : [`--login-server=${inputs.controlUrl}`]),
    ...(inputs.mode === "tun" && !(await hasFirewallTool(context)) ? ["--netfilter-mode=off"] : []),
  ];
  // Tailscale's own time limit comes first, because its message says more than ours.
  await tailscale(connection, args, (seconds + 5) * 1_000, context);
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

/** Whether the control server said no, rather than nothing. */
function isRefusal(thrown: unknown): boolean {
  return thrown instanceof FairleadError && /backend error: /.test(thrown.details ?? "");
}

async function explain(
  thrown: unknown,
  inputs: TailnetInputs,
  connection: Connection,
  context: Context,
): Promise<FairleadError> {
  const server = inputs.controlUrl ?? "https://controlplane.tailscale.com";
  const refusal = isRefusal(thrown)
    ? /backend error: (.*)/.exec((thrown as FairleadError).details ?? "")?.[1]
    : undefined;
  if (refusal !== undefined) {
    return new FairleadError({
      code: "TAILNET_FAILED",
      message: `The tailnet refused this machine: ${refusal}.`,
      fix: "Make a new auth key, ephemeral and reusable, and store it where `auth-key` is read from.",
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
