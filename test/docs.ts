/** A fenced block of a Markdown file. */
export interface Block {
  readonly language: string;
  readonly text: string;
  /** Line of its first line, from 1. */
  readonly line: number;
}

/** A step of a workflow, as far as the tests look at it. */
export interface WorkflowStep {
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

/** The fenced blocks of a Markdown text, also those that are indented below a list item. */
export function blocksOf(markdown: string): Block[] {
  const pattern = /^( *)```(\w+)\n([\s\S]*?)^\1```$/gm;
  return [...markdown.matchAll(pattern)].map(({ 1: indent = "", 2: language = "", 3: text = "", index }) => ({
    language,
    text: text.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    line: markdown.slice(0, index).split("\n").length + 1,
  }));
}

/** A whole workflow from a block that shows one, its jobs, one job, or its steps; undefined for anything else. */
export function workflowOf(content: unknown): Record<string, unknown> | undefined {
  if (Array.isArray(content)) return workflowOf({ steps: content });
  if (typeof content !== "object" || content === null) return undefined;
  if ("jobs" in content) return { on: "push", ...content };
  if ("steps" in content) return { on: "push", jobs: { job: { "runs-on": "ubuntu-latest", ...content } } };
  return undefined;
}

/** All steps of all jobs. */
export function stepsOf(workflow: Record<string, unknown>): WorkflowStep[] {
  const jobs = Object.values(workflow["jobs"] as Record<string, { steps?: WorkflowStep[] }>);
  return jobs.flatMap(({ steps = [] }) => steps);
}
