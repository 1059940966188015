import { join } from "node:path";
import type { Context } from "../core/context.ts";
import { FairleadError } from "../core/errors.ts";
import type { Environment } from "../core/inputs.ts";
import type { ImageInputs } from "../image/inputs.ts";
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

/**
 * Where an image is pushed: to the team's registry, or to the one that its repository names, by the rules of docker
 * (the first part is a host when it has a dot or a port, or is `localhost`; without one it is Docker Hub).
 */
export function destinationOf(repository: string, teamRegistry: string): { registry: string; name: string } {
  if (repository.startsWith(`${teamRegistry}/`)) {
    return { registry: teamRegistry, name: repository.slice(teamRegistry.length + 1) };
  }
  const [host = "", ...path] = repository.split("/");
  const isHost = path.length > 0 && (/[.:]/.test(host) || host === "localhost");
  return isHost ? { registry: host, name: path.join("/") } : { registry: "docker.io", name: repository };
}

/** Credentials belong to the host: `registry.example.com/team` is a host with a path. */
function hostOf(registry: string): string {
  return registry.split("/")[0] ?? registry;
}

/** The login of the team's registry; on every other one the runner's own logins are used. */
function loginOf(credentials: Pick<Credentials, "require">): { username: string; password: string } {
  return {
    username: credentials.require("DOCKER_REGISTRY_USERNAME"),
    password: credentials.require("DOCKER_REGISTRY_PASSWORD"),
  };
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
  for (const { build, components } of buildsOf(application)) {
    const made = await buildImage(
      imageInputsOf(build, application, manifest.root, credentials, inputs, context),
      context,
    );
    for (const component of components) images[component] = made.image;
  }
  return images;
}

/** What `actions/image` is asked for to make a build; its paths are relative to the folder that holds `.deploy`. */
export function imageInputsOf(
  build: Build,
  { cluster: { registry } }: Application,
  root: string,
  credentials: Pick<Credentials, "require">,
  { builder, toolMirror }: Pick<PipelineInputs, "builder" | "toolMirror">,
  { environment }: Pick<Context, "environment">,
): ImageInputs {
  const destination = destinationOf(build.repository, registry);
  return {
    ...destination,
    ...(hostOf(destination.registry) === hostOf(registry) ? loginOf(credentials) : {}),
    context: join(root, build.context),
    file: join(root, build.file),
    target: build.target,
    platforms: build.platforms,
    buildArgs: build.args,
    secrets: secretsOf(build, environment),
    push: true,
    builder,
    retries: 2,
    toolMirror,
  };
}

/**
 * The values of a build's secrets by their ids, from the variables that the manifest names.
 *
 * @throws FairleadError SECRET_MISSING, rather than to build without one.
 */
export function secretsOf({ secrets = {} }: Build, environment: Environment): Record<string, string> {
  const values = Object.entries(secrets).map(([id, variable]) => [id, variable, environment[variable] ?? ""] as const);
  const missing = values.filter(([, , value]) => value === "").map(([, variable]) => variable);
  if (missing.length === 0) return Object.fromEntries(values.map(([id, , value]) => [id, value]));
  throw new FairleadError({
    code: "SECRET_MISSING",
    message: `The build needs ${missing.join(", ")} (\`build.secrets\` in the manifest), which this step does not have.`,
    fix: "Put it into the `env:` of this step, or export it in a step before.",
  });
}
