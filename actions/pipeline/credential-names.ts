/** The names of all credentials, the same in the environment of the step and in Infisical. */
export const credentialNames = [
  "TAILSCALE_AUTH_KEY",
  "TAILSCALE_OAUTH_CLIENT_ID",
  "TAILSCALE_OAUTH_CLIENT_SECRET",
  "DOCKER_REGISTRY_USERNAME",
  "DOCKER_REGISTRY_PASSWORD",
  "KUBECONFIG_BASE64",
] as const;

/** One of them. */
export type CredentialName = (typeof credentialNames)[number];
