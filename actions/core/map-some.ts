/** Works on all items, at most `limit` at a time, and gives the results in the order of the items. */
export async function mapSome<T, R>(items: readonly T[], limit: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  // All workers draw from this one iterator.
  const queue = [...items.entries()].values();
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
