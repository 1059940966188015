import { applyRequest, type Cluster } from "../core/cluster.ts";
import type { Application } from "../validate/application.ts";
import type { PullCredentials } from "./inputs.ts";

/**
 * Makes the namespaces of an application, or only labels them: outside the release, so that no uninstall deletes them.
 */
export async function ensureNamespaces(
  cluster: Cluster,
  { namespaces }: Pick<Application, "namespaces">,
): Promise<void> {
  await Promise.all(
    Object.entries(namespaces).map(([name, { podSecurity }]) => ensureNamespace(cluster, name, podSecurity)),
  );
}

const podSecurityLabel = "pod-security.kubernetes.io/enforce";

async function ensureNamespace(cluster: Cluster, name: string, podSecurity: string): Promise<void> {
  // Who may deploy into a namespace that is there need not be allowed to change it.
  const path = `/api/v1/namespaces/${name}`;
  const { status, body: found } = await cluster.call({ path });
  if (status === 200 && JSON.parse(found).metadata.labels?.[podSecurityLabel] === podSecurity) return;
  const labels = { [podSecurityLabel]: podSecurity, "app.kubernetes.io/managed-by": "fairlead" };
  const body = { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
  await cluster.read(applyRequest(path, body));
}

/** The name of the Secret that the pods of an application pull with. */
export function pullSecretName(name: string): string {
  return `${name}-pull`;
}

/**
 * Applies the pull secret in every namespace of an application, so that no password enters a release.
 * It is not part of the release: an uninstall leaves it, and the next deploy replaces it.
 */
export async function ensurePullSecrets(
  cluster: Cluster,
  application: Application,
  credentials: PullCredentials,
): Promise<void> {
  const names = Object.keys(application.namespaces);
  await Promise.all(names.map((namespace) => ensurePullSecret(cluster, application, namespace, credentials)));
}

async function ensurePullSecret(
  cluster: Cluster,
  application: Application,
  namespace: string,
  { username, password }: PullCredentials,
): Promise<void> {
  const { registry } = application.cluster;
  // `registry.example.com/team` is a registry with a prefix; credentials belong to the host.
  const server = registry.split("/")[0] ?? registry;
  const auth = Buffer.from(`${username}:${password}`).toString("base64");
  const config = { auths: { [server]: { username, password, auth } } };
  const name = pullSecretName(application.name);
  const body = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace, labels: { "app.kubernetes.io/managed-by": "fairlead" } },
    type: "kubernetes.io/dockerconfigjson",
    data: { ".dockerconfigjson": Buffer.from(JSON.stringify(config)).toString("base64") },
  };
  await cluster.read(applyRequest(`/api/v1/namespaces/${namespace}/secrets/${name}`, body));
}
