import type { Application } from "../validate/application.ts";

/**
 * The components of an application in the order in which they can go: each only after all that come `after` it. Those of one
 * step go side by side.
 */
export function stopOrder(components: Application["components"]): string[][] {
  const steps: string[][] = [];
  let left = Object.keys(components);
  while (left.length > 0) {
    const needed = new Set(left.flatMap((key) => (components[key]?.after ?? []).filter((other) => other !== key)));
    const free = left.filter((key) => !needed.has(key));
    // The chart refuses a circle; whatever is in one goes together.
    const step = free.length > 0 ? free : left;
    steps.push(step);
    left = left.filter((key) => !step.includes(key));
  }
  return steps;
}
