/** The newest of some tags: by the precedence of semantic versions where they are such, else by the numbers in them. */
export function newestTag(tags: readonly string[]): string | undefined {
  return [...tags].sort(compareTags).at(-1);
}

/** Compares two tags; what is no version counts as older than what is one (semver.org 2.0.0, item 11). */
function compareTags(left: string, right: string): number {
  const [one, other] = [versionOf(left), versionOf(right)];
  if (one === undefined || other === undefined) {
    if (one === other) return natural(left, right);
    return one === undefined ? -1 : 1;
  }
  for (const index of [0, 1, 2] as const) {
    const difference = one.numbers[index] - other.numbers[index];
    if (difference !== 0) return difference;
  }
  if (one.pre === other.pre) return natural(left, right);
  // A version is newer than what came before it under the same numbers.
  if (one.pre === "") return 1;
  if (other.pre === "") return -1;
  return natural(one.pre, other.pre);
}

interface Version {
  readonly numbers: readonly [number, number, number];
  readonly pre: string;
}

function versionOf(tag: string): Version | undefined {
  const match = /(?:^|[^\d.])(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([\w.-]+))?(?:\+[\w.-]+)?$/.exec(tag);
  if (match === null) return undefined;
  const [, major, minor = 0, patch = 0, pre = ""] = match;
  return { numbers: [Number(major), Number(minor), Number(patch)], pre };
}

const collator = new Intl.Collator("en", { numeric: true });

function natural(left: string, right: string): number {
  return collator.compare(left, right) || (left < right ? -1 : left > right ? 1 : 0);
}
