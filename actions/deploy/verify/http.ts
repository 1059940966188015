import type { Cluster } from "../../core/cluster.ts";
import { sendThrough } from "../../core/direct.ts";
import { messageOf } from "../../core/errors.ts";
import { request } from "../../core/http.ts";
import type { Component } from "../../validate/application.ts";
import type { Finding } from "./check.ts";
import { compare, type Expectation } from "./expectation.ts";

/** An answer that is neither an error nor one that asks for something else. */
const isGood = (status: number) => status >= 200 && status < 400;

/**
 * Asks a component over HTTP through its Service, by the API server's proxy, which needs no way from here to the pods.
 * Where the proxy is not allowed, or the API server itself does not reach the pods, nothing is known.
 */
export async function askService(
  cluster: Cluster,
  component: Component,
  path: string,
  expect: Expectation,
  signal: AbortSignal,
): Promise<Finding> {
  const { service, ports = [], httpPort } = component;
  const port = ports.find(({ name }) => name === httpPort)?.service;
  if (service === undefined || port === undefined) {
    return { state: "wrong", final: true, said: `${component.name} has no Service with a port that speaks HTTP` };
  }
  const base = `/api/v1/namespaces/${component.namespace}/services/http:${service.name}:${port}/proxy`;
  const answer = await cluster.call({ path: `${base}${path}` }, signal);
  const own = ownStatus(answer.body);
  if (own === undefined) return compare({ status: answer.status, text: answer.body }, expect, isGood, "status");
  if (answer.status === 403) return { state: "unknown", said: "the kubeconfig's user may not `get services/proxy`" };
  return { state: answer.status === 503 ? "wrong" : "unknown", said: own };
}

/** The message when the API server answers for itself and not for the app. */
function ownStatus(body: string): string | undefined {
  if (!body.startsWith('{"kind":"Status"')) return undefined;
  const { message } = JSON.parse(body) as { message?: string };
  return message ?? "the API server refuses";
}

/**
 * Asks an address from here. What cannot be reached from here (DNS, certificate, connection) is not known.
 *
 * @param proxy the address of an HTTP proxy that leads there.
 */
export async function askAddress(
  url: string,
  expect: Expectation,
  signal: AbortSignal,
  { good = isGood, proxy }: { readonly good?: typeof isGood; readonly proxy?: string | undefined } = {},
): Promise<Finding> {
  try {
    const way = proxy === undefined ? {} : { send: sendThrough(proxy) };
    const { status, body } = await request({ url, timeout: 10_000, attempts: 1, signal, ...way });
    // Without TLS, what a proxy says that found no way looks like an answer.
    if (proxy !== undefined && status === 502 && url.startsWith("http:"))
      return { state: "unknown", said: `${url} is not reached through the tailnet, or answers with status 502` };
    return compare({ status, text: body }, expect, good, "status");
  } catch (thrown) {
    signal.throwIfAborted();
    const cause = (thrown as { cause?: unknown }).cause;
    return { state: "unknown", said: `${url} is not reached from this runner: ${messageOf(cause ?? thrown)}` };
  }
}
