import { randomBytes, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { InfisicalOptions } from "../fakes/infisical/server.ts";
import { startDaemon } from "./daemon.ts";
import type { Kubernetes } from "./kubernetes.ts";
import type { Network } from "./network.ts";
import { statusOf } from "./probe.ts";
import type { Registry } from "./registry.ts";
import type { Tailnet } from "./tailnet.ts";

/** The stand-in for Infisical with the folder that a deploy reads, as a team would have filled it. */
export interface InfisicalFolder {
  readonly url: string;
  readonly project: string;
  readonly clientId: string;
  /** A secret, like the values of `secrets` but for the user name. */
  readonly clientSecret: string;
  readonly secrets: Readonly<Record<string, string>>;
}

const port = 8200;
const project = "jterrazz";
const path = "/infrastructure-apps";

/** Starts the stand-in with credentials for the other parts; the cluster is only named by its tailnet address. */
export async function startInfisicalFolder(
  network: Network,
  kubernetes: Kubernetes,
  registry: Registry,
  tailnet: Tailnet,
): Promise<InfisicalFolder> {
  const secrets = {
    TAILSCALE_AUTH_KEY: tailnet.authKey,
    DOCKER_REGISTRY_USERNAME: registry.username,
    DOCKER_REGISTRY_PASSWORD: registry.password,
    KUBECONFIG_BASE64: Buffer.from(await tailnetKubeconfig(kubernetes, tailnet)).toString("base64"),
  };
  const identity = { clientId: randomUUID(), clientSecret: randomBytes(32).toString("hex"), projects: [project] };
  const options: InfisicalOptions = {
    host: network.address,
    port,
    identities: [identity],
    projects: [{ id: randomUUID(), slug: project, environments: { prod: { [path]: { secrets } } } }],
  };
  const url = `http://${network.address}:${port}`;
  await startDaemon(network, {
    name: "infisical",
    command: [process.execPath, join(import.meta.dirname, "../fakes/infisical/main.ts")],
    environment: {},
    input: JSON.stringify(options),
    ready: async () => (await statusOf(url)) > 0,
  });
  const { clientId, clientSecret } = identity;
  return { url, project, clientId, clientSecret, secrets };
}

/** The administrator's kubeconfig with the address that only machines of the tailnet reach. */
async function tailnetKubeconfig(kubernetes: Kubernetes, { clusterAddress }: Tailnet): Promise<string> {
  const text = await readFile(kubernetes.kubeconfig, "utf8");
  return text.replaceAll(kubernetes.server, `https://${clusterAddress}:6443`);
}
