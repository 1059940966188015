import { FairleadError } from "../../core/errors.ts";
import type { Application } from "../../validate/application.ts";
import type { Evidence } from "../evidence/collect.ts";
import type { CheckResult } from "../verify/check.ts";
import type { ReleaseChanges } from "./changes.ts";

/** One finished stage; `startedAt` is on the clock of `performance.now()`, both are milliseconds. */
export interface Stage {
  readonly name: string;
  readonly result: "succeeded" | "failed" | "stopped";
  readonly startedAt: number;
  readonly milliseconds: number;
}

/** What is learned on the way, and has to be told also when the way ends in an error. */
export interface Learned {
  readonly application?: Application;
  /** The images that this deploy was given or has built, by component. */
  readonly images?: Readonly<Record<string, string>>;
  /** The baseline's revision, 0 for none. */
  readonly previousRevision?: number;
  /** Never rejects; undefined when it could not be found out. */
  readonly changes?: Promise<ReleaseChanges | undefined>;
  readonly checks?: readonly CheckResult[];
  readonly evidence?: Evidence;
}

/** What a run writes down while it works: its stages with their times, and what it learns. */
export interface Journal {
  readonly stages: readonly Stage[];
  readonly learned: Learned;
  /** Runs a stage; it has failed when it throws, or when what it gives has failed. */
  stage<T>(name: string, work: () => Promise<T>, hasFailed?: (value: T) => boolean): Promise<T>;
  learn(more: Learned): void;
}

/** Why a stage that ran beside others was stopped: one of them failed. */
export class Stopped extends Error {}

/** An empty journal. */
export function createJournal(): Journal {
  const stages: Stage[] = [];
  const learned: { -readonly [Key in keyof Learned]: Learned[Key] } = {};
  return {
    stages,
    learned,
    learn: (more) => void Object.assign(learned, more),
    async stage(name, work, hasFailed = () => false) {
      const startedAt = performance.now();
      const keep = (result: Stage["result"]) =>
        stages.push({ name, result, startedAt, milliseconds: performance.now() - startedAt });
      try {
        const value = await work();
        keep(hasFailed(value) ? "failed" : "succeeded");
        return value;
      } catch (thrown) {
        keep(wasStopped(thrown) ? "stopped" : "failed");
        throw thrown;
      }
    },
  };
}

function wasStopped(thrown: unknown): boolean {
  return thrown instanceof Stopped || (thrown instanceof FairleadError && thrown.code === "CANCELLED");
}
