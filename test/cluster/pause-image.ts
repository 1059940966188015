import { copyFile, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { cached, hashOf } from "./cache.ts";
import type { DebianPrograms } from "./debian.ts";
import { makeImage, packImage } from "./image.ts";
import type { Progress } from "./progress.ts";

/** The name under which containerd knows the sandbox image. */
export const pauseImage = "fairlead.test/pause:1";

/**
 * Gives an importable file with the image of the container that holds a pod's namespaces: an init that reaps orphans
 * and ends on SIGTERM, over a program that does nothing. It has busybox at `/busybox`.
 */
export async function ensurePauseImage(debian: DebianPrograms, progress: Progress): Promise<string> {
  const command = ["/init", "--", "/busybox", "sleep", "infinity"];
  const name = `image-pause-${hashOf(debian.root, ...command)}`;
  const folder = await cached(name, progress, async (unfinished) => {
    const root = join(unfinished, "root");
    await mkdir(root);
    await copyFile(join(debian.root, "usr/bin/tini-static"), join(root, "init"));
    await copyFile(join(debian.root, "bin/busybox"), join(root, "busybox"));
    await makeImage(unfinished, root, { Entrypoint: command, User: "65535:65535" });
    await packImage(unfinished, pauseImage);
    await rm(root, { recursive: true });
  });
  return join(folder, "image.tar");
}
