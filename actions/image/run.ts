import { access, mkdtemp, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Context } from "../core/context.ts";
import { formatDuration } from "../core/duration.ts";
import { FairleadError } from "../core/errors.ts";
import { writePrivateFile } from "../core/files.ts";
import type { Environment } from "../core/inputs.ts";
import { execute } from "../core/process.ts";
import { retry } from "../core/retry.ts";
import { type FoundTool, findTool } from "../core/tools.ts";
import { buildArguments, pathsOf, referencesOf, repositoryOf } from "./command.ts";
import { type BuildFailure, buildError, mayHeal, readFailure } from "./failure.ts";
import type { ImageInputs } from "./inputs.ts";
import { logIn } from "./login.ts";
import { buildx } from "./tool.ts";

/** A built image. */
export interface Image {
  /** `registry/name@sha256:…`; empty when it was not pushed, like the digest. */
  readonly image: string;
  readonly digest: string;
  /** `registry/name:tag`, for each tag that was pushed. */
  readonly tags: readonly string[];
  /** What buildx tells about the build, as JSON. */
  readonly metadata: string;
}

/**
 * Builds an image and pushes it, unless told not to.
 *
 * @throws FairleadError IMAGE_BUILD_FAILED, IMAGE_PUSH_FAILED, TOOL_MISSING
 */
export async function run(inputs: ImageInputs, context: Context): Promise<Image> {
  maskSecrets(inputs, context);
  const paths = pathsOf(inputs, context.workspace);
  await requireDockerfile(paths.file, context);
  const folder = await mkdtemp(join(context.folder, "image-"));
  const metadataFile = join(folder, "metadata.json");
  const args = buildArguments(
    inputs,
    context.run,
    context.workspace,
    metadataFile,
    await writeSecrets(inputs.secrets ?? {}, folder),
  );
  const stepContext = { ...context, environment: await variables(inputs, folder, context) };
  const tool = await findTool(buildx, stepContext, inputs.toolMirror);
  await build(tool, args, inputs, stepContext);
  const metadata = await readFile(metadataFile, "utf8");
  if (!inputs.push) return { image: "", digest: "", tags: [], metadata };
  const digest = digestOf(metadata);
  const image = `${repositoryOf(inputs)}@${digest}`;
  context.runner.info(`Pushed ${image}`);
  return { image, digest, tags: referencesOf(inputs, context.run), metadata };
}

function maskSecrets({ username, password, secrets = {} }: ImageInputs, { masker }: Context): void {
  for (const secret of [password, ...Object.values(secrets)]) if (secret) masker.add(secret);
  // What the login file holds is the password in another dress.
  if (password) masker.add(Buffer.from(`${username}:${password}`).toString("base64"));
}

async function requireDockerfile(file: string, { workspace }: Context): Promise<void> {
  const found = await access(file).then(
    () => true,
    () => false,
  );
  if (found) return;
  throw new FairleadError({
    code: "IMAGE_BUILD_FAILED",
    message: `There is no Dockerfile at ${relative(workspace, file)}.`,
    fix: "Check out the repository before this step, and name the file in `file` (`build.file` in a manifest).",
  });
}

async function writeSecrets(secrets: Readonly<Record<string, string>>, folder: string) {
  const files: Record<string, string> = {};
  for (const [id, value] of Object.entries(secrets)) files[id] = await writePrivateFile(folder, `secret-${id}`, value);
  return files;
}

async function variables(inputs: ImageInputs, folder: string, { environment }: Context): Promise<Environment> {
  const { registry, username, password } = inputs;
  const login =
    username && password ? await logIn({ registry, username, password }, join(folder, "docker"), environment) : {};
  // The provenance lies beside the image; a copy of it in the metadata costs a second call.
  return { BUILDX_METADATA_PROVENANCE: "disabled", ...environment, ...login };
}

/** A failed try; only an error so that `retry` can carry it. */
class FailedBuild extends Error {
  readonly failure: BuildFailure;
  constructor(failure: BuildFailure, cause: unknown) {
    super(failure.reason, { cause });
    this.failure = failure;
  }
}

async function build(tool: FoundTool, args: readonly string[], inputs: ImageInputs, context: Context): Promise<void> {
  const start = performance.now();
  const { runner, signal } = context;
  try {
    await retry(
      {
        attempts: inputs.retries + 1,
        delay: 1_000,
        longest: 10_000,
        signal,
        retryable: (thrown) => thrown instanceof FailedBuild && mayHeal(thrown.failure),
        onRetry: (thrown, wait) => runner.info(`${(thrown as Error).message}; trying again in ${formatDuration(wait)}`),
      },
      async () => await attempt(tool, args, context),
    );
  } catch (thrown) {
    if (!(thrown instanceof FailedBuild)) throw thrown;
    const file = relative(context.workspace, pathsOf(inputs, context.workspace).file);
    throw buildError(thrown.failure, file, repositoryOf(inputs), thrown);
  }
  runner.info(`Built${inputs.push ? " and pushed" : ""} in ${formatDuration(performance.now() - start)}`);
}

async function attempt(tool: FoundTool, args: readonly string[], { environment, masker, runner, signal }: Context) {
  const lines: string[] = [];
  const onLine = (line: string) => {
    lines.push(line);
    runner.info(line);
  };
  try {
    await execute(tool.command, [...tool.args, ...args], { environment, masker, signal, onLine });
  } catch (thrown) {
    if (!(thrown instanceof FairleadError) || thrown.code !== "TOOL_FAILED") throw thrown;
    throw new FailedBuild(readFailure(lines), thrown);
  }
}

function digestOf(metadata: string): string {
  const { "containerimage.digest": digest } = JSON.parse(metadata) as { "containerimage.digest"?: string };
  if (digest && /^sha256:[0-9a-f]{64}$/.test(digest)) return digest;
  throw new FairleadError({
    code: "IMAGE_PUSH_FAILED",
    message: "The image was pushed, but buildx did not tell its digest.",
    fix: "Use a builder of the driver docker-container, kubernetes or remote, or a newer docker.",
  });
}
