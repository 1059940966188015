import type { RenderedObject } from "../rendered/objects.ts";

/** Helm's name in `metadata.managedFields`, so that the server judges as it will judge Helm. */
const helmManager = "helm";

const query = `dryRun=All&fieldValidation=Strict&fieldManager=${helmManager}`;

/**
 * Applies an object as Helm will, without keeping it; the answer is the object as it would be.
 *
 * @param owned whether objects are applied by the server: fields of another manager are then a conflict.
 */
export function dryRunRequest(path: string, object: RenderedObject, owned: boolean) {
  return {
    method: "PATCH",
    path: `${path}?${query}&force=${!owned}`,
    contentType: "application/apply-patch+yaml",
    body: object,
  } as const;
}

/**
 * Makes an object without keeping it, under a name of its own: what is there of it from the last time is gone, or has another
 * name, when it is made, so it is not compared with that.
 */
export function creationRequest(path: string, object: RenderedObject) {
  const { name, ...metadata } = object.metadata ?? {};
  const body = { ...object, metadata: { ...metadata, generateName: `${name}-` } };
  return { method: "POST", path: `${path}?${query}`, contentType: "application/json", body } as const;
}
