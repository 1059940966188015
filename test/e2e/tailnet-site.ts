import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import type { Finished } from "../../actions/core/process.ts";
import { issue, makeAuthority } from "../cluster/certificates.ts";
import { logFile, startDaemon, stopDaemon } from "../cluster/daemon.ts";
import type { Network } from "../cluster/network.ts";
import { statusOf } from "../cluster/probe.ts";
import { run } from "../cluster/run.ts";
import { startTailnet, type Tailnet, type TailnetOptions, tailnetDaemons } from "../cluster/tailnet.ts";
import { ensureTools } from "../cluster/toolchain.ts";
import type { JobOptions } from "../harness/job.ts";
import { startInstance } from "./instance.ts";

/** The action under test. */
export const room = join(import.meta.dirname, "../../actions/tailnet");

/** Where the API server would be. */
export const apiPort = 6443;

/** An instance with a tailnet, and something at its cluster's address that answers. */
export interface TailnetSite extends AsyncDisposable {
  readonly network: Network;
  readonly tailnet: Tailnet;
  readonly tools: Readonly<Record<"control" | "tailscale" | "tailscaled", string>>;
  /** One more tailnet in the same instance; everything about it ends with the instance. */
  addTailnet(options: TailnetOptions): Promise<Tailnet>;
  /** Answers HTTPS on a port of the cluster, with a certificate for these names. */
  serve(options: Served): Promise<void>;
  /** Stops what {@link serve} started. */
  stopServing(port: number): Promise<void>;
  /** Runs a program in the network of the instance, but otherwise on this machine. */
  within(command: readonly string[], input?: string): Promise<Finished>;
  /** What the control server was asked to register under a name, in order. */
  registrations(hostname: string, options?: TailnetOptions): Promise<readonly Registration[]>;
}

/** What answers at the cluster's address. */
export interface Served {
  readonly port: number;
  /** The names of its certificate. */
  readonly names: readonly string[];
  readonly status?: number;
}

/** A register request of a machine, as the control server logs it; only what tests look at. */
export interface Registration {
  readonly Ephemeral?: boolean;
  /** In the past for a log-out. */
  readonly Expiry: string;
  readonly Hostinfo?: {
    readonly Hostname: string;
    readonly RequestTags?: readonly string[];
    readonly ShieldsUp?: boolean;
  };
}

/** Starts one. @param name of the instance. */
export async function openTailnetSite(name: string): Promise<TailnetSite> {
  const tools = await ensureTools(["control", "tailscale", "tailscaled"], console.log);
  const instance = await startInstance(name);
  const { network } = instance;
  const site: TailnetSite = {
    network,
    tools,
    tailnet: await startTailnet(network, tools),
    addTailnet: (options) => startTailnet(network, tools, options),
    serve: async (options) => void (await serve(network, options)),
    stopServing: (port) => stopServing(network, port),
    within: (command, input = "") =>
      run(["nsenter", "--target", String(network.holders[1].pid), "--net", "--", ...command], { input }),
    registrations: (hostname, options) => registrations(network, hostname, options),
    [Symbol.asyncDispose]: () => instance[Symbol.asyncDispose](),
  };
  await site.serve({ port: apiPort, names: namesOf(site.tailnet) });
  return site;
}

/** Every way to name the cluster. */
export function namesOf({ clusterAddress, clusterAddress6 }: Tailnet): string[] {
  return [`IP:${clusterAddress}`, `IP:${clusterAddress6}`, "DNS:cluster.tailnet.test", "DNS:cluster"];
}

const serverName = (port: number) => `answering-server-${port}`;

/** Answers HTTPS at the cluster's address; gives the certificate of the authority that is to be trusted. */
export async function serve(network: Network, options: Served): Promise<string> {
  const { port, names, status = 403 } = options;
  const folder = join(network.state, `certificates-${port}`);
  const authority = await makeAuthority(folder);
  const { key, certificate } = await issue(folder, "server", authority, {
    commonName: "cluster",
    alternativeNames: names,
  });
  const script = join(import.meta.dirname, "answering-server.mjs");
  await startDaemon(network, {
    name: serverName(port),
    command: [process.execPath, script, String(port), key, certificate, String(status)],
    environment: {},
    ready: async () => (await statusOf(`https://${network.address}:${port}/`)) === status,
  });
  return authority.certificate;
}

/** Stops what {@link serve} started. */
export async function stopServing(network: Network, port: number): Promise<void> {
  await stopDaemon(network, serverName(port));
}

/** What a control server was asked to register under a name, in order. */
async function registrations(network: Network, hostname: string, options: TailnetOptions = {}) {
  const log = await readFile(logFile(network, tailnetDaemons(options).control), "utf8");
  const requests = [...log.matchAll(/Got tailcfg\.RegisterRequest: (\{[\s\S]*?\n\})/g)];
  const parsed: Registration[] = requests.map(([, json]) => JSON.parse(json ?? ""));
  return parsed.filter(({ Hostinfo }) => Hostinfo?.Hostname === hostname);
}

/** Fails unless a machine was ephemeral, and logged out as the last thing that it did. */
export async function assertLoggedOut(
  { network }: Pick<TailnetSite, "network">,
  hostname: string,
  options?: TailnetOptions,
): Promise<void> {
  const requests = await registrations(network, hostname, options);
  assert.equal(requests[0]?.Ephemeral, true, "the machine is ephemeral");
  const expiry = Date.parse(String(requests.at(-1)?.Expiry));
  assert.ok(expiry > 0 && expiry < Date.now(), "the last request ends the registration");
}

/** A job whose runner has Tailscale on its PATH, and which knows a few secrets. */
export function jobOn({ tools }: TailnetSite, ...secrets: readonly string[]): JobOptions {
  return { env: { PATH: `${dirname(tools.tailscale)}${delimiter}${process.env["PATH"]}` }, secrets };
}

/** The inputs of a step that joins with the auth key. */
export function withKey({ authKey, controlUrl }: Tailnet, more: Readonly<Record<string, string>> = {}) {
  return { "auth-key": authKey, "control-url": controlUrl, mode: "userspace", timeout: "20s", ...more };
}
