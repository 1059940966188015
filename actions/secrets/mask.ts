import { maskKubeconfig } from "../core/kubeconfig.ts";
import type { Masker } from "../core/masking.ts";

/** User names and client ids identify, but open nothing; masked, they would blank the word in every log. */
const publicNames = new Set(["DOCKER_REGISTRY_USERNAME", "TAILSCALE_OAUTH_CLIENT_ID", "INFISICAL_CLIENT_ID"]);

/**
 * Masks one secret by its name: a kubeconfig (`KUBECONFIG…`) with its decoded text and the secret values in it,
 * user names and client ids not at all, everything else as a whole and by its lines.
 */
export async function maskSecretValue(name: string, value: string, masker: Masker): Promise<void> {
  if (publicNames.has(name)) return;
  if (name.startsWith("KUBECONFIG")) await maskKubeconfig(masker, value);
  else masker.add(value);
}
