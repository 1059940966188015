import { suggest } from "../core/suggest.ts";
import type { Finding } from "./problem.ts";
import { show } from "./words.ts";

/**
 * Finds components that only an environment has and that are called nearly as one of `spec`: a misspelt name makes another
 * workload, which the chart cannot tell from one that is meant. One with an image of its own is.
 */
export function findNearNames(manifest: unknown): Finding[] {
  const components = Object.keys(mapOf(mapOf(mapOf(manifest)["spec"])["components"]));
  return Object.entries(mapOf(mapOf(manifest)["environments"])).flatMap(([environment, layer]) =>
    Object.entries(mapOf(mapOf(layer)["components"])).flatMap(([name, component]) => {
      const near = suggest(name, components);
      const meant = component === null || ["image", "build", "extends"].some((key) => key in mapOf(component));
      if (near === undefined || meant || components.includes(name)) return [];
      const keys = ["environments", environment, "components", name];
      const message = `spec has no component ${show(name)}, so this makes another one`;
      return [{ code: "APP_COMPONENT_NEAR", keys, target: "key", message, hint: `did you mean \`${near}\`?` }];
    }),
  );
}

function mapOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
