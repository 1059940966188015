/** What the suffixes of a quantity stand for (Kubernetes API conventions, "Quantities"). */
const factors: Readonly<Record<string, number>> = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

/** A quantity such as `250m`, `1.5Gi` or `1e3` as a number; 0 for what is none, which the API server refuses anyway. */
export function parseQuantity(text: string | number | undefined): number {
  const [, digits = "0", suffix = ""] = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([a-zA-Z]*)$/.exec(String(text ?? "")) ?? [];
  return Number(digits) * (factors[suffix] ?? 0);
}

/** A number as people write it for a resource: processors in thousandths, memory and storage in powers of 1024. */
export function formatQuantity(resource: string, amount: number): string {
  if (/cpu$/.test(resource)) return Number.isInteger(amount) ? String(amount) : `${Math.round(amount * 1_000)}m`;
  if (!/(memory|storage)$/.test(resource)) return String(amount);
  const fitting = ["Gi", "Mi", "Ki"].find((suffix) => amount !== 0 && amount % (factors[suffix] ?? 1) === 0);
  return fitting === undefined ? String(amount) : `${amount / (factors[fitting] ?? 1)}${fitting}`;
}
