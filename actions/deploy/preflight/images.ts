import type { V1Node } from "@kubernetes/client-node";
import type { Cluster } from "../../core/cluster.ts";
import { askRegistry, type Pullability, parseReference, type RegistryLogin } from "../../core/registry.ts";
import { type PodTemplate, workloadOf } from "../rendered/templates.ts";
import type { Deploy } from "../rollout.ts";
import { listAt } from "./listed.ts";
import { readLogins } from "./logins.ts";
import type { Obstacle } from "./obstacle.ts";

/** Milliseconds for asking one registry, and for waiting as long as it asks to. */
const registryTimeout = 10_000;

/** An image that pods need, and what they pull it with. */
interface Wanted {
  readonly image: string;
  /** `Deployment web`. */
  readonly owner: string;
  readonly workload: ReturnType<typeof workloadOf>;
  readonly login: RegistryLogin | undefined;
}

/**
 * Looks whether every image of every container can be pulled with the login that its pods have, and was built for a
 * processor that the cluster has. A registry that only the nodes reach is a notice.
 */
export async function checkImages(
  deploy: Deploy,
  templates: readonly PodTemplate[],
  unbuilt: readonly string[],
): Promise<Obstacle[]> {
  const { cluster, context } = deploy;
  const { signal, runner } = context;
  const asking = wantedImages(deploy, templates).then((all) =>
    Promise.all(
      all
        .filter(({ image }) => !unbuilt.includes(image))
        .map(async (wanted) => {
          const question = { login: wanted.login, timeout: registryTimeout, signal };
          return { wanted, answer: await askRegistry(parseReference(wanted.image), question) };
        }),
    ),
  );
  const [nodes, answers] = await Promise.all([nodePlatforms(cluster), asking]);
  return answers.flatMap(({ wanted, answer }): Obstacle[] => {
    if (answer.state === "there") return wrongPlatform(wanted, answer.platforms, nodes);
    if (answer.state !== "unknown") return [unpullable(deploy, wanted, answer)];
    runner.annotate("notice", `${wanted.image} was not checked: ${answer.reason}.`, "Image");
    return [];
  });
}

/** Each image once; for a login, pods go by the registry's own host before they go by their pull secrets. */
async function wantedImages({ cluster, application, inputs, context }: Deploy, templates: readonly PodTemplate[]) {
  const team = teamHost(application);
  const perTemplate = templates.map(async (template): Promise<Wanted[]> => {
    const logins = await readLogins(cluster, template, context.masker);
    const { containers, initContainers = [] } = template.spec;
    return [...initContainers, ...containers].flatMap(({ image }) => {
      if (!image) return [];
      const { host } = parseReference(image);
      const login = (host === team ? inputs.pullCredentials : undefined) ?? logins.get(host);
      return [{ image, owner: template.owner, workload: workloadOf(template), login }];
    });
  });
  const all = (await Promise.all(perTemplate)).flat();
  return [...new Map(all.map((wanted) => [`${wanted.image} ${wanted.login?.username}`, wanted])).values()];
}

function teamHost({ cluster }: Deploy["application"]): string {
  return cluster.registry.split("/")[0] ?? "";
}

function unpullable({ application }: Deploy, { image, owner, workload, login }: Wanted, answer: Pullability): Obstacle {
  const reason = "reason" in answer ? answer.reason : "";
  const own = parseReference(image).host === teamHost(application);
  const credentials = "DOCKER_REGISTRY_USERNAME and DOCKER_REGISTRY_PASSWORD";
  const denied = own
    ? `${login === undefined ? "Give the step" : "Check"} ${credentials}.`
    : "The image is not in `cluster.registry`, so its pods need a pull secret of their own: `imagePullSecrets` under `patch.podSpec`.";
  return {
    code: "IMAGE_UNPULLABLE",
    cause: `the image ${image} cannot be pulled for ${owner} (${reason})`,
    fix: answer.state === "denied" ? denied : "Check that the step which builds it has pushed it to this registry.",
    subject: { workload, about: "image" },
  };
}

function wrongPlatform(
  { image, owner, workload }: Wanted,
  built: readonly string[] = [],
  nodes: readonly string[],
): Obstacle[] {
  if (built.length === 0 || nodes.length === 0 || nodes.some((node) => built.includes(node))) return [];
  return [
    {
      code: "IMAGE_UNPULLABLE",
      cause: `the image ${image} of ${owner} was built for ${built.join(", ")}, and the nodes are ${nodes.join(", ")}`,
      fix: "Build it for the nodes with `build.platforms` in the manifest.",
      subject: { workload, about: "build" },
    },
  ];
}

/** The nodes' platforms as `linux/amd64`; none when nodes may not be listed. */
async function nodePlatforms(cluster: Cluster): Promise<string[]> {
  const nodes = (await listAt<V1Node>(cluster, "/api/v1/nodes")) ?? [];
  // A node whose kubelet has not reported yet has empty fields.
  const named = nodes.flatMap(({ status: { nodeInfo } = {} }) =>
    nodeInfo?.operatingSystem ? [`${nodeInfo.operatingSystem}/${nodeInfo.architecture}`] : [],
  );
  return [...new Set(named)];
}
