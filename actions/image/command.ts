import { isAbsolute, join } from "node:path";
import type { WorkflowRun } from "../core/context.ts";
import type { ImageInputs } from "./inputs.ts";

/** `registry/name`, without tag or digest. */
export function repositoryOf({ registry, name }: Pick<ImageInputs, "registry" | "name">): string {
  return `${registry}/${name}`;
}

/** The references that the image is pushed as. */
export function referencesOf(inputs: ImageInputs, run: WorkflowRun): readonly string[] {
  return (inputs.tags ?? [run.commit]).map((tag) => `${repositoryOf(inputs)}:${tag}`);
}

/** Absolute paths of what is built. */
export function pathsOf(inputs: ImageInputs, workspace: string): { readonly context: string; readonly file: string } {
  const absolute = (path: string) => (isAbsolute(path) ? path : join(workspace, path));
  const context = absolute(inputs.context);
  return { context, file: inputs.file === undefined ? join(context, "Dockerfile") : absolute(inputs.file) };
}

/**
 * The arguments of `buildx build`; no secret is among them.
 *
 * @param secretFiles paths by the id of the secret that they hold.
 */
export function buildArguments(
  inputs: ImageInputs,
  run: WorkflowRun,
  workspace: string,
  metadataFile: string,
  secretFiles: Readonly<Record<string, string>>,
): readonly string[] {
  const { context, file } = pathsOf(inputs, workspace);
  const option = (name: string, value: string | undefined) => (value === undefined ? [] : [`--${name}=${value}`]);
  const assignments = (name: string, values: Readonly<Record<string, string>>) =>
    Object.entries(values).map(([key, value]) => `--${name}=${key}=${value}`);
  return [
    "build",
    "--progress=plain",
    `--metadata-file=${metadataFile}`,
    `--file=${file}`,
    ...option("builder", inputs.builder),
    ...option("target", inputs.target),
    ...option("platform", inputs.platforms?.join(",") || undefined),
    ...option("provenance", inputs.provenance),
    ...assignments("build-arg", { COMMIT: run.commit, ...inputs.buildArgs }),
    ...assignments("label", { ...sourceLabels(run), ...inputs.labels }),
    ...Object.entries(secretFiles).map(([id, path]) => `--secret=id=${id},src=${path}`),
    ...referencesOf(inputs, run).map((reference) => `--tag=${reference}`),
    inputs.push ? "--push" : "--output=type=cacheonly",
    context,
  ];
}

/** Where the image comes from, in the words of the OCI image specification. No time: it would change every digest. */
function sourceLabels({ commit, repository, url }: WorkflowRun): Readonly<Record<string, string>> {
  const server = url.split(`/${repository}/`)[0];
  return {
    "org.opencontainers.image.revision": commit,
    "org.opencontainers.image.source": `${server}/${repository}`,
  };
}
