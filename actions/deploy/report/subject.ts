/** What is to be looked at in the manifest, as far as a fault or an obstacle knows it. */
export interface Subject {
  /** What is wrong, in words. */
  readonly cause: string;
  /** The workload that it keeps, or whose object it is. */
  readonly workload?: { readonly kind: string; readonly name: string; readonly namespace: string };
  readonly container?: string;
  /** The manifest's key, below the component or beside all of them: `image`, `health`, `podSecurity`, … */
  readonly about?: string;
  /** The entry below that key: the name of a check. */
  readonly entry?: string;
}
