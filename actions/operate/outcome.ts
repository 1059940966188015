import type { FairleadError } from "../core/errors.ts";

/** A part of what an operation tells: rows whose keys are the names of the columns, or text as it was printed. */
export type Section =
  | { readonly name: string; readonly rows: readonly Readonly<Record<string, string>>[] }
  | {
      readonly name: string;
      readonly text: string;
      /** The log has it already. */
      readonly shown?: boolean;
    };

/** What an operation came to. `failure` is set when the step has to fail; the rest is told all the same. */
export interface Outcome {
  /** One word for programs: `healthy`, `rolled-back`, `held`, … */
  readonly status: string;
  /** The same in a sentence, without the full stop. */
  readonly said: string;
  /** The revision that is there after it, 0 for none. */
  readonly revision: number;
  readonly sections: readonly Section[];
  readonly failure?: FairleadError;
}
