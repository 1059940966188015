import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A manifest as people write one: a web application with two environments. Each number gives another one. */
export function webManifest(number: number): string {
  return `# The shop's part ${number}.
apiVersion: jterrazz.com/v1
kind: Application
metadata:
  name: shop-${number}
spec:
  port: ${3000 + (number % 1000)}
  health: /health
  resources:
    cpu: 100m
    memory: 256Mi
  env:
    LOG_LEVEL: info
    PART: "${number}"
  secrets:
    path: /shop
    env: [DATABASE_URL, SESSION_KEY]
environments:
  staging:
    ingress: { host: shop-${number}.staging.example.com }
  prod:
    replicas: 3
    ingress: { host: shop-${number}.example.com, public: true }
`;
}

/** The same with a mistake in it that a person could make. */
export function brokenManifest(number: number): string {
  return webManifest(number).replace("replicas:", "replica:");
}

/** A manifest of many components, each with a Deployment, a Service and a route. */
export function manifestOfComponents(count: number): string {
  const components = Array.from({ length: count }, (_, index) => [
    `part-${index}`,
    {
      image: `registry.example.com/part-${index}:1.0`,
      port: 8080,
      health: "/health",
      replicas: 2,
      env: { LOG_LEVEL: "info", PART: String(index) },
      resources: { cpu: "100m", memory: "128Mi" },
      ingress: { host: `part-${index}.example.com` },
    },
  ]);
  const spec = { components: Object.fromEntries(components) };
  return JSON.stringify({ metadata: { name: "shop" }, spec, environments: { prod: {} } });
}

/** Writes `apps/<number>/manifest.yaml` for each number from 1 to `count`; gives the paths. */
export function writeManifests(folder: string, count: number, manifest: (number: number) => string): string[] {
  return Array.from({ length: count }, (_, index) => {
    const app = join(folder, "apps", String(index + 1));
    mkdirSync(app, { recursive: true });
    const file = join(app, "manifest.yaml");
    writeFileSync(file, manifest(index + 1));
    return file;
  });
}
