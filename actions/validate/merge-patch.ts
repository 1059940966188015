type Json = Readonly<Record<string, unknown>>;

/**
 * Gives a document with a patch laid over it, as RFC 7386 defines it: mappings merge, null deletes, all else replaces.
 * Neither of the two is changed; what the patch does not touch is shared with the document.
 */
export function patched(document: unknown, patch: unknown): unknown {
  if (!isMapping(patch)) return patch;
  const result: Record<string, unknown> = { ...(isMapping(document) ? document : {}) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = patched(result[key], value);
  }
  return result;
}

/** Gives the smallest patch that makes one document of the other. Neither may hold a null, which a patch cannot write. */
export function patchBetween(from: Json, to: Json): Json {
  const patch: Record<string, unknown> = {};
  for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const [before, after] = [from[key], to[key]];
    if (JSON.stringify(before) === JSON.stringify(after)) continue;
    if (after === undefined) patch[key] = null;
    else patch[key] = isMapping(before) && isMapping(after) ? patchBetween(before, after) : after;
  }
  return patch;
}

function isMapping(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
