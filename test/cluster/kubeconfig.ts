import { readFile } from "node:fs/promises";
import { stringify } from "yaml";
import type { Certificate } from "./certificates.ts";

/** The text of a kubeconfig for a user with a client certificate; everything it needs is in it. */
export async function kubeconfig(server: string, authority: Certificate, client: Certificate): Promise<string> {
  const base64 = (file: string) => readFile(file, "base64");
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "fairlead",
    contexts: [{ name: "fairlead", context: { cluster: "fairlead", user: "fairlead" } }],
    clusters: [
      { name: "fairlead", cluster: { server, "certificate-authority-data": await base64(authority.certificate) } },
    ],
    users: [
      {
        name: "fairlead",
        user: {
          "client-certificate-data": await base64(client.certificate),
          "client-key-data": await base64(client.key),
        },
      },
    ],
  });
}
