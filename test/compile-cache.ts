/**
 * For the environment of a program that a test starts from its sources: it then uses what was compiled before, as the test
 * itself does. Empty where no such cache is kept.
 */
export const compileCache: Readonly<Record<string, string>> =
  process.env["NODE_COMPILE_CACHE"] === undefined ? {} : { NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] };
