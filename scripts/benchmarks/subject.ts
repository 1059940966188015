import type { ensureTools } from "../../test/cluster/toolchain.ts";
import type { Figure } from "./figure.ts";

/** What a subject works with. */
export interface Bench {
  /** Top of the repository, whose `dist/` is built. */
  readonly root: string;
  /** An empty folder of its own, which is removed at the end. */
  readonly folder: string;
  /** How often each command is measured. */
  readonly rounds: number;
  /** Gives the paths of tools, built or downloaded where the cache does not hold them. */
  readonly tools: typeof ensureTools;
}

/** Measures one part of fairlead; the figures come as they are known. */
export type Subject = (bench: Bench) => AsyncIterable<Figure>;
