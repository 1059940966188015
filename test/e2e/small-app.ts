import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import type { WorkflowEvent } from "../harness/environment.ts";
import { runAction } from "../harness/job.ts";
import type { JobOptions, StepOptions } from "../harness/types.ts";
import { repository, type World } from "./world.ts";

/** Parts of a manifest's `spec`. */
export type Spec = Readonly<Record<string, unknown>>;

/** How it is deployed, beside what every deploy of a test is given. */
export type DeployOptions = StepOptions &
  Pick<JobOptions, "onLine"> & {
    /** Directory of another action than `actions/deploy`. */
    readonly action?: string;
    readonly event?: Partial<WorkflowEvent>;
    /** Values that the job may not show. */
    readonly secrets?: readonly string[];
  };

/** An application without an image of its own: its program is in its manifest, so that a deploy of it takes seconds. */
export interface SmallApp extends AsyncDisposable {
  readonly name: string;
  readonly release: string;
  readonly workspace: string;
  /** Writes another file into its checkout. */
  write(file: string, text: string): void;
  /** Writes the manifest that a deploy with these changes to its `spec` would have. */
  writeManifest(changes?: Spec): void;
  /** Deploys it with changes to its `spec`, as a push of a new commit. */
  deploy(changes?: Spec, options?: DeployOptions): ReturnType<typeof runAction>;
  /** `1 superseded`, `2 failed`, `3 deployed`. */
  revisions(): Promise<string[]>;
}

/** A server that answers every path with a text, which may be changed in parts. */
export function server({ port = 3000, status = 200, text = "first", before = "" } = {}): string[] {
  const answer = `(request, response) => { response.statusCode = ${status}; response.end("${text}"); }`;
  const program = `${before}; require("node:http").createServer(${answer}).listen(${port}); process.on("SIGTERM", () => process.exit(0));`;
  return ["node", "-e", program];
}

/** Makes an app under a name that is used once; its namespace goes with it. */
export function createSmallApp(world: World, word: string): SmallApp {
  const name = `${word}-${randomBytes(3).toString("hex")}`;
  const release = `staging-${name}`;
  const workspace = mkdtempSync(join(tmpdir(), "fairlead-app-"));
  const image = world.cluster.baseImage.reference;
  const kubeconfig = readFileSync(world.cluster.kubernetes.kubeconfig, "utf8");
  const spec = {
    port: 3000,
    image,
    command: server(),
    resources: { cpu: "50m", memory: "64Mi" },
    health: { path: "/health", startup: { within: "20s" } },
  };
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(workspace, file)), { recursive: true });
    writeFileSync(join(workspace, file), text);
  };
  const writeManifest = (changes: Spec = {}) => {
    const manifest = {
      apiVersion: "jterrazz.com/v1",
      kind: "Application",
      metadata: { name },
      spec: { ...spec, ...changes },
      environments: { staging: {}, prod: {} },
    };
    write(".deploy/manifest.yaml", stringify(manifest));
  };
  return {
    name,
    release,
    workspace,
    write,
    writeManifest,
    async deploy(changes = {}, { with: inputs, env, event, action, ...others } = {}) {
      writeManifest(changes);
      const { DOCKER_REGISTRY_USERNAME = "", DOCKER_REGISTRY_PASSWORD = "" } = world.cluster.infisical.secrets;
      const commit = randomBytes(20).toString("hex");
      return await runAction(action ?? join(repository, "actions/deploy"), {
        workspace,
        event: { commit, ref: "refs/heads/main", repository: `acme/${name}`, ...event },
        secrets: world.secrets,
        ...others,
        env: { ...world.env, DOCKER_REGISTRY_USERNAME, DOCKER_REGISTRY_PASSWORD, ...env },
        with: {
          environment: "staging",
          image: `main=${String(changes["image"] ?? image)}`,
          kubeconfig,
          cluster: world.clusterFile,
          verify: "false",
          ...inputs,
        },
      });
    },
    async revisions() {
      const history = await world.helm("history", release, "-n", release, "-o", "json").catch(() => "[]");
      const list = JSON.parse(history) as { revision: number; status: string }[];
      return list.map(({ revision, status }) => `${revision} ${status}`);
    },
    async [Symbol.asyncDispose]() {
      rmSync(workspace, { recursive: true, force: true });
      await world.kubectl("delete", "namespace", release, "--ignore-not-found", "--wait=false");
    },
  };
}
