import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Context } from "../core/context.ts";
import { writePrivateFile } from "../core/files.ts";
import { revoke } from "./infisical.ts";

const fileName = "infisical-session.json";
const revokeTimeout = 5_000;

interface Session {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly token: string;
}

/** Notes a token in the folder of the step, so that it is revoked even when this process is killed. */
export async function remember(session: Session, context: Context): Promise<void> {
  await writePrivateFile(context.folder, fileName, JSON.stringify(session));
}

/**
 * Revokes the access token of this step, if there is one that was not revoked yet.
 * Called when the secrets were read, and again by the post step.
 *
 * @param timeout milliseconds.
 * @throws when the server did not revoke it; the token then ends at its own time to live.
 */
export async function undo(context: Context, timeout = revokeTimeout): Promise<void> {
  const file = join(context.folder, fileName);
  const noted = await readFile(file, "utf8").catch(() => undefined);
  if (noted === undefined) return;
  const { token, ...server }: Session = JSON.parse(noted);
  context.masker.add(token);
  for (const value of Object.values(server.headers ?? {})) context.masker.add(value);
  await revoke(server, token, Math.min(timeout, revokeTimeout), context);
  await rm(file, { force: true });
}
