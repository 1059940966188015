import { existsSync } from "node:fs";
import { chmod, mkdir, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { cached, hashOf, hashOfFolder } from "./cache.ts";
import { unpackPackages } from "./debian.ts";
import { type Progress, step } from "./progress.ts";
import { run } from "./run.ts";
import { versions } from "./versions.ts";

/** What is built or fetched in one go, and the programs that come of it. */
interface Kit {
  readonly programs: readonly string[];
  readonly version: string;
  /** What makes it another kit besides its version: build flags, module files. */
  readonly madeFrom: () => Promise<string>;
  /** Puts the programs into the folder. */
  readonly make: (folder: string, progress: Progress) => Promise<void>;
}

const kubernetesPrograms = [
  "kube-apiserver",
  "kube-controller-manager",
  "kube-proxy",
  "kube-scheduler",
  "kubectl",
  "kubelet",
] as const;

const v = versions;
const kits = {
  helm: released("helm", "helm.sh/helm/v4/cmd/helm", v.helm, `helm.sh/helm/v4/internal/version.version=v${v.helm}`),
  helm3: released("helm", "helm.sh/helm/v3/cmd/helm", v.helm3, `helm.sh/helm/v3/internal/version.version=v${v.helm3}`),
  kubernetes: fromModule(
    "kubernetes",
    kubernetesPrograms,
    versions.kubernetes,
    ["."],
    [
      `k8s.io/component-base/version.gitVersion=v${versions.kubernetes}`,
      `k8s.io/component-base/version.gitMajor=${versions.kubernetes.split(".")[0]}`,
      `k8s.io/component-base/version.gitMinor=${versions.kubernetes.split(".")[1]}`,
    ],
  ),
  tailnet: fromModule(
    "tailnet",
    ["tailscale", "tailscaled", "tailnet"],
    versions.tailscale,
    [".", "tailscale.com/cmd/tailscale", "tailscale.com/cmd/tailscaled"],
    [`tailscale.com/version.longStamp=${versions.tailscale}`, `tailscale.com/version.shortStamp=${versions.tailscale}`],
  ),
  buildkit: fromModule(
    "buildkit",
    ["buildx", "buildkitd"],
    versions.buildkit,
    ["github.com/docker/buildx/cmd/buildx", "github.com/moby/buildkit/cmd/buildkitd"],
    [
      `github.com/docker/buildx/version.Version=v${versions.buildx}`,
      `github.com/moby/buildkit/version.Version=v${versions.buildkit}`,
    ],
  ),
  docker: fromModule("docker", ["env-file"], versions.dockerCli, ["."], []),
  act: released("act", "github.com/nektos/act", versions.act, `main.version=${versions.act}`),
  actionlint: released("actionlint", "github.com/rhysd/actionlint/cmd/actionlint", versions.actionlint),
  kubeconform: released(
    "kubeconform",
    "github.com/yannh/kubeconform/cmd/kubeconform",
    v.kubeconform,
    `main.version=v${v.kubeconform}`,
  ),
  kwok: released("kwok", "sigs.k8s.io/kwok/cmd/kwok", v.kwok),
  zizmor: { programs: ["zizmor"], version: versions.zizmor, madeFrom: async () => "", make: fetchZizmor },
} as const satisfies Record<string, Kit>;

type KitName = keyof typeof kits;

const tools = {
  act: ["act", "act"],
  actionlint: ["actionlint", "actionlint"],
  buildkitd: ["buildkit", "buildkitd"],
  buildx: ["buildkit", "buildx"],
  control: ["tailnet", "tailnet"],
  "env-file": ["docker", "env-file"],
  helm: ["helm", "helm"],
  helm3: ["helm3", "helm"],
  "kube-apiserver": ["kubernetes", "kube-apiserver"],
  "kube-controller-manager": ["kubernetes", "kube-controller-manager"],
  "kube-proxy": ["kubernetes", "kube-proxy"],
  "kube-scheduler": ["kubernetes", "kube-scheduler"],
  kubeconform: ["kubeconform", "kubeconform"],
  kubectl: ["kubernetes", "kubectl"],
  kubelet: ["kubernetes", "kubelet"],
  kwok: ["kwok", "kwok"],
  tailscale: ["tailnet", "tailscale"],
  tailscaled: ["tailnet", "tailscaled"],
  zizmor: ["zizmor", "zizmor"],
} as const satisfies Record<string, readonly [KitName, string]>;

/** The tools that can be asked for. `control` is the tailnet's control plane, `env-file` Docker's parser of such files. */
export type ToolName = keyof typeof tools;

/** Every tool that tests need; kwok is for measurements only. */
export const allTools = (Object.keys(tools) as ToolName[]).filter((name) => name !== "kwok");

/**
 * Gives the absolute paths of tools, building or downloading those that the cache does not hold. One kit after the
 * other: a Go build keeps every core busy by itself.
 */
export async function ensureTools<Name extends ToolName>(
  names: readonly Name[],
  progress: Progress = () => {},
): Promise<Record<Name, string>> {
  const folders = new Map<KitName, string>();
  for (const name of names) {
    const [kit] = tools[name];
    if (!folders.has(kit)) folders.set(kit, await ensureKit(kit, progress));
  }
  const paths = names.map((name) => [name, join(folders.get(tools[name][0]) ?? "", tools[name][1])]);
  return Object.fromEntries(paths);
}

async function ensureKit(name: KitName, progress: Progress): Promise<string> {
  const kit: Kit = kits[name];
  const folder = `tools/${name}-${kit.version}-${hashOf(await kit.madeFrom())}`;
  return cached(folder, progress, (unfinished) =>
    step(progress, `${name} ${kit.version}`, kit.programs.join(", "), () => kit.make(unfinished, progress)),
  );
}

/** A program that its own Go module builds. */
function released(program: string, path: string, version: string, ...stamps: string[]): Kit {
  return {
    programs: [program],
    version,
    madeFrom: async () => flags(stamps),
    make: (folder) => go(["install", "-trimpath", "-ldflags", flags(stamps), `${path}@v${version}`], { GOBIN: folder }),
  };
}

/** Programs that a module of `toolchain/` builds. Several names and one package: one binary called by many names. */
function fromModule(
  module: string,
  programs: readonly string[],
  version: string,
  packages: readonly string[],
  stamps: readonly string[],
): Kit {
  const source = join(import.meta.dirname, "toolchain", module);
  return {
    programs,
    version,
    madeFrom: async () => flags(stamps) + (await hashOfFolder(source)),
    make: async (folder) => {
      const output = packages.length === 1 ? join(folder, module) : `${folder}/`;
      const build = ["build", "-trimpath", "-buildvcs=false", "-ldflags", flags(stamps), "-o", output, ...packages];
      await go(build, {}, source);
      if (packages.length > 1) return;
      for (const program of programs) await symlink(module, join(folder, program));
    },
  };
}

function flags(stamps: readonly string[]): string {
  return ["-s", "-w", ...stamps.flatMap((stamp) => ["-X", stamp])].join(" ");
}

/** Go is often installed but not on a root's PATH. */
export function goProgram(): string {
  const installed = "/usr/local/go/bin/go";
  return existsSync(installed) ? installed : "go";
}

async function go(args: readonly string[], environment: Record<string, string>, workingDirectory?: string) {
  await run([goProgram(), ...args], {
    environment: { ...process.env, ...environment, CGO_ENABLED: "0" },
    ...(workingDirectory === undefined ? {} : { workingDirectory }),
    timeout: 3_600_000,
  });
}

/** zizmor comes as a Python wheel, which is a zip file that holds one plain program. */
async function fetchZizmor(folder: string, progress: Progress): Promise<void> {
  const scratch = join(folder, "scratch");
  await mkdir(scratch);
  const wheel = `zizmor==${versions.zizmor}`;
  const pip = await findPip(scratch, progress);
  await run([...pip, "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", scratch, wheel], {
    timeout: 300_000,
  });
  const { rawOutput } = await run(["find", scratch, "-maxdepth", "1", "-name", "zizmor-*.whl"]);
  await run(["python3", "-m", "zipfile", "-e", rawOutput.trim(), scratch]);
  await rename(join(scratch, `zizmor-${versions.zizmor}.data/scripts/zizmor`), join(folder, "zizmor"));
  await chmod(join(folder, "zizmor"), 0o755);
  await rm(scratch, { recursive: true });
}

/** Debian's Python comes without pip; its wheel, in a package of its own, runs without being installed. */
async function findPip(scratch: string, progress: Progress): Promise<string[]> {
  const own = ["python3", "-m", "pip"];
  const installed = await run([...own, "--version"]).catch(() => undefined);
  if (installed !== undefined) return own;
  await unpackPackages(scratch, [["python3-pip-whl", "23.0.1+dfsg-1"]], progress);
  return ["python3", join(scratch, "usr/share/python-wheels/pip-23.0.1-py3-none-any.whl/pip")];
}
