import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compare } from "../../actions/deploy/verify/expectation.ts";
import type { Rendering } from "./system.ts";

/** What a pod would have: programs by name, each the body of a shell script, and variables. */
export interface Pod {
  readonly programs?: Readonly<Record<string, string>>;
  readonly variables?: Readonly<Record<string, string>>;
}

/** How a check went, and all that its script printed. */
export interface CheckRun {
  readonly state: "passed" | "wrong" | "unknown";
  readonly said: string;
  readonly output: string;
}

/**
 * Runs the script of a declared check as the deploy does in a pod (`sh -c`), with programs that stand for those of the
 * system, and judges what it prints as the deploy does. Absolute paths in the script are below a folder of its own.
 */
export function runCheck({ application }: Rendering, name: string, { programs = {}, variables = {} }: Pod): CheckRun {
  const { run, expect = {} } = application.verify[name];
  const root = mkdtempSync(join(tmpdir(), "fairlead-check-"));
  try {
    for (const folder of ["bin", "tmp"]) mkdirSync(join(root, folder));
    for (const [program, body] of Object.entries(programs))
      writeFileSync(join(root, "bin", program), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    const script = run.replaceAll(/(?<=[\s>"])\/tmp\//g, `${root}/tmp/`);
    const env = { PATH: `${join(root, "bin")}:/usr/bin:/bin`, ...variables };
    const { status, stdout, stderr } = spawnSync("sh", ["-c", script], { env, encoding: "utf8", timeout: 30_000 });
    const output = stdout + stderr;
    const finding = compare({ status: status ?? -1, text: output }, expect, (code) => code === 0, "exit code");
    return { state: finding.state, said: finding.said ?? "", output };
  } finally {
    rmSync(root, { recursive: true });
  }
}
