import { type Cluster, fieldManager, serverSideApply } from "../core/cluster.ts";
import type { Application } from "../validate/application.ts";
import type { PullCredentials } from "./inputs.ts";

/**
 * Makes the namespaces of an application, or only labels them: outside the release, so that no uninstall deletes them.
 */
export async function ensureNamespaces(
  cluster: Cluster,
  { namespaces }: Pick<Application, "namespaces">,
): Promise<void> {
  for (const [name, { podSecurity }] of Object.entries(namespaces)) await ensureNamespace(cluster, name, podSecurity);
}

async function ensureNamespace(cluster: Cluster, name: string, podSecurity: string): Promise<void> {
  const body = {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name,
      labels: {
        "pod-security.kubernetes.io/enforce": podSecurity,
        "app.kubernetes.io/managed-by": "fairlead",
      },
    },
  };
  const options = await serverSideApply();
  await cluster.ask(() => cluster.core.patchNamespace({ name, body, fieldManager, force: true }, options));
}

/**
 * Applies the pull secret, so that no password enters a release, and gives its name.
 * It is not part of the release: an uninstall leaves it, and the next deploy replaces it.
 */
export async function ensurePullSecret(
  cluster: Cluster,
  { name, namespace, cluster: { registry } }: Application,
  { username, password }: PullCredentials,
): Promise<string> {
  // `registry.example.com/team` is a registry with a prefix; credentials belong to the host.
  const server = registry.split("/")[0] ?? registry;
  const auth = Buffer.from(`${username}:${password}`).toString("base64");
  const config = { auths: { [server]: { username, password, auth } } };
  const secretName = `${name}-pull`;
  const body = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: secretName, namespace, labels: { "app.kubernetes.io/managed-by": "fairlead" } },
    type: "kubernetes.io/dockerconfigjson",
    data: { ".dockerconfigjson": Buffer.from(JSON.stringify(config)).toString("base64") },
  };
  const options = await serverSideApply();
  const request = { name: secretName, namespace, body, fieldManager, force: true };
  await cluster.ask(() => cluster.core.patchNamespacedSecret(request, options));
  return secretName;
}
