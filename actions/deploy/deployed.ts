import type { FairleadError } from "../core/errors.ts";

/** What a deploy came to. `failure` is set when the step has to fail; the other fields are true all the same. */
export interface Deployed {
  readonly url: string;
  readonly release: string;
  readonly namespace: string;
  /** The revision that serves now, 0 for none. */
  readonly revision: number;
  readonly previousRevision: number;
  /** `unchanged`, `superseded` behind a newer run, `held` by a person: all three change nothing, and are no failure. */
  readonly status: "deployed" | "unchanged" | "planned" | "superseded" | "held" | "rolled-back" | "failed";
  readonly reason: string;
  readonly failure?: FairleadError;
}
