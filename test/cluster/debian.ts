import { mkdir, readdir, readlink, symlink } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../../actions/core/errors.ts";
import { cached, hashOf } from "./cache.ts";
import { type Progress, step } from "./progress.ts";
import { run } from "./run.ts";
import { debianPackages } from "./versions.ts";

/** Debian programs unpacked into the cache, none of them installed. */
export interface DebianPrograms {
  /** The folder that stands for `/`. */
  readonly root: string;
  /** What a process needs in its environment to find these programs and their libraries. */
  readonly environment: Readonly<Record<string, string>>;
  /** The folder of the CNI plugins. */
  readonly cniPlugins: string;
}

/** Downloads and unpacks the packages of `versions.ts`, once. */
export async function ensureDebianPrograms(progress: Progress): Promise<DebianPrograms> {
  const wanted = Object.entries(debianPackages);
  const root = await cached(`debian-${hashOf(JSON.stringify(wanted))}`, progress, (folder) =>
    step(progress, "Debian packages", `${wanted.length} downloads from Debian's mirrors`, async () => {
      await unpackPackages(folder, wanted, progress);
      await nameIptables(folder);
    }),
  );
  const libraries = join(root, "usr/lib/x86_64-linux-gnu");
  const programs = ["usr/sbin", "usr/bin", "sbin", "bin"].map((folder) => join(root, folder));
  return {
    root,
    cniPlugins: join(root, "usr/lib/cni"),
    environment: {
      PATH: [...programs, "/usr/sbin", "/usr/bin", "/sbin", "/bin"].join(":"),
      LD_LIBRARY_PATH: [libraries, join(root, "lib/x86_64-linux-gnu")].join(":"),
      XTABLES_LIBDIR: join(libraries, "xtables"),
    },
  };
}

/**
 * Unpacks packages into a folder. `apt-get update` runs only when a package is not found at first, and a foreign
 * source that does not answer is no matter as long as the packages come.
 */
export async function unpackPackages(
  folder: string,
  packages: readonly (readonly [name: string, version: string])[],
  progress: Progress,
): Promise<void> {
  const downloads = join(folder, "downloads");
  await mkdir(downloads);
  const exact = packages.map(([name, version]) => `${name}=${version}`);
  try {
    await download(downloads, exact);
  } catch {
    progress("Debian packages: reads the package lists anew");
    await run(["apt-get", "update"], { timeout: 300_000, accept: [0, 100] });
    await download(downloads, exact).catch(async (thrown) => {
      progress(`Debian packages: takes the present versions (${messageOf(thrown)})`);
      await download(
        downloads,
        packages.map(([name]) => name),
      );
    });
  }
  for (const file of await readdir(downloads)) {
    await run(["dpkg-deb", "--extract", join(downloads, file), folder]);
  }
}

async function download(workingDirectory: string, packages: readonly string[]): Promise<void> {
  // The download runs as the caller: apt's own user cannot write into a cache under /root, and warns about it.
  const asCaller = ["-o", "APT::Sandbox::User=root"];
  await run(["apt-get", ...asCaller, "download", ...packages], { workingDirectory, timeout: 600_000 });
}

/** Gives the iptables programs the names that installing the package would give them (update-alternatives). */
async function nameIptables(root: string): Promise<void> {
  const folder = join(root, "usr/sbin");
  for (const family of ["iptables", "ip6tables"]) {
    for (const suffix of ["", "-save", "-restore"]) {
      await symlink(await readlink(join(folder, `${family}-nft${suffix}`)), join(folder, `${family}${suffix}`));
    }
  }
}
