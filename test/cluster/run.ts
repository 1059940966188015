import { createMasker } from "../../actions/core/masking.ts";
import { type ExecuteOptions, execute, type Finished } from "../../actions/core/process.ts";

/** Runs a program to its end with this process's environment; see {@link execute} for options and errors. */
export function run(command: readonly string[], options: Partial<ExecuteOptions> = {}): Promise<Finished> {
  const [program, ...args] = command;
  if (program === undefined) throw new Error("A command needs a program.");
  return execute(program, args, {
    environment: process.env,
    masker: createMasker(() => {}),
    timeout: 60_000,
    ...options,
  });
}
