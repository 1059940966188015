/**
 * A message of the API server without the dumps of whole templates that it puts into some, as Go or as JSON: they may hold
 * values of variables, and bury the reason.
 */
export function withoutDumps(message: string): string {
  return message.replaceAll(/Invalid value: (?:[\w.]+)?\{.*?\}: (?=[a-z])/gs, "");
}
