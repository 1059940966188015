import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Registry } from "./registry.ts";
import { run } from "./run.ts";

/** An image of one layer in a folder: `layer.tar` and `config.json`. */
export type ImageFolder = string;

/** How the containers of an image run (OCI image configuration, `config`). */
export interface ImageConfig {
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Env?: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
}

/** Makes an image out of a folder that stands for `/`; owners and modes are taken as they are. */
export async function makeImage(folder: ImageFolder, root: string, config: ImageConfig): Promise<void> {
  const layer = join(folder, "layer.tar");
  await run([
    "tar",
    "--create",
    "--numeric-owner",
    "--sort=name",
    "--mtime=@0",
    "--file",
    layer,
    "--directory",
    root,
    ".",
  ]);
  const rootfs = { type: "layers", diff_ids: [await digestOf(layer)] };
  const whole = { architecture: "amd64", os: "linux", config, rootfs };
  await writeFile(join(folder, "config.json"), JSON.stringify(whole));
}

/** Packs an image into one file as `docker save` does, which containerd imports; gives the file. */
export async function packImage(folder: ImageFolder, reference: string): Promise<string> {
  const manifest = [{ Config: "config.json", RepoTags: [reference], Layers: ["layer.tar"] }];
  await writeFile(join(folder, "manifest.json"), JSON.stringify(manifest));
  const file = join(folder, "image.tar");
  await run(["tar", "--create", "--file", file, "--directory", folder, "manifest.json", "config.json", "layer.tar"]);
  return file;
}

/** Pushes an image as it is, uncompressed: a node on the same machine takes it sooner. Gives `repository@digest`. */
export async function pushImage(folder: ImageFolder, registry: Registry, name: string, tag: string): Promise<string> {
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType,
    config: await pushBlob(join(folder, "config.json"), "application/vnd.oci.image.config.v1+json", registry, name),
    layers: [await pushBlob(join(folder, "layer.tar"), "application/vnd.oci.image.layer.v1.tar", registry, name)],
  });
  const url = `http://${registry.address}/v2/${name}/manifests/${tag}`;
  await send(registry, url, { method: "PUT", headers: { "content-type": mediaType }, body: manifest });
  return `${registry.address}/${name}@sha256:${createHash("sha256").update(manifest).digest("hex")}`;
}

async function pushBlob(file: string, mediaType: string, registry: Registry, name: string) {
  const digest = await digestOf(file);
  const { size } = await stat(file);
  const opened = await send(registry, `http://${registry.address}/v2/${name}/blobs/uploads/`, { method: "POST" });
  const target = new URL(opened.headers.get("location") ?? "", `http://${registry.address}`);
  target.searchParams.set("digest", digest);
  await send(registry, target.href, {
    method: "PUT",
    headers: { "content-type": "application/octet-stream", "content-length": String(size) },
    body: await readFile(file),
  });
  return { mediaType, digest, size };
}

async function send(registry: Registry, url: string, request: RequestInit): Promise<Response> {
  const login = Buffer.from(`${registry.username}:${registry.password}`).toString("base64");
  const headers = { ...request.headers, authorization: `Basic ${login}` };
  const response = await fetch(url, { ...request, headers, signal: AbortSignal.timeout(60_000) });
  if (!response.ok)
    throw new Error(`The registry answered ${response.status} to ${request.method}: ${await response.text()}`);
  await response.arrayBuffer();
  return response;
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return `sha256:${hash.digest("hex")}`;
}
