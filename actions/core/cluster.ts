import { text } from "node:stream/consumers";
import type { KubernetesObject } from "@kubernetes/client-node";
import { openConnection, type PlainRequest } from "./connection.ts";
import { credentialsIn } from "./credentials-in.ts";
import { FairleadError, messageOf } from "./errors.ts";
import { type CommandResult, type PodCommand, runInPod } from "./exec.ts";
import { type Kubeconfig, readKubeconfig, throughProxy } from "./kubeconfig.ts";
import type { Masker } from "./masking.ts";
import { proxyFor } from "./proxy.ts";
import { retry } from "./retry.ts";
import { type Collection, type Watched, type WatchListener, watchCollection } from "./watch.ts";

/** Milliseconds for one call of the API server, its body included. */
const callTimeout = 15_000;

/** A Kubernetes cluster, reached with the kubeconfig's own user. */
export interface Cluster {
  /** The kubeconfig in use, with the proxy in it. */
  readonly kubeconfig: string;
  /** `v1.35.4`; the first call, so it tells whether the cluster answers at all. */
  version(): Promise<string>;
  /**
   * Makes a call that may be repeated: failed connections, conflicts and 429, 500, 503, 504 are tried again.
   *
   * @throws FairleadError CLUSTER_UNREACHABLE, CLUSTER_UNAUTHORIZED, CLUSTER_FORBIDDEN or CLUSTER_REJECTED.
   */
  ask<T>(call: () => Promise<T>): Promise<T>;
  /**
   * Makes a call once, and gives the JSON of its answer: for `ask`, where one try is several calls.
   *
   * @throws what `statusOf` and `statusMessage` understand.
   */
  send<T>(request: PlainRequest): Promise<T>;
  /**
   * Makes a call of any path, `/api/v1/namespaces/…/proxy/health`, and gives the answer whatever its status. It must be one
   * that may be repeated, since a failed connection is tried again.
   *
   * @throws the reason of a signal; CLUSTER_UNREACHABLE when nothing answered.
   */
  call(request: PlainRequest, signal?: AbortSignal): Promise<PlainAnswer>;
  /**
   * Makes a call of any path as `call` does, and gives the JSON of its answer.
   *
   * @throws as `ask`, also for a status from 400 on.
   */
  read<T>(request: PlainRequest): Promise<T>;
  /** As `read`, for an answer that is text: a log. */
  readText(request: PlainRequest): Promise<string>;
  /**
   * Makes a call as `read` does, and gives its answer in pieces as they come: a log that is followed.
   *
   * @param signal ends the answer, with its reason.
   */
  stream(request: PlainRequest, signal: AbortSignal): Promise<AsyncIterable<Buffer>>;
  /** Runs a command in a container and waits for its end. */
  run(command: PodCommand, signal: AbortSignal): Promise<CommandResult>;
  /**
   * Watches a collection until it is stopped.
   *
   * @throws as `ask`, when it cannot be listed at first.
   */
  watch<T extends KubernetesObject>(collection: Collection, listener: WatchListener<T>): Promise<Watched<T>>;
}

/** What a list answers with, as far as it is read here. */
export interface List<T> {
  readonly items: readonly T[];
}

/** An answer as it came. */
export interface PlainAnswer {
  readonly status: number;
  readonly body: string;
}

/** Who fairlead is in `metadata.managedFields`. */
export const fieldManager = "fairlead";

/** A server-side apply of an object, which takes over what somebody else had set (Kubernetes, "Server-Side Apply"). */
export function applyRequest(path: string, body: object): PlainRequest {
  const query = { fieldManager, force: "true" };
  return { method: "PATCH", path, query, contentType: "application/apply-patch+yaml", body };
}

/**
 * Prepares access to a cluster; nothing is called yet.
 *
 * @param kubeconfig text or base64.
 * @param proxy address of an HTTP proxy, when the cluster is only reached through one; else that of the kubeconfig counts,
 *   else the machine's.
 * @throws FairleadError KUBECONFIG_INVALID.
 */
export async function openCluster(options: {
  kubeconfig: string;
  proxy?: string | undefined;
  masker: Masker;
  signal: AbortSignal;
}): Promise<Cluster> {
  const plain = await readKubeconfig(options.kubeconfig, options.masker);
  const proxy = options.proxy ?? proxyOfMachine(plain, options.masker);
  const used = proxy === undefined ? plain : await throughProxy(plain, proxy);
  const { server } = used;
  const connection = await openConnection(used);
  const ask = <T>(call: () => Promise<T>) => askCluster(call, server, options.signal);
  const call = async (request: PlainRequest, signal = AbortSignal.timeout(callTimeout)) => {
    const answer = await connection.open(request, AbortSignal.any([options.signal, signal]));
    return { status: answer.statusCode ?? 0, body: await text(answer) };
  };
  const sendText = async (request: PlainRequest) => {
    const { status, body } = await call(request);
    if (status >= 400) throw answerError(status, body);
    return body;
  };
  const send = async <T>(request: PlainRequest): Promise<T> => JSON.parse(await sendText(request));
  const read = <T>(request: PlainRequest) => ask(() => send<T>(request));
  const pieces = async (request: PlainRequest, signal: AbortSignal): Promise<AsyncIterable<Buffer>> => {
    const answer = await connection.open(request, AbortSignal.any([options.signal, signal]));
    if (answer.statusCode !== 200) throw answerError(answer.statusCode ?? 0, await text(answer));
    return answer;
  };
  const lines = async (request: PlainRequest, signal: AbortSignal) => linesOf(await pieces(request, signal));
  return {
    kubeconfig: used.text,
    version: async () => (await read<{ gitVersion: string }>({ path: "/version" })).gitVersion,
    ask,
    send,
    call: (request, signal) => ask(() => call(request, signal)),
    read,
    readText: (request) => ask(() => sendText(request)),
    stream: (request, signal) => ask(() => pieces(request, signal)),
    run: (command, signal) => runInPod(used.text, command, AbortSignal.any([options.signal, signal])),
    watch: (collection, listener) => watchCollection({ read, lines }, collection, listener),
  };
}

/** The machine's proxy, for a kubeconfig that has none of its own: as helm and kubectl choose it. */
function proxyOfMachine({ server, cluster }: Kubeconfig, masker: Masker): string | undefined {
  if (cluster["proxy-url"]) return undefined;
  const proxy = proxyFor(server)?.href;
  for (const secret of credentialsIn(proxy ?? "")) masker.add(secret);
  return proxy;
}

function answerError(status: number, body: string): Error {
  return Object.assign(new Error(`HTTP status ${status}`), { code: status, body });
}

/** The lines of a text, each as soon as it is whole. */
async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

async function askCluster<T>(call: () => Promise<T>, server: URL, signal: AbortSignal): Promise<T> {
  try {
    return await retry({ attempts: 4, delay: 250, longest: 2_000, signal, retryable: mayHeal }, call);
  } catch (thrown) {
    signal.throwIfAborted();
    throw isMistake(thrown) ? thrown : explain(thrown, server);
  }
}

/** The HTTP status of an answer of the API server, or undefined when none came. */
export function statusOf(thrown: unknown): number | undefined {
  const status = (thrown as { code?: unknown }).code;
  // A call that was aborted has a number too: the 23 of a DOMException.
  return typeof status === "number" && status >= 100 ? status : undefined;
}

/** A mistake in our own code, in contrast to an answer that did not come. */
function isMistake(thrown: unknown): boolean {
  return thrown instanceof TypeError;
}

function mayHeal(thrown: unknown): boolean {
  const status = statusOf(thrown);
  // 409: somebody else wrote in between, and a call that reads anew may win the next time.
  return status === undefined
    ? !certificateFault(thrown) && !isMistake(thrown)
    : [409, 429, 500, 503, 504].includes(status);
}

function certificateFault(thrown: unknown): boolean {
  return /certificate|altname|self.signed/i.test(messageOf(thrown));
}

function explain(thrown: unknown, server: URL): FairleadError {
  const status = statusOf(thrown);
  if (status === 401) {
    return new FairleadError({
      code: "CLUSTER_UNAUTHORIZED",
      message: `The cluster at ${server.host} does not accept the credentials of the kubeconfig.`,
      fix: "They may have expired, or belong to a cluster that was rebuilt: store a new kubeconfig.",
      cause: thrown,
    });
  }
  if (status === 403) {
    return new FairleadError({
      code: "CLUSTER_FORBIDDEN",
      message: `The cluster refuses a call: ${statusMessage(thrown)}.`,
      fix: /being terminated/.test(statusMessage(thrown))
        ? "Somebody deletes the namespace: run this again when it is gone."
        : "Grant the user of the kubeconfig this permission.",
      cause: thrown,
    });
  }
  if (status !== undefined) {
    const message = `The cluster refuses a call with status ${status}: ${statusMessage(thrown)}.`;
    return new FairleadError({ code: "CLUSTER_REJECTED", message, cause: thrown });
  }
  return new FairleadError({
    code: "CLUSTER_UNREACHABLE",
    message: `The API server at ${server.host} did not answer: ${messageOf(thrown)}.`,
    fix: certificateFault(thrown)
      ? "Put this address into the API server's certificate (for K3s `--tls-san`), or renew the kubeconfig."
      : "Check the address in the kubeconfig, and that this runner may reach it (tailnet, firewall).",
    cause: thrown,
  });
}

/** Undefined for an answer with one of these statuses: an outcome here, and not an error that is worth another try. */
export async function unless<T>(statuses: readonly number[], call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (thrown) {
    if (statuses.includes(statusOf(thrown) ?? 0)) return undefined;
    throw thrown;
  }
}

/** The sentence in an answer of the API server. */
export function statusMessage(thrown: unknown): string {
  const body = (thrown as { body?: unknown }).body;
  try {
    const status = typeof body === "string" ? JSON.parse(body) : body;
    if (typeof status?.message === "string") return status.message;
  } catch {
    // Not every proxy in between answers with a Status object; the raw text is as good as it gets then.
  }
  return messageOf(thrown);
}
