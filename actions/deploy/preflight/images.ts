import { FairleadError } from "../core/errors.ts";
import { askRegistry, parseReference } from "../core/registry.ts";
import type { Deploy } from "./rollout.ts";

/** Milliseconds for asking one registry. */
const registryTimeout = 10_000;

/**
 * Looks whether every image of the application can be pulled, before the release is touched. A registry that only the
 * nodes reach is a notice.
 *
 * @throws FairleadError IMAGE_UNPULLABLE that lists every image that is not there, or whose registry refuses the login.
 */
export async function checkImages({ application, inputs, context }: Deploy): Promise<void> {
  const images = [...new Set(Object.values(application.components).map(({ image }) => image))];
  const teamHost = application.cluster.registry.split("/")[0];
  const { signal, runner } = context;
  const answers = await Promise.all(
    images.map(async (image) => {
      const reference = parseReference(image);
      const login = reference.host === teamHost ? inputs.pullCredentials : undefined;
      return { image, ...(await askRegistry(reference, { login, timeout: registryTimeout, signal })) };
    }),
  );
  const faults = answers.filter((answer) => answer.state === "absent" || answer.state === "denied");
  for (const answer of answers) {
    if (answer.state === "unknown")
      runner.annotate("notice", `${answer.image} was not checked: ${answer.reason}.`, "Image");
  }
  if (faults.length === 0) return;
  const denied = faults.some(({ state }) => state === "denied");
  throw new FairleadError({
    code: "IMAGE_UNPULLABLE",
    message: `${faults.map((fault) => `The image ${fault.image} cannot be pulled (${"reason" in fault ? fault.reason : ""})`).join("; ")}. Nothing was changed.`,
    fix: denied
      ? "Check DOCKER_REGISTRY_USERNAME and DOCKER_REGISTRY_PASSWORD."
      : "Check that the step which builds it has pushed it to this registry.",
  });
}
