import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pushImage } from "../cluster/image.ts";
import type { World } from "./world.ts";

/**
 * Pushes an image for a processor that no node here has: alone, as `docker push` does, and in an index, as `buildx` does.
 */
export async function pushForeignImage({ cluster: { registry } }: World, name: string) {
  const folder = await mkdtemp(join(tmpdir(), "fairlead-image-"));
  try {
    const layer = Buffer.alloc(1_024);
    const rootfs = { type: "layers", diff_ids: [`sha256:${createHash("sha256").update(layer).digest("hex")}`] };
    await writeFile(join(folder, "layer.tar"), layer);
    await writeFile(
      join(folder, "config.json"),
      JSON.stringify({ architecture: "arm64", os: "linux", config: {}, rootfs }),
    );
    const single = await pushImage(folder, registry, name, "single");
    const mediaType = "application/vnd.oci.image.index.v1+json";
    const manifest = {
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      digest: single.slice(single.indexOf("@") + 1),
      size: await sizeOf(single),
      platform: { os: "linux", architecture: "arm64" },
    };
    const body = JSON.stringify({ schemaVersion: 2, mediaType, manifests: [manifest] });
    const response = await ask(`${name}/manifests/index`, {
      method: "PUT",
      headers: { "content-type": mediaType },
      body,
    });
    return { single, index: `${registry.address}/${name}@${response.headers.get("docker-content-digest")}` };
  } finally {
    await rm(folder, { recursive: true });
  }

  async function sizeOf(reference: string): Promise<number> {
    const accept = "application/vnd.oci.image.manifest.v1+json";
    const digest = reference.slice(reference.indexOf("@") + 1);
    return (await (await ask(`${name}/manifests/${digest}`, { headers: { accept } })).arrayBuffer()).byteLength;
  }

  async function ask(path: string, { headers, ...request }: RequestInit): Promise<Response> {
    const authorization = `Basic ${Buffer.from(`${registry.username}:${registry.password}`).toString("base64")}`;
    const response = await fetch(`http://${registry.address}/v2/${path}`, {
      ...request,
      headers: { ...(headers as Record<string, string>), authorization },
    });
    if (!response.ok) throw new Error(`The registry answers ${response.status} to ${path}`);
    return response;
  }
}
