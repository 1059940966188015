import type { HttpAnswer, Message } from "./http.ts";

/**
 * Sends one request by Node's own client, for a step that makes a few calls and ends: to load `fetch` alone takes longer
 * than such a step. Redirects are not followed, and no compressed answer is asked for.
 *
 * @throws Error of the connection, or of the signal.
 */
export function sendDirectly(
  { url, method = "GET", headers = {}, body }: Message,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const address = new URL(url);
  // Loaded by the first request: a step that fails for its inputs makes none.
  const client = process.getBuiltinModule(address.protocol === "https:" ? "node:https" : "node:http");
  const sent = client.request(address, { method, headers, signal }, (response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("error", reject);
    response.on("end", () => {
      const get = (name: string) => response.headers[name.toLowerCase()]?.toString() ?? null;
      resolve({ status: response.statusCode ?? 0, headers: { get }, body: Buffer.concat(chunks).toString() });
    });
  });
  sent.on("error", reject);
  sent.end(body);
  return promise;
}
