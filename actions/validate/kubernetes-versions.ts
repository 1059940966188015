/** The versions of Kubernetes whose schemas travel with the action, oldest first. */
export const kubernetesVersions: readonly string[] = ["1.30", "1.31", "1.32", "1.33", "1.34", "1.35", "1.36"];

/** The version that objects are checked against where none is named. */
export const usualVersion = "1.35";

/**
 * Gives the version that a text such as `1.35`, `v1.35` or `1.35.4` names.
 *
 * @throws Error whose message completes "`kubernetes-version` …".
 */
export function kubernetesVersion(text: string): string {
  const [, version, minor = ""] = /^v?(1\.(\d+))(?:\.\d+)?$/.exec(text.trim()) ?? [];
  if (version !== undefined && kubernetesVersions.includes(version)) return version;
  const known = `${kubernetesVersions.slice(0, -1).join(", ")} or ${kubernetesVersions.at(-1)}`;
  // YAML reads 1.30 as a number, which is 1.3.
  const quoted = kubernetesVersions.includes(`1.${minor}0`)
    ? `; for 1.${minor}0 write it in quotes: "1.${minor}0"`
    : "";
  throw new Error(`is "${text}", but must be ${known}${quoted}`);
}
