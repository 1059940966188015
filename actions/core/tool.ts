/** The processors that fairlead downloads programs for, as Node names them. */
export type Architecture = "x64" | "arm64";

/** Where a program is downloaded from when the runner has none that fits. */
export interface Download {
  readonly version: string;
  /** Address of the archive, or of the program itself. */
  url(architecture: Architecture): string;
  /** The program's path in the archive; without it the download is the program. */
  member?(architecture: Architecture): string;
  /** SHA-256 from a published source, which is named beside the value. */
  readonly sha256: Partial<Readonly<Record<Architecture, string>>>;
  /** Address of the publisher's checksum file, for what is not pinned in `sha256`. */
  checksumUrl(architecture: Architecture): string;
}

/** A program that fairlead needs. */
export interface Tool {
  readonly name: string;
  /** Command lines to try in this order, for instance `docker buildx` and `buildx`. */
  readonly commands: readonly (readonly [string, ...string[]])[];
  readonly versionArguments: readonly string[];
  /** The lowest version that fits, and the first one that does not fit any more. */
  readonly minimum: string;
  readonly below?: string;
  readonly download: Download;
}
