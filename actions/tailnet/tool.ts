import { basename, dirname, join } from "node:path";
import type { Context } from "../core/context.ts";
import { type Architecture, findTool, type Tool } from "../core/tools.ts";

/** Tailscale's two programs, from one package. */
export interface Tailscale {
  readonly client: string;
  readonly daemon: string;
  readonly version: string;
}

const pinned = "1.100.0";

/** Finds Tailscale, at `version` exactly when one is asked for. */
export async function findTailscale(
  version: string | undefined,
  mirror: string | undefined,
  context: Context,
): Promise<Tailscale> {
  const found = await findTool(declare(version), context, mirror);
  // The daemon is looked for, because a client alone is of no use; its client lies beside it.
  const client = basename(found.command) === found.command ? "tailscale" : join(dirname(found.command), "tailscale");
  return { client, daemon: found.command, version: found.version };
}

function declare(asked: string | undefined): Tool {
  const version = asked ?? pinned;
  const processors: Readonly<Record<Architecture, string>> = { x64: "amd64", arm64: "arm64" };
  const folder = (architecture: Architecture) => `tailscale_${version}_${processors[architecture]}`;
  const url = (architecture: Architecture) => `https://pkgs.tailscale.com/stable/${folder(architecture)}.tgz`;
  return {
    name: "tailscale",
    commands: [["tailscaled"]],
    versionArguments: ["--version"],
    minimum: asked ?? "1.90.0",
    ...(asked === undefined ? {} : { below: nextPatch(asked) }),
    download: {
      version,
      url,
      member: (architecture) => `${folder(architecture)}/tailscaled`,
      // None is published outside of the download server itself, so its own checksum file is asked.
      sha256: {},
      checksumUrl: (architecture) => `${url(architecture)}.sha256`,
    },
  };
}

function nextPatch(version: string): string {
  return version.replace(/\d+$/, (patch) => String(Number(patch) + 1));
}
