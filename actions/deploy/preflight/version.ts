import { kubernetesVersions } from "../../validate/kubernetes-versions.ts";

/**
 * The sentence about a cluster that is older than any that the chart is made for: a deploy may go on, and the API server
 * says itself what it does not know. Undefined for all others; newer ones know what older ones knew.
 *
 * @param version as the API server tells it, `v1.35.4+k3s1`.
 */
export function outdated(version: string): string | undefined {
  const [oldest = ""] = kubernetesVersions;
  const [minor, least] = [version, oldest].map((one) => Number(/^v?1\.(\d+)/.exec(one)?.[1]));
  if (minor === undefined || least === undefined || !(minor < least)) return undefined;
  return `The cluster is Kubernetes ${version}, and the chart is made for ${oldest} and later. Upgrade the cluster.`;
}
