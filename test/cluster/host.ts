import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Progress, step } from "./progress.ts";
import { run } from "./run.ts";

/** Small programs of the machine itself that the real parts use, and the Debian package that each comes in. */
const packageOf = { git: "git", ip: "iproute2", openssl: "openssl", python3: "python3" } as const;

/** The Debian packages that are missing on a machine with this PATH. */
export function missingPackages(path: string): string[] {
  const folders = path.split(delimiter);
  return Object.entries(packageOf)
    .filter(([program]) => !folders.some((folder) => isProgram(join(folder, program))))
    .map(([, name]) => name);
}

/**
 * Installs what a bare machine lacks. Unlike everything else, these are installed and not unpacked into the cache:
 * they displace nothing, and what they depend on is long.
 */
export async function ensureHostPrograms(progress: Progress): Promise<void> {
  const packages = missingPackages(process.env["PATH"] ?? "");
  if (packages.length === 0) return;
  await step(progress, "Debian packages", `apt-get to install ${packages.join(", ")}`, async () => {
    await run(["apt-get", "update"], { timeout: 300_000, accept: [0, 100] });
    const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const install = ["apt-get", "install", "--yes", "--no-install-recommends", ...packages];
    await run(install, { environment, timeout: 600_000 });
  });
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
