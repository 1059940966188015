import type { HttpAnswer, Message, Send } from "./message.ts";
import { proxyFor } from "./proxy.ts";

/**
 * Sends one request by Node's own client, for a step that makes a few calls and ends: to load `fetch` alone takes longer
 * than such a step. It goes through the machine's proxy, where it has one. Redirects are not followed, and no compressed
 * answer is asked for.
 *
 * @param through another proxy than the machine's.
 * @throws Error of the connection or of the proxy, or the reason of the signal.
 */
export async function sendDirectly(
  { url, method = "GET", headers = {}, body }: Message,
  signal: AbortSignal,
  through?: URL,
): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const address = new URL(url);
  // Loaded by the first request: a step that fails for its inputs makes none.
  const client = process.getBuiltinModule(address.protocol === "https:" ? "node:https" : "node:http");
  const proxy = through ?? proxyFor(address);
  const agent = proxy && new client.Agent({ proxyEnv: { HTTP_PROXY: proxy.href, HTTPS_PROXY: proxy.href } });
  const options = agent === undefined ? {} : { agent };
  const sent = client.request(address, { ...options, method, headers, signal }, (response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("error", reject);
    response.on("end", () => {
      const get = (name: string) => response.headers[name.toLowerCase()]?.toString() ?? null;
      resolve({ status: response.statusCode ?? 0, headers: { get }, body: Buffer.concat(chunks).toString() });
    });
  });
  sent.on("error", (error) => reject(proxy === undefined ? error : atProxy(error, proxy)));
  sent.end(body);
  if (proxy === undefined) return await promise;
  // Node does not listen to the signal while a proxy has not answered.
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  return await promise.finally(() => signal.removeEventListener("abort", stop));
}

/** A refused connection names an address that nobody asked for, unless it is said whose it is. */
function atProxy(error: Error, proxy: URL): Error {
  return new Error(`through the proxy ${proxy.host}`, { cause: error });
}

/** Sends requests through an HTTP proxy, the one into a tailnet for instance. */
export function sendThrough(proxy: string): Send {
  return (message, signal) => sendDirectly(message, signal, new URL(proxy));
}
