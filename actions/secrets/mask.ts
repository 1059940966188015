import { credentialsIn } from "../core/credentials-in.ts";
import { maskIfKubeconfig } from "../core/kubeconfig.ts";
import type { Masker } from "../core/masking.ts";

/** User names and client ids identify, but open nothing; masked, they would blank the word in every log. */
const publicNames = new Set(["DOCKER_REGISTRY_USERNAME", "TAILSCALE_OAUTH_CLIENT_ID", "INFISICAL_CLIENT_ID"]);

/**
 * Masks one secret: user names and client ids not at all; of a kubeconfig, told by its content or by a name with
 * `KUBECONFIG` in it, the secret values; everything else as a whole, by its lines, and the credentials inside addresses.
 *
 * @param isBase64 whether what the value encodes is masked in the same way.
 */
export async function maskSecretValue(name: string, value: string, masker: Masker, isBase64 = false): Promise<void> {
  if (publicNames.has(name)) return;
  const certainty = name.includes("KUBECONFIG") ? "named" : "unknown";
  const texts = isBase64 ? [value, Buffer.from(value, "base64").toString("utf8")] : [value];
  for (const text of texts) {
    if (await maskIfKubeconfig(masker, text, certainty)) continue;
    masker.add(text);
    for (const part of credentialsIn(text)) masker.add(part);
  }
}
