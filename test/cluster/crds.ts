import { copyFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cached, hashOf } from "./cache.ts";
import { goModule } from "./go-module.ts";
import type { ApiServer } from "./kubernetes.ts";
import type { Progress } from "./progress.ts";
import infisical from "./recorded/infisical-definitions.json" with { type: "json" };
import { run } from "./run.ts";
import { versions } from "./versions.ts";

/** The kinds that the API server knows besides its own, and so checks when the chart renders them. */
export interface CustomResources {
  /** Names of the definitions, `ingressroutes.traefik.io` for one. */
  readonly names: readonly string[];
}

/** Where Go modules hold the definitions of what the chart renders. */
export const definitionSources = [
  {
    product: `Traefik ${versions.traefik}`,
    module: `github.com/traefik/traefik/v3@v${versions.traefik}`,
    folder: "docs/content/reference/dynamic-configuration",
    matches: /^kubernetes-crd-definition-v1\.yml$/,
  },
  {
    product: `cert-manager ${versions.certManager}`,
    module: `github.com/cert-manager/cert-manager@v${versions.certManager}`,
    folder: "deploy/crds",
    matches: /\.yaml$/,
  },
  {
    product: `the Gateway API ${versions.gatewayApi}`,
    module: `sigs.k8s.io/gateway-api@v${versions.gatewayApi}`,
    folder: "config/crd/standard",
    matches: /_httproutes\.yaml$/,
  },
  {
    product: `Prometheus' operator ${versions.prometheusOperator}`,
    module: `github.com/prometheus-operator/prometheus-operator@v${versions.prometheusOperator}`,
    folder: "example/prometheus-operator-crd",
    matches: /_servicemonitors\.yaml$/,
  },
] as const;

/**
 * Adds the definitions of all custom resources that the chart renders to a cluster and waits until they are served.
 * Infisical's come in no Go module; `scripts/trim-custom-resources.ts` recorded them from the operator's repository.
 */
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
  await run([...kubectl, "apply", "--server-side", "--filename", "-"], { input: JSON.stringify(clusterIssuer) });
  return { names: objects.map((object) => object.slice(object.indexOf("/") + 1)) };
}

/** What the seed's cluster issues certificates with; nobody issues any here. */
const clusterIssuer = {
  apiVersion: "cert-manager.io/v1",
  kind: "ClusterIssuer",
  metadata: { name: "letsencrypt-production" },
  spec: { selfSigned: {} },
};

function ensureDefinitions(progress: Progress): Promise<string> {
  const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: infisical.definitions });
  const name = `definitions-${hashOf(JSON.stringify(definitionSources), list)}`;
  return cached(name, progress, async (unfinished) => {
    for (const [index, { module, folder, matches }] of definitionSources.entries()) {
      const source = join(await goModule(module), folder);
      const files = (await readdir(source)).filter((file) => matches.test(file));
      if (files.length === 0) throw new Error(`${module} holds no definitions in ${folder}.`);
      // kubectl reads .yaml and .json of a folder, and .yml too, but two modules may share a name.
      for (const file of files) await copyFile(join(source, file), join(unfinished, `${index}-${file}`));
    }
    await writeFile(join(unfinished, "infisical.json"), list);
  });
}
