import type { Application, Component } from "../../validate/application.ts";
import { compareObjects, gapsOf, lossesOf } from "../../validate/changes/compare.ts";
import type { Tree } from "../../validate/changes/tree.ts";
import type { ReleaseContent } from "../releases/read.ts";
import { type RenderedObject, readObjects, withoutHash } from "../rendered/objects.ts";
import { podTemplates } from "../rendered/templates.ts";

/** How an object of a release differs from what was there before. */
export interface ChangedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly change: "added" | "changed" | "removed";
  /** What the change does to what runs, a few words each. */
  readonly effects: readonly string[];
  /** Paths of the keys that differ, never their values: a variable's value may be a secret. */
  readonly keys: readonly string[];
}

/** The image of a container of a component, and the one that it had before; empty for none. */
export interface ImageChange {
  readonly component: string;
  readonly before: string;
  readonly after: string;
}

/** How a release differs from an earlier revision of it. */
export interface ReleaseChanges {
  /** The revision that it is compared with, 0 for none. */
  readonly against: number;
  /** Versions of the chart. */
  readonly chart: { readonly before: string; readonly after: string };
  readonly images: readonly ImageChange[];
  readonly objects: readonly ChangedObject[];
  /** Hosts that are routed no more. */
  readonly hosts: readonly string[];
  /** What fails until the change is made, sentences without the full stop. */
  readonly gaps: readonly string[];
  /** What else is worth a warning, in the same form. */
  readonly warnings: readonly string[];
  /** Unified diffs of all objects, the values of Secrets and what looks like a credential hidden. */
  readonly diff: string;
}

/** What is compared: an application as it is to be, and as it was. */
export interface Compared {
  readonly application: Pick<Application, "components">;
  /** As Helm renders it, hooks included. */
  readonly rendered: string;
  readonly chart: string;
  readonly before: ({ readonly revision: number } & ReleaseContent) | undefined;
}

/** Compares what is to be deployed with an earlier revision; without one everything is added. */
export async function compareRelease({ application, rendered, chart, before }: Compared): Promise<ReleaseChanges> {
  const [old, now] = await Promise.all([readObjects(before?.rendered ?? ""), readObjects(rendered)]);
  const images = Object.entries(application.components).map(([name, component]): ImageChange => {
    return { component: name, before: imageIn(old, component) ?? "", after: imageIn(now, component) ?? "" };
  });
  const compared = compareObjects(asTrees(old), asTrees(now));
  return {
    against: before?.revision ?? 0,
    chart: { before: before?.chart ?? "", after: chart },
    images,
    objects: compared.objects.map(({ effects, keys, diff: _, ...object }) => ({
      ...object,
      effects: effects.map(({ text }) => text),
      keys: keys.map(({ path }) => path),
    })),
    hosts: compared.hosts,
    gaps: gapsOf(compared),
    warnings: lossesOf(compared),
    diff: compared.objects.map(({ diff }) => diff.trimEnd()).join("\n"),
  };
}

function asTrees(objects: readonly RenderedObject[]): Tree[] {
  return objects.map((object) => ({ ...object }));
}

/** The image of a component's own container, undefined when no object makes its pods. */
export function imageIn(objects: readonly RenderedObject[], component: Component): string | undefined {
  const { kind, name, namespace, containerName } = component;
  const own = objects.filter((one) => one.kind === kind && isNamed(one, name) && isIn(one, namespace));
  const [template] = podTemplates(own, namespace);
  return template?.spec.containers.find((container) => container.name === containerName)?.image;
}

function isNamed({ metadata }: RenderedObject, name: string): boolean {
  return withoutHash(metadata?.name ?? "") === withoutHash(name);
}

function isIn({ metadata }: RenderedObject, namespace: string): boolean {
  return metadata?.namespace === undefined || metadata.namespace === namespace;
}
