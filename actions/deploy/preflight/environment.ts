import type { Application } from "../../validate/application.ts";
import type { Revision } from "../releases/revision.ts";
import type { Obstacle } from "./obstacle.ts";

/**
 * Looks whether the release belongs to another environment: two that are called the same would take turns in one release.
 * What says no environment was not made from a manifest, and is taken over.
 */
export function checkEnvironment(
  newest: Pick<Revision, "words"> | undefined,
  { environment, release, namespace }: Pick<Application, "environment" | "release" | "namespace">,
): Obstacle[] {
  const other = newest?.words?.environment;
  if (other === undefined || other === environment) return [];
  return [
    {
      code: "PREFLIGHT_FAILED",
      cause: `the release ${release} in namespace ${namespace} is that of the environment ${other}, and this is ${environment}`,
      fix: "Give each its own name with `release` or `namespace` in the manifest's `metadata`, which an environment may say too, or uninstall the other one.",
    },
  ];
}
