import { randomUUID } from "node:crypto";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Context } from "../core/context.ts";
import { writePrivateFile } from "../core/files.ts";
import { revoke } from "./infisical.ts";

const fileName = /^infisical-session-[0-9a-f-]+\.json$/;
const revokeTimeout = 5_000;

interface Session {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly token: string;
}

/**
 * Notes a token in the folder of the step, so that it is revoked even when this process is killed. A file for each: a
 * step may log in again while an earlier token could not be revoked yet.
 */
export async function remember(session: Session, context: Context): Promise<void> {
  await writePrivateFile(context.folder, `infisical-session-${randomUUID()}.json`, JSON.stringify(session));
}

/**
 * Revokes every access token of this step that was not revoked yet.
 * Called when the secrets were read, and again by the post step.
 *
 * @param timeout milliseconds for each.
 * @throws when the server did not revoke one; that token then ends at its own time to live.
 */
export async function undo(context: Context, timeout = revokeTimeout): Promise<void> {
  const names = await readdir(context.folder).catch(() => []);
  const noted = names.filter((name) => fileName.test(name)).map((name) => join(context.folder, name));
  // All are tried before the first failure is told.
  const ends = await Promise.allSettled(noted.map((file) => end(file, timeout, context)));
  const failed = ends.find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

async function end(file: string, timeout: number, context: Context): Promise<void> {
  const { token, ...server }: Session = JSON.parse(await readFile(file, "utf8"));
  context.masker.add(token);
  for (const value of Object.values(server.headers ?? {})) context.masker.add(value);
  await revoke(server, token, Math.min(timeout, revokeTimeout), context);
  await rm(file, { force: true });
}
