import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { finished } from "node:stream/promises";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { messageOf } from "../actions/core/errors.ts";

/** How many tests ended how. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  /** Skipped and todo: a test that did not run, whatever its reason. */
  readonly skipped: number;
}

/** What a run of test files came to. */
export interface Run extends Counts {
  readonly results: readonly TestResult[];
}

/** Files of unit tests at the same time: many of them wait for a child or a deadline, and leave the processor to others. */
export const unitConcurrency = 2 * availableParallelism();

const root = join(import.meta.dirname, "..");

/** The test files: those that need a real part (`*.real.test.ts`, and conformance, which needs Helm), or all others. */
export function testFiles(kind: "unit" | "real", filter = ""): string[] {
  return globSync("{actions,chart,examples,scripts,test}/**/*.test.ts", { cwd: root, exclude: ["**/node_modules/**"] })
    .filter((file) => needsRealPart(file) === (kind === "real") && file.includes(filter))
    .sort()
    .map((file) => join(root, file));
}

function needsRealPart(file: string): boolean {
  return file.endsWith(".real.test.ts") || file.startsWith("test/conformance/");
}

/**
 * Runs test files, each in a process of its own, and prints them as node:test does.
 *
 * @param concurrency files at the same time; 1 for tests that share the real parts.
 */
export async function runSuite(files: readonly string[], concurrency: number): Promise<Run> {
  if (files.length === 0) return { passed: 0, failed: 0, skipped: 0, results: [] };
  let counts: Counts | undefined;
  const tests = run({ files: [...files], concurrency, cwd: root });
  const results = collect(tests);
  tests.on("test:summary", ({ file, counts: seen }) => {
    // Each file has a summary of its own; the one without a file is of the whole run.
    if (file !== undefined) return;
    const { passed, skipped, todo, tests: all } = seen;
    counts = { passed, skipped: skipped + todo, failed: all - passed - skipped - todo };
  });
  for await (const text of tests.compose(spec)) process.stdout.write(text);
  if (counts === undefined) throw new Error("the test runner ended without a summary");
  return { ...counts, results };
}

/** How one test ended. */
export interface TestResult {
  /** From the top of the repository. */
  readonly file: string;
  readonly name: string;
  readonly passed: boolean;
  /** What went wrong; empty when nothing did. */
  readonly message: string;
}

/**
 * Runs test files and gives how each test ended. A file that ends by itself counts as a failed test.
 *
 * @param concurrency as for {@link runSuite}.
 */
export async function runTests(files: readonly string[], concurrency: number): Promise<readonly TestResult[]> {
  if (files.length === 0) return [];
  const tests = run({ files: [...files], concurrency, cwd: root });
  const results = collect(tests);
  await finished(tests.resume());
  return results;
}

/** A list that grows by every test that ends. */
function collect(tests: ReturnType<typeof run>): TestResult[] {
  const results: TestResult[] = [];
  const from = (file = "") => relative(root, file);
  tests.on("test:pass", ({ file, name, skip, todo, details }) => {
    const ran = skip === undefined && todo === undefined;
    if (details.type !== "suite")
      results.push({ file: from(file), name, passed: ran, message: ran ? "" : "it did not run" });
  });
  tests.on("test:fail", ({ file, name, details: { type, error } }) => {
    // What happened in the test is the cause; the error itself says only that the test failed.
    if (type !== "suite")
      results.push({ file: from(file), name, passed: false, message: messageOf(error.cause ?? error) });
  });
  return results;
}
