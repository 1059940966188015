import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { stringify } from "yaml";
import { type Cluster, startCluster, stopCluster } from "../../../test/cluster/cluster.ts";
import { readActionFile } from "../../../test/harness/action-file.ts";
import { type JobFolders, runnerVariables } from "../../../test/harness/environment.ts";
import type { Measured } from "../measure.ts";
import type { Bench } from "../subject.ts";

/** A cluster for measurements, stopped at the end. */
export interface Site extends AsyncDisposable {
  readonly cluster: Cluster<"kubernetes" | "registry" | "baseImage">;
  readonly bench: Bench;
  readonly helm: string;
  /** File with the key `cluster`. */
  readonly clusterFile: string;
}

const instance = "bench";

/** Starts the real parts that a deploy needs. */
export async function openSite(bench: Bench): Promise<Site> {
  const { helm } = await bench.tools(["helm"]);
  const cluster = await startCluster(["kubernetes", "registry", "baseImage"], { instance });
  const clusterFile = join(bench.folder, "cluster.yaml");
  writeFileSync(clusterFile, stringify({ cluster: { registry: cluster.registry.address } }));
  return {
    ...{ cluster, bench, helm, clusterFile },
    [Symbol.asyncDispose]: () => stopCluster({ instance }),
  };
}

/** Parts of a manifest's `spec`. */
export type Spec = Readonly<Record<string, unknown>>;

/** An application that is deployed again and again, each time with something new in it. */
export interface Subject {
  readonly name: string;
  readonly release: string;
  /** The folder of its checkout. */
  readonly workspace: string;
  /** Writes its manifest: changes to what runs, and a variable that has never been there. */
  write(changes?: Spec): void;
}

/** A server that is ready after so many milliseconds; ready means that it answers. */
export function serverReadyAfter(milliseconds: number): string[] {
  const listen = `require("node:http").createServer((_, response) => response.end("ok")).listen(3000)`;
  return ["node", "-e", `setTimeout(() => ${listen}, ${milliseconds}); process.on("SIGTERM", () => process.exit(0))`];
}

/** Makes an application; nothing is deployed yet. */
export function makeSubject({ cluster, bench }: Site, name: string, common: Spec = {}): Subject {
  const workspace = join(bench.folder, name);
  mkdirSync(join(workspace, ".deploy"), { recursive: true });
  const spec = {
    port: 3000,
    image: cluster.baseImage.reference,
    command: serverReadyAfter(0),
    health: { path: "/health", startup: { within: "60s" } },
    resources: { cpu: "10m", memory: "64Mi" },
  };
  const write = (changes: Spec = {}) => {
    const env = { TURN: randomBytes(8).toString("hex"), ...(changes["env"] ?? {}) };
    const manifest = {
      apiVersion: "jterrazz.com/v1",
      kind: "Application",
      metadata: { name },
      spec: { ...spec, ...common, ...changes, env },
      environments: { staging: {} },
    };
    writeFileSync(join(workspace, ".deploy/manifest.yaml"), stringify(manifest));
  };
  write();
  return { name, release: `staging-${name}`, workspace, write };
}

/** How the action is started, beside what every subject is given. */
interface OurOptions {
  readonly image?: string;
  readonly accept?: readonly number[];
  /** Text or path; the cluster's own if left out. */
  readonly kubeconfig?: string;
}

/** The built deploy action on a subject, as the runner starts it. */
export function ourDeploy(
  site: Site,
  { name, workspace }: Subject,
  { image = site.cluster.baseImage.reference, accept = [0], kubeconfig }: OurOptions = {},
): Measured {
  const { cluster, bench, clusterFile, helm } = site;
  const inputs = {
    ...readActionFile(join(bench.root, "actions/deploy")).inputs,
    environment: "staging",
    image: `main=${image}`,
    kubeconfig: kubeconfig ?? cluster.kubernetes.kubeconfig,
    cluster: clusterFile,
    verify: "false",
  };
  return {
    command: [process.execPath, join(bench.root, "dist/deploy.mjs")],
    workingDirectory: workspace,
    accept,
    environment: {
      ...runnerVariables(foldersOf(join(bench.folder, `${name}-job`), workspace), {}),
      PATH: [dirname(helm), process.env["PATH"]].join(delimiter),
      ...Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])),
      DOCKER_REGISTRY_USERNAME: cluster.registry.username,
      DOCKER_REGISTRY_PASSWORD: cluster.registry.password,
    },
    shown: "actions/deploy",
  };
}

function foldersOf(root: string, workspace: string): JobFolders {
  const temp = join(root, "temp");
  const folders = {
    root,
    temp,
    workspace,
    home: join(root, "home"),
    toolCache: join(root, "tools"),
    fileCommands: join(temp, "commands"),
    argumentsFile: "",
  };
  for (const folder of [folders.home, folders.toolCache, folders.fileCommands]) mkdirSync(folder, { recursive: true });
  return folders;
}

/** Helm by itself on a subject, with the chart and the values that the action gives it. */
export function helmDeploy(
  { cluster, bench, helm, clusterFile }: Site,
  { name, release, workspace }: Subject,
  flags: readonly string[],
  accept: readonly number[] = [0],
): Measured {
  const values = ["--values", clusterFile, "--values", join(workspace, ".deploy/manifest.yaml")];
  const set = ["--set", `environment=staging,deploy.pullSecret=${name}-pull`];
  return {
    command: [
      helm,
      "upgrade",
      "--install",
      release,
      join(bench.root, "chart"),
      "-n",
      release,
      ...values,
      ...set,
      ...flags,
    ],
    workingDirectory: workspace,
    accept,
    environment: { KUBECONFIG: cluster.kubernetes.kubeconfig },
    shown: ["helm upgrade --install", ...flags].join(" "),
  };
}
