import { slug } from "../scripts/docs/manifest.ts";

/** A fenced block of a Markdown file. */
export interface Block {
  readonly language: string;
  /** What stands behind the language, or nothing. */
  readonly info: string;
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
  const pattern = /^( *)```(\w+)(?: (.*))?\n([\s\S]*?)^\1```$/gm;
  return [...markdown.matchAll(pattern)].map(
    ({ 1: indent = "", 2: language = "", 3: info = "", 4: text = "", index }) => ({
      language,
      info,
      text: text.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
      line: markdown.slice(0, index).split("\n").length + 1,
    }),
  );
}

/** A manifest from a block that shows one, or some of its top-level keys; undefined for anything else. */
export function manifestOf(content: Readonly<Record<string, unknown>>): Record<string, unknown> | undefined {
  const head = { apiVersion: "jterrazz.com/v1", kind: "Application", metadata: { name: "my-app" } };
  const keys = Object.keys(content);
  const isPart = keys.length > 0 && keys.every((key) => ["metadata", "spec", "environments"].includes(key));
  if (!isPart && content["kind"] !== "Application") return undefined;
  return { ...head, environments: { prod: null }, ...content };
}

/** The anchors of a Markdown text: those of its headings, as GitHub makes them, and those that it names itself. */
export function anchorsOf(markdown: string): Set<string> {
  const prose = markdown.replaceAll(/^( *)```[\s\S]*?^\1```$/gm, "");
  const headings = [...prose.matchAll(/^#+ (.+)$/gm)].map(([, text = ""]) => slug(text));
  const named = [...prose.matchAll(/<a id="([^"]+)">/g)].map(([, name = ""]) => name);
  return new Set([...headings, ...named]);
}

/** The addresses of a Markdown text that are not on the web. */
export function localLinksOf(markdown: string): string[] {
  return [...markdown.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, address = ""]) => address);
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
