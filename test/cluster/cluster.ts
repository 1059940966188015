import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type BaseImage, startBaseImage } from "./base-image.ts";
import { type BuildKit, startBuildKit } from "./buildkit.ts";
import { cacheFolder } from "./cache.ts";
import { type CustomResources, startCustomResources } from "./crds.ts";
import { runningDaemons } from "./daemon.ts";
import { type DebianPrograms, ensureDebianPrograms } from "./debian.ts";
import { type InfisicalFolder, startInfisicalFolder } from "./infisical.ts";
import { type ApiServer, type Kubernetes, startApiServer, startKubernetes } from "./kubernetes.ts";
import { withLock } from "./lock.ts";
import { defaultInstance, findNetwork, type Network, startNetwork, stopNetwork } from "./network.ts";
import { type Progress, step } from "./progress.ts";
import { writeRecord } from "./record.ts";
import { type Registry, startRegistry } from "./registry.ts";
import { startTailnet, type Tailnet } from "./tailnet.ts";
import { ensureTools } from "./toolchain.ts";

/** What each part tells about itself once it is up. */
export interface Parts {
  readonly apiServer: ApiServer;
  readonly kubernetes: Kubernetes;
  readonly customResources: CustomResources;
  readonly registry: Registry;
  readonly buildkit: BuildKit;
  readonly baseImage: BaseImage;
  readonly tailnet: Tailnet;
  readonly infisical: InfisicalFolder;
}

/** Name of a part. */
export type PartName = keyof Parts;

/** What starting a part may use: the instance, and other parts, which are started when they are asked for. */
interface Setting {
  readonly network: Network;
  readonly debian: DebianPrograms;
  readonly progress: Progress;
  readonly get: <Name extends PartName>(name: Name) => Promise<Parts[Name]>;
}

const starters: { readonly [Name in PartName]: (setting: Setting) => Promise<Parts[Name]> } = {
  apiServer: ({ network, debian, progress }) => startApiServer(network, debian, progress),
  kubernetes: ({ network, debian, progress, get }) => startKubernetes(network, debian, get("apiServer"), progress),
  customResources: async ({ get, progress }) => startCustomResources(await get("apiServer"), progress),
  registry: ({ network, debian }) => startRegistry(network, debian),
  buildkit: ({ network, debian, progress }) => startBuildKit(network, debian, progress),
  baseImage: async ({ debian, progress, get }) => startBaseImage(await get("registry"), debian, progress),
  tailnet: async ({ network, progress }) =>
    startTailnet(network, await ensureTools(["control", "tailscale", "tailscaled"], progress)),
  infisical: async ({ network, get }) => {
    const [apiServer, registry, tailnet] = await Promise.all([get("apiServer"), get("registry"), get("tailnet")]);
    return startInfisicalFolder(network, apiServer, registry, tailnet);
  },
};

/** What each part waits for while it starts, its tools aside. */
const waitsFor: { readonly [Name in PartName]: string } = {
  apiServer: "etcd and the API server",
  kubernetes: "the API server, the controllers and a ready node",
  customResources: "the API server to serve the definitions of custom resources",
  registry: "docker-registry",
  buildkit: "buildkitd",
  baseImage: "the registry to take the image",
  tailnet: "the control server and the cluster's machine",
  infisical: "the API server, the registry and the tailnet, whose credentials it holds",
};

/** Every part. */
export const allParts = Object.keys(starters) as PartName[];

/** A running instance: the parts that were asked for, and the network that they share with the machine. */
export type Cluster<Name extends PartName> = Pick<Parts, Name> & { readonly network: Network };

/** Which instance is meant, and who hears about it. */
export interface InstanceOptions {
  readonly instance?: string;
  readonly progress?: Progress;
}

/**
 * Starts real parts, as many at the same time as possible, or joins those of the same instance that run already.
 * An instance that a killed run left broken is cleaned up and started afresh.
 *
 * @throws what kept a part from coming up, with the end of its log; the instance is stopped then, its logs stay.
 */
export async function startCluster<Name extends PartName>(
  parts: readonly Name[],
  { instance = defaultInstance, progress = () => {} }: InstanceOptions = {},
): Promise<Cluster<Name>> {
  const state = stateFolder(instance);
  return withLock(`${state}.lock`, progress, async () => {
    const debian = await ensureDebianPrograms(progress);
    const network = findWhole(state) ?? (await startAfresh(instance, state, debian));
    const unfinished = unfinishedMark(state);
    writeFileSync(unfinished, "");
    const get = partStarter(network, debian, progress);
    const results = await Promise.allSettled(parts.map((name) => get(name)));
    const failure = results.find((result) => result.status === "rejected");
    if (failure !== undefined) {
      await stopNetwork(state);
      throw failure.reason;
    }
    rmSync(unfinished);
    const started = await Promise.all(parts.map(async (name) => [name, await get(name)] as const));
    return { network, ...Object.fromEntries(started) } as Cluster<Name>;
  });
}

/** Stops everything of an instance and forgets it; nothing happens where none runs. */
export async function stopCluster({ instance = defaultInstance, progress = () => {} }: InstanceOptions = {}) {
  const state = stateFolder(instance);
  await withLock(`${state}.lock`, progress, async () => {
    await stopNetwork(state);
    await rm(state, { recursive: true, force: true });
  });
}

/** The parts of an instance that are up; undefined where it does not run. */
export function findCluster(instance = defaultInstance): (Partial<Parts> & { readonly network: Network }) | undefined {
  const network = findWhole(stateFolder(instance));
  if (network === undefined) return undefined;
  const parts = allParts.map((name) => [name, readPart(network, name)]).filter(([, part]) => part !== undefined);
  return { network, ...Object.fromEntries(parts) };
}

function stateFolder(instance: string): string {
  if (!/^[a-z][a-z0-9-]{0,19}$/.test(instance)) throw new Error(`"${instance}" cannot be the name of an instance.`);
  return join(cacheFolder(), "run", instance);
}

/** Stands in the state folder while parts are being started; a run that was killed then leaves it. */
function unfinishedMark(state: string): string {
  return join(state, "unfinished");
}

/** The network of an instance, all of whose parts are up or not even begun, and all of whose daemons run. */
function findWhole(state: string): Network | undefined {
  const network = existsSync(unfinishedMark(state)) ? undefined : findNetwork(state);
  return network !== undefined && runningDaemons(network).every(({ runs }) => runs) ? network : undefined;
}

async function startAfresh(instance: string, state: string, debian: DebianPrograms): Promise<Network> {
  await stopNetwork(state);
  await rm(state, { recursive: true, force: true });
  return startNetwork(instance, state, debian);
}

/** Gives a function that starts a part at most once, and not at all when an earlier run recorded that it is up. */
function partStarter(network: Network, debian: DebianPrograms, progress: Progress): Setting["get"] {
  const started = new Map<PartName, Promise<unknown>>();
  const get: Setting["get"] = (name) => {
    const promise = started.get(name) ?? startPart(name, { network, debian, progress, get });
    started.set(name, promise);
    return promise as Promise<Parts[typeof name]>;
  };
  return get;
}

async function startPart<Name extends PartName>(name: Name, setting: Setting): Promise<Parts[Name]> {
  const known = readPart(setting.network, name);
  if (known !== undefined) return known;
  const part = await step(setting.progress, name, waitsFor[name], () => starters[name](setting));
  mkdirSync(partsFolder(setting.network), { recursive: true });
  writeRecord(partFile(setting.network, name), part);
  return part;
}

function readPart<Name extends PartName>(network: Network, name: Name): Parts[Name] | undefined {
  const file = partFile(network, name);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
}

/** The private file in which a part's address and credentials stand as JSON. */
export function partFile(network: Network, name: PartName): string {
  return join(partsFolder(network), `${name}.json`);
}

function partsFolder(network: Network): string {
  return join(network.state, "parts");
}
