import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cached, hashOf } from "./cache.ts";
import type { DebianPrograms } from "./debian.ts";
import type { Progress } from "./progress.ts";
import { run } from "./run.ts";

/** The name under which containerd knows the sandbox image. */
export const pauseImage = "fairlead.test/pause:1";

/**
 * Makes the image of the container that holds a pod's namespaces, as an archive of `docker save`'s form: an init that
 * reaps orphans and ends on SIGTERM, over a program that does nothing.
 */
export async function ensurePauseImage(debian: DebianPrograms, progress: Progress): Promise<string> {
  const command = ["/init", "--", "/busybox", "sleep", "infinity"];
  const folder = await cached(`pause-${hashOf(debian.root, ...command)}`, progress, async (folder) => {
    const root = join(folder, "root");
    await mkdir(root);
    await copyFile(join(debian.root, "usr/bin/tini-static"), join(root, "init"));
    await copyFile(join(debian.root, "bin/busybox"), join(root, "busybox"));
    await run(["tar", "--create", "--file", join(folder, "layer.tar"), "--directory", root, "init", "busybox"]);
    await rm(root, { recursive: true });
    const digest = createHash("sha256")
      .update(await readFile(join(folder, "layer.tar")))
      .digest("hex");
    await writeJson(join(folder, "config.json"), {
      architecture: "amd64",
      os: "linux",
      config: { Entrypoint: command, User: "65535:65535" },
      rootfs: { type: "layers", diff_ids: [`sha256:${digest}`] },
    });
    const manifest = { Config: "config.json", RepoTags: [pauseImage], Layers: ["layer.tar"] };
    await writeJson(join(folder, "manifest.json"), [manifest]);
    const files = ["manifest.json", "config.json", "layer.tar"];
    await run(["tar", "--create", "--file", join(folder, "pause.tar"), "--directory", folder, ...files]);
  });
  return join(folder, "pause.tar");
}

function writeJson(file: string, value: unknown): Promise<void> {
  return writeFile(file, JSON.stringify(value));
}
