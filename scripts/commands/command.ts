/** One command of the command line. */
export interface Command {
  /** What `--help` prints; ends with the exit codes. */
  readonly usage: string;
  /**
   * Carries it out and gives the exit code.
   *
   * @param args what follows the command's name.
   * @throws FairleadError, and what `parseArgs` throws, when it cannot be carried out.
   */
  run(args: readonly string[]): Promise<number>;
}

/** The last line of every `usage`. */
export const exitCodes = "Exit code: 0 no problem, 1 problems, 2 the command itself could not be carried out.";
