import type { Evidence } from "../deploy/evidence/collect.ts";
import type { Section } from "./outcome.ts";

/** What was seen of a fault. */
export function evidenceOf({ pods, logs, events, nodes, hints }: Evidence): Section[] {
  return [
    { name: "Advice", text: hints.join("\n") },
    ...logs.map(({ title, text }) => ({ name: title, text })),
    { name: "Pods", text: pods.join("\n") },
    { name: "Events", text: events.join("\n") },
    { name: "Nodes", text: nodes.join("\n") },
  ];
}
