/** A copy of a value in which every text is changed. */
export function mapTexts<T>(value: T, change: (text: string) => string): T {
  const visit = (inner: unknown): unknown => {
    if (typeof inner === "string") return change(inner);
    if (Array.isArray(inner)) return inner.map(visit);
    if (typeof inner !== "object" || inner === null) return inner;
    return Object.fromEntries(Object.entries(inner).map(([key, one]) => [key, visit(one)]));
  };
  return visit(value) as T;
}
