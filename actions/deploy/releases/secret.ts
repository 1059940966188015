import { gunzipSync, gzipSync } from "node:zlib";
import type { V1Secret } from "@kubernetes/client-node";

/** The part of Helm's release document that is read and written here (helm pkg/release/v1). */
export interface ReleaseDocument {
  apply_method?: string;
  version: number;
  /** The rendered objects, without hooks. */
  manifest: string;
  hooks?: readonly { readonly manifest: string }[];
  /** The values that it was given. */
  config?: { readonly environment?: string; readonly deploy?: { readonly images?: Readonly<Record<string, string>> } };
  chart?: { readonly metadata?: { readonly version?: string }; readonly values?: { readonly cluster?: unknown } };
  info: { status: string; description: string };
}

/** Whether the API server merged its objects (`ssa`), or Helm did (`csa`, and all of Helm 3, which does not say it). */
export type ApplyMethod = "ssa" | "csa";

/** How the objects of a revision were applied. */
export function applyMethodOf({ apply_method }: ReleaseDocument): ApplyMethod {
  return apply_method === "ssa" ? "ssa" : "csa";
}

/** The path of the Secret in which Helm keeps a revision. */
export function pathOf(namespace: string, release: string, number: number): string {
  return `/api/v1/namespaces/${namespace}/secrets/sh.helm.release.v1.${release}.v${number}`;
}

/** What Helm wrote into the Secret of a revision. */
export function decode(data: string): ReleaseDocument {
  return JSON.parse(decodeText(data));
}

/** Helm stores gzipped JSON as base64, which the Secret holds as base64 once more. */
export function decodeText(data: string): string {
  const inner = Buffer.from(Buffer.from(data, "base64").toString("latin1"), "base64");
  return gunzipSync(inner).toString("utf8");
}

/** A document as Helm writes it there. */
export function encode(document: ReleaseDocument): string {
  const inner = gzipSync(JSON.stringify(document)).toString("base64");
  return Buffer.from(inner, "latin1").toString("base64");
}

/** Objects with nothing but their metadata (Kubernetes API concepts, "Metadata only fetches"): a release may be large. */
export function metadataOf(kind: "PartialObjectMetadata" | "PartialObjectMetadataList"): string {
  return `application/json;as=${kind};g=meta.k8s.io;v=v1`;
}

/** The Secret of a revision as far as a list of metadata shows it. */
export type SecretMetadata = Pick<V1Secret, "metadata">;
