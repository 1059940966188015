import type { Place } from "../../core/errors.ts";
import { type RenderedObject, readObjects } from "../rendered/objects.ts";
import type { Deploy } from "../rollout.ts";
import { placed } from "./place.ts";
import type { Subject } from "./subject.ts";

/** The place of the object that a message of Helm names, for the error that tells it. */
export async function placeNamed(deploy: Deploy, message: string): Promise<{ readonly place?: Place }> {
  return await placed(deploy, subjectIn(message, await readObjects(deploy.rendered), deploy.application.namespace));
}

/**
 * What a message is about, where it names an object of a release: `Deployment.apps "web" is invalid`, `configmaps "web" is
 * forbidden`, `job web-migrate failed`. Of several it is the one whose kind comes first.
 */
export function subjectIn(message: string, objects: readonly RenderedObject[], fallback: string): Subject {
  const words = new Set(message.match(/[\w.-]*\w/g));
  const [named] = objects
    .filter(({ metadata }) => words.has(metadata?.name ?? ""))
    .map((object) => ({ object, at: message.search(new RegExp(`\\b${object.kind}`, "i")) }))
    .filter(({ at }) => at >= 0)
    .sort((left, right) => left.at - right.at);
  if (named === undefined) return { cause: message };
  const { kind, metadata } = named.object;
  return { cause: message, workload: { kind, name: metadata?.name ?? "", namespace: metadata?.namespace ?? fallback } };
}
