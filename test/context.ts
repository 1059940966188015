import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Context } from "../actions/core/context.ts";
import { createMasker } from "../actions/core/masking.ts";

/** What a stage told its runner, in the order in which it did. */
export interface Told {
  readonly lines: string[];
  readonly annotations: { level: string; message: string; title: string | undefined }[];
  readonly masks: string[];
  readonly outputs: Record<string, string>;
  readonly variables: Record<string, string>;
  readonly summary: string[];
  /** Names of the calls that concern secrets: `mask`, `setOutput`, `exportVariable`. */
  readonly order: string[];
}

/** A context for a test that calls a stage directly; its folder is removed after the test, or whatever `test.after` ends. */
export async function recordingContext(
  test: { after(remove: () => Promise<void>): void },
  changes: Partial<Context> = {},
): Promise<{ context: Context; told: Told }> {
  const folder = await mkdtemp(join(tmpdir(), "fairlead-test-"));
  test.after(() => rm(folder, { recursive: true, force: true }));
  const told: Told = { lines: [], annotations: [], masks: [], outputs: {}, variables: {}, summary: [], order: [] };
  const runner = recorder(told);
  const context: Context = {
    runner,
    masker: createMasker((value) => runner.mask(value)),
    run: {
      repository: "acme/shop",
      commit: "0123456789abcdef0123456789abcdef01234567",
      ref: "refs/heads/main",
      event: "push",
      baseRef: "",
      defaultBranch: "main",
      workflow: "Deploy",
      job: "deploy",
      id: "1",
      number: 1,
      attempt: 1,
      actor: "octocat",
      url: "https://github.com/acme/shop/actions/runs/1",
    },
    workspace: folder,
    folder,
    toolCache: join(folder, "tools"),
    environment: { PATH: process.env["PATH"] },
    signal: new AbortController().signal,
    ...changes,
  };
  return { context, told };
}

function recorder(told: Told): Context["runner"] {
  return {
    info: (line) => told.lines.push(line),
    debug: () => {},
    group: (heading, lines) => told.lines.push(heading, ...lines),
    verbatim: (lines) => void told.lines.push(...lines),
    annotate: (level, message, title) => told.annotations.push({ level, message, title }),
    mask(value) {
      told.order.push("mask");
      told.masks.push(value);
    },
    setOutput(name, value) {
      told.order.push("setOutput");
      told.outputs[name] = value;
    },
    exportVariable(name, value) {
      told.order.push("exportVariable");
      told.variables[name] = value;
    },
    saveState: () => {},
    summarize: (markdown) => told.summary.push(markdown),
  };
}
