import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { blocksOf } from "../docs.ts";
import type { Loose, Rendering } from "./system.ts";

/** A page of the documentation, from the top of the repository. */
export function readPage(path: string): string {
  return readFileSync(join(import.meta.dirname, "../..", path), "utf8");
}

/** The commands on a page that begin with these words. */
export function commandsOn(page: string, begin: string): string[] {
  const lines = blocksOf(page).flatMap(({ language, text }) => (language === "sh" ? text.split("\n") : []));
  return lines.filter((line) => line.startsWith(begin));
}

/** Asserts that every port-forward on a page leads to a port of a Service that is there, and that there is one for each name. */
export function assertForwards(page: string, rendering: Rendering, ...services: readonly string[]): void {
  const commands = [...page.matchAll(/kubectl port-forward -n (\S+) svc\/(\S+) (\d+):(\d+)/g)];
  for (const [command, namespace, service, , port] of commands) {
    const { ports } = rendering.get(`Service/${namespace}/${service}`).spec;
    assert.ok(
      ports.some((one: Loose) => String(one.port) === port),
      command,
    );
  }
  assert.deepEqual(commands.map(([, , service]) => service).sort(), [...services].sort());
}
