import type { Cluster } from "../../core/cluster.ts";
import { askRegistry, parseReference } from "../../core/registry.ts";
import type { Deploy } from "../rollout.ts";
import type { Obstacle } from "./fault.ts";

/** Milliseconds for asking one registry. */
const registryTimeout = 10_000;

/**
 * Looks whether every image of the application can be pulled, and was built for a processor that the cluster has. A
 * registry that only the nodes reach is a notice.
 */
export async function checkImages({ cluster, application, inputs, context }: Deploy): Promise<Obstacle[]> {
  const images = [...new Set(Object.values(application.components).map(({ image }) => image))];
  const teamHost = application.cluster.registry.split("/")[0];
  const { signal, runner } = context;
  const [platforms, ...answers] = await Promise.all([
    nodePlatforms(cluster),
    ...images.map(async (image) => {
      const reference = parseReference(image);
      const login = reference.host === teamHost ? inputs.pullCredentials : undefined;
      return { image, ...(await askRegistry(reference, { login, timeout: registryTimeout, signal })) };
    }),
  ]);
  return answers.flatMap((answer): Obstacle[] => {
    if (answer.state === "unknown") {
      runner.annotate("notice", `${answer.image} was not checked: ${answer.reason}.`, "Image");
      return [];
    }
    const workload = Object.values(application.components).find(({ image }) => image === answer.image);
    const subject = { ...(workload === undefined ? {} : { workload }), about: "image" };
    if (answer.state === "there") return wrongPlatform(answer.image, answer.platforms, platforms, subject);
    const fix =
      answer.state === "denied"
        ? "Check DOCKER_REGISTRY_USERNAME and DOCKER_REGISTRY_PASSWORD."
        : "Check that the step which builds it has pushed it to this registry.";
    return [
      {
        code: "IMAGE_UNPULLABLE",
        cause: `the image ${answer.image} cannot be pulled (${answer.reason})`,
        fix,
        subject,
      },
    ];
  });
}

function wrongPlatform(
  image: string,
  built: readonly string[] | undefined,
  nodes: readonly string[],
  subject: Obstacle["subject"] = {},
): Obstacle[] {
  if (built === undefined || nodes.length === 0 || nodes.some((node) => built.includes(node))) return [];
  return [
    {
      code: "IMAGE_UNPULLABLE",
      cause: `the image ${image} was built for ${built.join(", ")}, and the nodes are ${nodes.join(", ")}`,
      fix: "Build it for the nodes with `build.platforms` in the manifest.",
      subject: { ...subject, about: "build" },
    },
  ];
}

/** The nodes' platforms as `linux/amd64`; none when nodes may not be listed. */
async function nodePlatforms(cluster: Cluster): Promise<string[]> {
  const { status, body } = await cluster.call({ path: "/api/v1/nodes" });
  if (status !== 200) return [];
  const { items } = JSON.parse(body) as {
    items: { status?: { nodeInfo?: { operatingSystem: string; architecture: string } } }[];
  };
  return [
    ...new Set(
      items.flatMap(({ status: { nodeInfo } = {} }) =>
        nodeInfo ? [`${nodeInfo.operatingSystem}/${nodeInfo.architecture}`] : [],
      ),
    ),
  ];
}
