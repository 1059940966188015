import { once } from "node:events";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { connect } from "node:net";

/**
 * The status of an HTTP or HTTPS address; over a new connection and without a look at the certificate, since this
 * asks only whether a part is up.
 *
 * @throws what kept the answer away, after two seconds at the latest.
 */
export async function statusOf(url: string): Promise<number> {
  const options = { agent: false, timeout: 2_000, signal: AbortSignal.timeout(2_000) };
  const request = url.startsWith("https:")
    ? requestHttps(url, { ...options, rejectUnauthorized: false })
    : requestHttp(url, options);
  request.end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  response.resume();
  return response.statusCode ?? 0;
}

/**
 * Whether something accepts connections at a Unix socket.
 *
 * @throws what kept the connection away.
 */
export async function listens(socket: string): Promise<boolean> {
  const connection = connect(socket);
  try {
    await once(connection, "connect");
    return true;
  } finally {
    connection.destroy();
  }
}
