import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Certificate, issue, type Subject } from "./certificates.ts";
import { startDaemon } from "./daemon.ts";
import type { DebianPrograms } from "./debian.ts";
import { kubeconfig } from "./kubeconfig.ts";
import type { Network } from "./network.ts";
import { statusOf } from "./probe.ts";

/** The programs of a Kubernetes of one node, and the client. */
export const programs = [
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kubelet",
  "kube-proxy",
  "kubectl",
] as const;

/** One of them. */
export type Program = (typeof programs)[number];

/** What the programs of one Kubernetes share. */
export interface Setting {
  readonly network: Network;
  readonly debian: DebianPrograms;
  readonly tools: Readonly<Record<Program, string>>;
  /** Where their certificates, configuration and data lie. */
  readonly folder: string;
  /** The API server's URL. */
  readonly server: string;
  readonly authority: Certificate;
  /** The key that tokens of service accounts are signed with. */
  readonly signingKey: string;
}

/** Makes a kubeconfig with a certificate of its own for one of the programs; gives the file. */
export async function clientConfig(setting: Setting, name: string, subject: Subject): Promise<string> {
  const certificate = await issue(setting.folder, name, setting.authority, subject);
  const file = join(setting.folder, `${name}.kubeconfig`);
  await writeFile(file, await kubeconfig(setting.server, setting.authority, certificate), { mode: 0o600 });
  return file;
}

/** Starts a program that reads its configuration from a file. */
export async function startConfigured(
  setting: Setting,
  name: Program,
  health: string,
  { flags, file }: { flags: readonly string[]; file: unknown },
): Promise<void> {
  const path = join(setting.folder, `${name}.json`);
  await writeFile(path, JSON.stringify(file));
  await startProgram(setting, name, health, [`--config=${path}`, ...flags]);
}

/** Starts a program and waits until its health address answers 200. */
export function startProgram(setting: Setting, name: Program, health: string, flags: readonly string[]): Promise<void> {
  return startDaemon(setting.network, {
    name,
    command: [setting.tools[name], ...flags],
    environment: setting.debian.environment,
    ready: async () => (await statusOf(health)) === 200,
  });
}
