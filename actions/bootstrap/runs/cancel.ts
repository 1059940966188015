import { appendFileSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Context } from "../../core/context.ts";
import { messageOf } from "../../core/errors.ts";
import { mapSome } from "../../core/map-some.ts";
import { revokeToken } from "../access/app.ts";
import type { Client } from "../api/client.ts";
import { realClock } from "../api/clock.ts";
import { cancelRun } from "../api/github.ts";
import { createPacer } from "../api/pacer.ts";
import { sendOverHttp } from "../api/send.ts";

// What the post step has to undo is noted line by line, so that it is known also when this process is killed.
const runsFile = "bootstrap-runs.jsonl";
const tokensFile = "bootstrap-tokens.jsonl";

/** A run that is to be cancelled when the bootstrap is. */
export interface NotedRun {
  readonly apiUrl: string;
  /** In lower case. */
  readonly owner: string;
  /** A secret. */
  readonly token: string;
  readonly repository: string;
  readonly id: number;
}

interface NotedToken {
  readonly apiUrl: string;
  /** In lower case. */
  readonly owner: string;
  /** A secret. */
  readonly token: string;
}

/** Runs cancelled at the same time. */
const atOnce = 8;
/** Milliseconds that the post step takes at most. */
const postTimeout = 120_000;

/** Notes a run that was started. */
export function noteRun(run: NotedRun, context: Context): void {
  note(runsFile, run, context);
}

/** Notes a token that was made for an installation. */
export function noteToken(token: NotedToken, context: Context): void {
  note(tokensFile, token, context);
}

/** Forgets all runs: they are over, or go on by themselves. */
export async function forgetRuns({ folder }: Context): Promise<void> {
  await rm(join(folder, runsFile), { force: true });
}

/** Cancels all runs that were noted. Called when the job is cancelled, and again by the post step for what was left. */
export async function cancelNotedRuns(context: Context, signal: AbortSignal): Promise<number> {
  const runs = await noted<NotedRun>(runsFile, context);
  // A run that takes longer than an App's token is cancelled with the one that followed it.
  const latest = new Map((await noted<NotedToken>(tokensFile, context)).map(({ owner, token }) => [owner, token]));
  const pacers = new Map(runs.map(({ owner }) => [owner, createPacer(realClock)]));
  const left: string[] = [];
  await mapSome(runs, atOnce, async (run) => {
    const token = latest.get(run.owner) ?? run.token;
    context.masker.add(token);
    const pacer = pacers.get(run.owner) ?? createPacer(realClock);
    const connection = { apiUrl: run.apiUrl, clock: realClock, send: sendOverHttp, signal, say: context.runner.info };
    const client: Client = { ...connection, owner: run.owner, pacer, token: async () => token };
    await cancelRun(client, run.repository, run.id).catch((thrown) => {
      left.push(`${run.repository}: ${messageOf(thrown)}`);
    });
  });
  if (left.length === 0) await forgetRuns(context);
  else if (!signal.aborted) throw new Error(`${left.length} runs could not be cancelled. ${left.join(" ")}`);
  return runs.length - left.length;
}

/** Ends every token that was made. @throws when one could not be; it then ends after an hour. */
export async function revokeTokens(context: Context): Promise<void> {
  const tokens = await noted<NotedToken>(tokensFile, context);
  const signal = AbortSignal.timeout(postTimeout);
  for (const { token } of tokens) context.masker.add(token);
  await Promise.all(tokens.map(({ apiUrl, token }) => revokeToken({ apiUrl, send: sendOverHttp, signal }, token)));
  await rm(join(context.folder, tokensFile), { force: true });
}

/** What the post step undoes: runs of a cancelled bootstrap first, since that needs the tokens. */
export async function undo(context: Context): Promise<void> {
  try {
    await cancelNotedRuns(context, AbortSignal.timeout(postTimeout));
  } finally {
    await revokeTokens(context);
  }
}

function note(file: string, entry: object, { folder }: Context): void {
  appendFileSync(join(folder, file), `${JSON.stringify(entry)}\n`, { mode: 0o600 });
}

async function noted<T>(file: string, { folder }: Context): Promise<T[]> {
  const text = await readFile(join(folder, file), "utf8").catch(() => "");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line): T => JSON.parse(line));
}
