import { randomBytes } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { stringify } from "yaml";
import { allParts, type Cluster, type PartName, startCluster } from "../cluster/cluster.ts";
import { defaultInstance } from "../cluster/network.ts";
import type { Progress } from "../cluster/progress.ts";
import { run } from "../cluster/run.ts";
import { ensureTools } from "../cluster/toolchain.ts";
import type { WorkflowEvent } from "../harness/environment.ts";

/** All real parts, and a runner's view of them: its programs, its builder, the team's facts about the cluster. */
export interface World extends Disposable {
  readonly cluster: Cluster<PartName>;
  /** Variables for every step of a job. */
  readonly env: Readonly<Record<string, string>>;
  /** File with the key `cluster`. */
  readonly clusterFile: string;
  /** What a workflow gives the root action. */
  readonly with: Readonly<Record<string, string>>;
  /** Values that no job may show. */
  readonly secrets: readonly string[];
  /** kubectl as the administrator, not over the tailnet; gives its standard output. */
  kubectl(...args: string[]): Promise<string>;
  /** Creates or changes objects of any kind, as the administrator. */
  apply(...objects: readonly unknown[]): Promise<void>;
  /** helm as the administrator. */
  helm(...args: string[]): Promise<string>;
}

/** Folder of the repository. */
export const repository = join(import.meta.dirname, "../..");

/** Names the instance to test processes, and marks every process that a job starts. */
export const instanceVariable = "FAIRLEAD_INSTANCE";

const runnerPrograms = ["helm", "kubectl", "buildx", "tailscale", "tailscaled"] as const;

/** Joins the running parts, or starts them. They are left running: who runs the tests stops them. */
export async function openWorld(
  instance = process.env[instanceVariable] ?? defaultInstance,
  progress: Progress = () => {},
): Promise<World> {
  const cluster = await startCluster(allParts, { instance, progress });
  const tools = await ensureTools(runnerPrograms, progress);
  const folder = mkdtempSync(join(tmpdir(), "fairlead-world-"));
  const env = {
    PATH: [linkPrograms(folder, tools), process.env["PATH"]].join(delimiter),
    BUILDX_CONFIG: join(folder, "buildx"),
    BUILDX_BUILDER: "fairlead",
    [instanceVariable]: instance,
  };
  const builder = ["create", "--name", env.BUILDX_BUILDER, "--driver", "remote", cluster.buildkit.endpoint];
  await run([tools.buildx, ...builder], { environment: { ...env, HOME: folder } });
  const clusterFile = join(folder, "cluster.yaml");
  writeFileSync(clusterFile, stringify({ cluster: clusterFacts(cluster) }));
  const { clientId, clientSecret } = cluster.infisical;
  const asAdministrator = async (program: string, args: readonly string[], input = "") => {
    const environment = { ...env, HOME: folder, KUBECONFIG: cluster.kubernetes.kubeconfig };
    return (await run([program, ...args], { environment, timeout: 120_000, input })).rawOutput;
  };
  return {
    cluster,
    env,
    clusterFile,
    with: {
      cluster: clusterFile,
      "infisical-client-id": clientId,
      "infisical-client-secret": clientSecret,
      // Its stability window alone takes ten seconds; tests that are about it turn it on.
      verify: "false",
    },
    secrets: secretsOf(cluster.infisical.secrets, clientSecret),
    kubectl: (...args) => asAdministrator(tools.kubectl, args),
    apply: async (...objects) => {
      const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
      await asAdministrator(tools.kubectl, ["apply", "--server-side", "-f", "-"], list);
    },
    helm: (...args) => asAdministrator(tools.helm, args),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function linkPrograms(folder: string, tools: Readonly<Record<string, string>>): string {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  for (const [name, path] of Object.entries(tools)) symlinkSync(path, join(bin, name));
  return bin;
}

function clusterFacts({ registry, infisical, tailnet, baseImage }: Cluster<PartName>) {
  return {
    registry: registry.address,
    infisical: { url: infisical.url, project: infisical.project },
    tailnet: { controlUrl: tailnet.controlUrl },
    build: { args: { BASE_IMAGE: baseImage.reference } },
  };
}

function secretsOf(secrets: Readonly<Record<string, string>>, clientSecret: string): string[] {
  const { DOCKER_REGISTRY_USERNAME: _, ...others } = secrets;
  return [...Object.values(others), clientSecret];
}

/** An app of its own for one test: a copy of the example under another name, with a made-up commit. */
export interface App extends AsyncDisposable {
  readonly name: string;
  /** Its checkout. */
  readonly workspace: string;
  /** What the runner knows of a push of its newest commit to the default branch. */
  readonly event: Partial<WorkflowEvent>;
  /** Replaces text in one of its files. */
  edit(file: string, from: string | RegExp, to: string): void;
  /** The event of a push of one more commit. */
  commit(): Partial<WorkflowEvent>;
}

/**
 * Makes an app from `examples/hello` under a name that is used once, so that no test meets another or an earlier run.
 * Its namespaces go with it: the node has room for twenty pods.
 */
export function createApp({ kubectl }: Pick<World, "kubectl">, word: string): App {
  const name = `${word}-${randomBytes(3).toString("hex")}`;
  const workspace = mkdtempSync(join(tmpdir(), "fairlead-app-"));
  cpSync(join(repository, "examples/hello"), workspace, { recursive: true });
  const edit: App["edit"] = (file, from, to) => {
    const path = join(workspace, file);
    const before = readFileSync(path, "utf8");
    const after = before.replace(from, to);
    if (after === before) throw new Error(`${file} does not hold ${from}`);
    writeFileSync(path, after);
  };
  edit(".deploy/manifest.yaml", /name: my-app/, `name: ${name}`);
  edit(".deploy/manifest.yaml", /my-app-staging/, `${name}-staging`);
  const commit = (): Partial<WorkflowEvent> => ({
    commit: randomBytes(20).toString("hex"),
    ref: "refs/heads/main",
    repository: `acme/${name}`,
  });
  return {
    name,
    workspace,
    event: commit(),
    edit,
    commit,
    async [Symbol.asyncDispose]() {
      rmSync(workspace, { recursive: true, force: true });
      const namespaces = ["staging", "prod"].map((environment) => `${environment}-${name}`);
      await kubectl("delete", "namespace", ...namespaces, "--ignore-not-found", "--wait=false");
    },
  };
}
