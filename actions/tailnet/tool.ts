import { basename, dirname, join } from "node:path";
import type { Context } from "../core/context.ts";
import type { Architecture, Tool } from "../core/tool.ts";
import { findTool } from "../core/tools.ts";

/** Tailscale's two programs, from one package. */
export interface Tailscale {
  readonly client: string;
  readonly daemon: string;
  readonly version: string;
}

/** The version that is downloaded, with the SHA-256 of its archives. */
const pinned = {
  version: "1.102.4",
  // Tailscale publishes checksums beside its downloads only. These were read elsewhere: from LibreELEC's
  // packages/addons/service/tailscale/package.mk, which downloads the same archives.
  sha256: {
    x64: "50748df1045e60b5b695f19f4c56b0da36c019948b440fb456b6584a50f0d8b9",
    arm64: "9dd1e6a592a014bbaea0103167ffe299adeda4ba14e078ce9c2895364f6c4c3f",
  },
};

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
  const version = asked ?? pinned.version;
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
      // Of other versions none is known, so the checksum file beside the download is asked.
      sha256: version === pinned.version ? pinned.sha256 : {},
      checksumUrl: (architecture) => `${url(architecture)}.sha256`,
    },
  };
}

function nextPatch(version: string): string {
  return version.replace(/\d+$/, (patch) => String(Number(patch) + 1));
}
