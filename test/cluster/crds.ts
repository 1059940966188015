import { copyFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cached, hashOf } from "./cache.ts";
import type { ApiServer } from "./kubernetes.ts";
import type { Progress } from "./progress.ts";
import { run } from "./run.ts";
import { goProgram } from "./toolchain.ts";
import { versions } from "./versions.ts";

/** The kinds that the API server knows besides its own, and so checks when the chart renders them. */
export interface CustomResources {
  /** Names of the definitions, `ingressroutes.traefik.io` for one. */
  readonly names: readonly string[];
}

/** Where Traefik's and cert-manager's Go modules hold their definitions. */
const sources = [
  {
    module: `github.com/traefik/traefik/v3@v${versions.traefik}`,
    folder: "docs/content/reference/dynamic-configuration",
    matches: /^kubernetes-crd-definition-v1\.yml$/,
  },
  {
    module: `github.com/cert-manager/cert-manager@v${versions.certManager}`,
    folder: "deploy/crds",
    matches: /\.yaml$/,
  },
] as const;

/** Adds the definitions of Traefik, cert-manager and Infisical to a cluster and waits until they are served. */
export async function startCustomResources(
  { kubectl: program, kubeconfig }: ApiServer,
  progress: Progress,
): Promise<CustomResources> {
  const kubectl = [program, "--kubeconfig", kubeconfig];
  const folder = await ensureDefinitions(progress);
  const apply = ["apply", "--server-side", "--filename", folder, "--output", "name"];
  const { rawOutput } = await run([...kubectl, ...apply]);
  const objects = rawOutput.trim().split("\n");
  await run([...kubectl, "wait", "--for=condition=Established", "--timeout=60s", ...objects], { timeout: 90_000 });
  return { names: objects.map((object) => object.slice(object.indexOf("/") + 1)) };
}

function ensureDefinitions(progress: Progress): Promise<string> {
  const infisical = JSON.stringify(infisicalSecret);
  const name = `definitions-${hashOf(JSON.stringify(sources), infisical)}`;
  return cached(name, progress, async (unfinished) => {
    for (const [index, { module, folder, matches }] of sources.entries()) {
      const { rawOutput } = await run([goProgram(), "mod", "download", "-json", module], { timeout: 300_000 });
      const source = join(JSON.parse(rawOutput).Dir, folder);
      const files = (await readdir(source)).filter((file) => matches.test(file));
      if (files.length === 0) throw new Error(`${module} holds no definitions in ${folder}.`);
      // kubectl reads .yaml and .json of a folder, and .yml too, but two modules may share a name.
      for (const file of files) await copyFile(join(source, file), join(unfinished, `${index}-${file}`));
    }
    await writeFile(join(unfinished, "infisical.json"), infisical);
  });
}

const text = { type: "string" };
const open = { "x-kubernetes-preserve-unknown-fields": true };
const object = (required: readonly string[], optional: readonly string[] = []) => ({
  type: "object",
  required,
  properties: Object.fromEntries([...required, ...optional].map((name) => [name, text])),
});

/**
 * Infisical's own definition comes in no Go module, so this one was written from the operator's documentation
 * (infisical.com/docs/integrations/platforms/kubernetes/infisical-secret-crd). It checks what universal auth and a
 * managed secret need, and lets everything else pass: what it accepts proves less than for the other two.
 */
const infisicalSecret = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "infisicalsecrets.secrets.infisical.com" },
  spec: {
    group: "secrets.infisical.com",
    scope: "Namespaced",
    names: { kind: "InfisicalSecret", plural: "infisicalsecrets", singular: "infisicalsecret" },
    versions: [
      {
        name: "v1alpha1",
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: {
                type: "object",
                ...open,
                properties: {
                  hostAPI: text,
                  resyncInterval: { type: "integer" },
                  authentication: {
                    type: "object",
                    ...open,
                    properties: {
                      universalAuth: {
                        type: "object",
                        required: ["credentialsRef", "secretsScope"],
                        properties: {
                          credentialsRef: object(["secretName", "secretNamespace"]),
                          secretsScope: {
                            ...object(["envSlug", "secretsPath"], ["projectSlug", "projectId"]),
                            ...open,
                          },
                        },
                      },
                    },
                  },
                  managedSecretReference: {
                    ...object(["secretName", "secretNamespace"], ["secretType", "creationPolicy"]),
                    ...open,
                  },
                },
              },
              status: { type: "object", ...open },
            },
          },
        },
      },
    ],
  },
};
