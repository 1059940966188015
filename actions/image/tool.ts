import type { Architecture, Tool } from "../core/tool.ts";

const version = "0.37.2";
const processors: Readonly<Record<Architecture, string>> = { x64: "amd64", arm64: "arm64" };
const releases = `https://github.com/docker/buildx/releases/download/v${version}`;

/** BuildKit's client, as a plugin of docker or on its own. */
export const buildx: Tool = {
  name: "buildx",
  commands: [["docker", "buildx"], ["buildx"]],
  versionArguments: ["version"],
  // The first one whose metadata file and provenance options are as this action uses them.
  minimum: "0.13.0",
  download: {
    version,
    url: (architecture) => `${releases}/buildx-v${version}.linux-${processors[architecture]}`,
    // None is published outside of the release itself, so its own list is asked.
    sha256: {},
    checksumUrl: () => `${releases}/checksums.txt`,
  },
};
