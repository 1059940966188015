import { join } from "node:path";
import type { Context } from "../core/context.ts";
import { run as buildImage } from "../image/run.ts";
import type { Application, Build } from "../validate/application.ts";
import type { Manifest } from "../validate/manifest.ts";
import type { Credentials } from "./credentials.ts";
import type { PipelineInputs } from "./inputs.ts";

/** The builds of an application, each with the components that run its image; components with equal `build` share one. */
export function buildsOf({ components }: Application): { build: Build; components: string[] }[] {
  const builds = new Map<string, { build: Build; components: string[] }>();
  for (const [component, { build }] of Object.entries(components)) {
    if (build === undefined) continue;
    const key = JSON.stringify({ ...build, repository: "" });
    const same = builds.get(key) ?? { build, components: [] };
    builds.set(key, { ...same, components: [...same.components, component] });
  }
  return [...builds.values()];
}

/** Builds and pushes all images of an application, and gives `repository@digest` by component. */
export async function makeImages(
  application: Application,
  manifest: Manifest,
  credentials: Credentials,
  inputs: PipelineInputs,
  context: Context,
): Promise<Record<string, string>> {
  const images: Record<string, string> = {};
  const username = credentials.require("DOCKER_REGISTRY_USERNAME");
  const password = credentials.require("DOCKER_REGISTRY_PASSWORD");
  const { registry } = application.cluster;
  for (const { build, components } of buildsOf(application)) {
    const made = await buildImage(
      {
        registry,
        username,
        password,
        name: build.repository.slice(registry.length + 1),
        context: join(manifest.root, build.context),
        file: join(manifest.root, build.file),
        target: build.target,
        platforms: build.platforms,
        buildArgs: build.args,
        push: true,
        builder: inputs.builder,
        retries: 2,
        toolMirror: inputs.toolMirror,
      },
      context,
    );
    for (const component of components) images[component] = made.image;
  }
  return images;
}
