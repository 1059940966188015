import { chown, copyFile, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cached, hashOf } from "./cache.ts";
import type { DebianPrograms } from "./debian.ts";
import { makeImage, pushImage } from "./image.ts";
import type { Progress } from "./progress.ts";
import type { Registry } from "./registry.ts";
import { run } from "./run.ts";

/** The image that stands in for a public `node` image, which a machine without a container registry cannot pull. */
export interface BaseImage {
  /** `address/base/node:24`, for `--build-arg BASE_IMAGE=…`. */
  readonly reference: string;
}

const name = "base/node";
// Whoever runs this runs on the Node.js that the image gets.
const major = process.versions.node.split(".")[0] ?? "";
const userId = 1000;

/**
 * Puts an image with Node.js, a shell with the usual small tools and the user `node` (1000) into the registry,
 * as the public `node` images have them.
 */
export async function startBaseImage(
  registry: Registry,
  debian: DebianPrograms,
  progress: Progress,
): Promise<BaseImage> {
  const folder = await cached(
    `image-node-${process.versions.node}-${hashOf(debian.root)}`,
    progress,
    async (unfinished) => {
      const root = join(unfinished, "root");
      await fill(root, debian);
      await makeImage(unfinished, root, {
        Cmd: ["node"],
        Env: ["PATH=/usr/local/bin:/usr/bin:/bin", `NODE_VERSION=${process.versions.node}`],
      });
      await rm(root, { recursive: true });
    },
  );
  await pushImage(folder, registry, name, major);
  return { reference: `${registry.address}/${name}:${major}` };
}

async function fill(root: string, debian: DebianPrograms): Promise<void> {
  for (const folder of ["bin", "etc", "home/node", "usr/bin", "usr/local/bin"]) {
    await mkdir(join(root, folder), { recursive: true });
  }
  await mkdir(join(root, "tmp"));
  await run(["chmod", "1777", join(root, "tmp")]);
  await chown(join(root, "home/node"), userId, userId);
  const users = ["root:x:0:0:root:/root:/bin/sh", `node:x:${userId}:${userId}:node:/home/node:/bin/sh`, ""];
  await writeFile(join(root, "etc/passwd"), users.join("\n"));
  await writeFile(join(root, "etc/group"), ["root:x:0:", `node:x:${userId}:`, ""].join("\n"));
  await copyProgram(process.execPath, "/usr/local/bin/node", root);
  const busybox = join(debian.root, "bin/busybox");
  await copyFile(busybox, join(root, "bin/busybox"));
  const { rawOutput } = await run([busybox, "--list"]);
  const tools = rawOutput.trim().split("\n");
  for (const tool of tools.filter((each) => each !== "busybox")) await symlink("busybox", join(root, "bin", tool));
}

/** Copies a program, and the libraries that the loader would take for it to the places where it looks for them. */
async function copyProgram(program: string, target: string, root: string): Promise<void> {
  await copyFile(program, join(root, target));
  const { rawOutput } = await run(["ldd", program]);
  for (const [, library = ""] of rawOutput.matchAll(/(?:^|=>)\s+(\/\S+) \(/gm)) {
    await mkdir(dirname(join(root, library)), { recursive: true });
    await copyFile(library, join(root, library));
  }
}
