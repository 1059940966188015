import type {
  AppsV1Api,
  AuthorizationV1Api,
  BatchV1Api,
  CoordinationV1Api,
  CoreV1Api,
  DiscoveryV1Api,
  HttpMethod,
  KubeConfig,
  KubernetesObject,
  RequestContext,
} from "@kubernetes/client-node";
import { FairleadError, messageOf } from "./errors.ts";
import { type CommandResult, type PodCommand, runInPod } from "./exec.ts";
import { invalidKubeconfig, readKubeconfig, throughProxy } from "./kubeconfig.ts";
import type { Masker } from "./masking.ts";
import { retry } from "./retry.ts";
import { type Collection, type Watched, type WatchListener, watchCollection } from "./watch.ts";

/** Milliseconds for one call of the API server, its body included. */
const callTimeout = 15_000;

/** A Kubernetes cluster, reached with the kubeconfig's own user. */
export interface Cluster {
  readonly core: CoreV1Api;
  readonly apps: AppsV1Api;
  readonly authorization: AuthorizationV1Api;
  readonly batch: BatchV1Api;
  readonly coordination: CoordinationV1Api;
  readonly discovery: DiscoveryV1Api;
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
  /** Runs a command in a container and waits for its end. */
  run(command: PodCommand, signal: AbortSignal): Promise<CommandResult>;
  /**
   * Watches a collection until it is stopped.
   *
   * @throws as `ask`, when it cannot be listed at first.
   */
  watch<T extends KubernetesObject>(collection: Collection, listener: WatchListener<T>): Promise<Watched<T>>;
}

/** A call of a path of the API server. */
export interface PlainRequest {
  readonly path: string;
  readonly method?: "GET" | "POST" | "PATCH" | "DELETE";
  readonly accept?: string;
  readonly contentType?: string;
  readonly body?: unknown;
}

/** An answer as it came. */
export interface PlainAnswer {
  readonly status: number;
  readonly body: string;
}

/** The header by which a PATCH becomes a server-side apply. */
export async function serverSideApply() {
  const { PatchStrategy, setHeaderOptions } = await import("@kubernetes/client-node");
  return setHeaderOptions("Content-Type", PatchStrategy.ServerSideApply);
}

/** Who fairlead is in `metadata.managedFields`. */
export const fieldManager = "fairlead";

/**
 * Prepares access to a cluster; nothing is called yet.
 *
 * @param kubeconfig text or base64.
 * @param proxy address of an HTTP proxy, when the cluster is only reached through one.
 * @throws FairleadError KUBECONFIG_INVALID.
 */
export async function openCluster(options: {
  kubeconfig: string;
  proxy?: string | undefined;
  masker: Masker;
  signal: AbortSignal;
}): Promise<Cluster> {
  const { text, server } = await readKubeconfig(options.kubeconfig, options.masker);
  const kubeconfig = options.proxy === undefined ? text : await throughProxy(text, options.proxy);
  const kubernetes = await import("@kubernetes/client-node");
  const config = keepConnections(loadConfig(new kubernetes.KubeConfig(), kubeconfig));
  const configuration = kubernetes.createConfiguration({
    baseServer: new kubernetes.ServerConfiguration(server.href.replace(/\/$/, ""), {}),
    authMethods: { default: config },
    promiseMiddleware: [
      {
        pre: async (request) => {
          request.setSignal(AbortSignal.any([options.signal, AbortSignal.timeout(callTimeout)]));
          return request;
        },
        post: async (response) => response,
      },
    ],
  });
  const core = new kubernetes.CoreV1Api(configuration);
  const versionApi = new kubernetes.VersionApi(configuration);
  const ask = <T>(call: () => Promise<T>) => askCluster(call, server, options.signal);
  // A request is used up by its try, so each one makes its own.
  const send = async ({ path, method = "GET", accept, contentType, body }: PlainRequest, signal?: AbortSignal) => {
    const request = new kubernetes.RequestContext(new URL(path, server).href, method as HttpMethod);
    await config.applySecurityAuthentication(request);
    if (accept !== undefined) request.setHeaderParam("Accept", accept);
    if (contentType !== undefined) request.setHeaderParam("Content-Type", contentType);
    if (body !== undefined) request.setBody(JSON.stringify(body));
    request.setSignal(AbortSignal.any([options.signal, signal ?? AbortSignal.timeout(callTimeout)]));
    const answer = await configuration.httpApi.send(request).toPromise();
    return { status: answer.httpStatusCode, body: await answer.body.text() };
  };
  const read = <T>(request: PlainRequest): Promise<T> =>
    ask(async () => {
      const { status, body } = await send(request);
      if (status >= 400) throw Object.assign(new Error(`HTTP status ${status}`), { code: status, body });
      return JSON.parse(body);
    });
  return {
    core,
    apps: new kubernetes.AppsV1Api(configuration),
    authorization: new kubernetes.AuthorizationV1Api(configuration),
    batch: new kubernetes.BatchV1Api(configuration),
    coordination: new kubernetes.CoordinationV1Api(configuration),
    discovery: new kubernetes.DiscoveryV1Api(configuration),
    kubeconfig,
    version: async () => (await ask(() => versionApi.getCode())).gitVersion,
    ask,
    call: (request, signal) => ask(() => send(request, signal)),
    read,
    run: (command, signal) => runInPod(config, command, AbortSignal.any([options.signal, signal])),
    watch: (collection, listener) => watchCollection(config, collection, listener, (path) => read({ path })),
  };
}

/**
 * The client opens a connection for every call, with a TLS handshake each (its version 2.0, `createDispatcher`). One
 * dispatcher for all of them keeps connections open, and resumes TLS sessions.
 */
function keepConnections(config: KubeConfig): KubeConfig {
  const authenticate = config.applySecurityAuthentication.bind(config);
  let dispatcher: ReturnType<RequestContext["getDispatcher"]>;
  config.applySecurityAuthentication = async (request) => {
    await authenticate(request);
    dispatcher ??= request.getDispatcher();
    if (dispatcher !== undefined) request.setDispatcher(dispatcher);
  };
  return config;
}

/** The client wants every entry to be whole, also those that the current context does not name. */
function loadConfig(config: KubeConfig, kubeconfig: string): KubeConfig {
  try {
    config.loadFromString(kubeconfig);
    return config;
  } catch (thrown) {
    throw invalidKubeconfig(messageOf(thrown));
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

/** A mistake in our own code, in contrast to an answer that did not come: fetch fails with a TypeError of this one text. */
function isMistake(thrown: unknown): boolean {
  return thrown instanceof TypeError && thrown.message !== "fetch failed";
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
