// Plain Helm with the seed's own command line, without any action: Helm 3 installs, Helm 4 upgrades, and the app answers.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { stringify } from "yaml";
import { bundledChart } from "../../actions/core/helm.ts";
import { run } from "../cluster/run.ts";
import { ensureTools } from "../cluster/toolchain.ts";
import { pageWith, serviceAddress } from "./page.ts";
import { type App, createApp, openWorld } from "./world.ts";

const world = await openWorld();
const { helm, helm3, buildx } = await ensureTools(["helm", "helm3", "buildx"], console.log);
const folder = mkdtempSync(join(tmpdir(), "fairlead-chart-"));
after(() => {
  world[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

const environment = { ...world.env, HOME: folder, KUBECONFIG: world.cluster.kubernetes.kubeconfig };
const { registry, baseImage } = world.cluster;

/** A cluster where the team's registry and its login are values, as plain Helm needs them. */
const valuesFile = join(folder, "registry.yaml");
const { address: server, username, password } = registry;
writeFileSync(valuesFile, stringify({ registry: { server, username, password } }), { mode: 0o600 });

async function pushImage(app: App, commit: string): Promise<string> {
  const login = join(folder, "docker");
  mkdirSync(login, { recursive: true });
  const auth = Buffer.from(`${username}:${password}`).toString("base64");
  writeFileSync(join(login, "config.json"), JSON.stringify({ auths: { [server]: { auth } } }), { mode: 0o600 });
  const image = `${server}/${app.name}:${commit}`;
  const args = ["--build-arg", `BASE_IMAGE=${baseImage.reference}`, "--build-arg", `COMMIT=${commit}`];
  const command = [buildx, "build", "--push", "--tag", image, ...args, app.workspace];
  await run(command, { environment: { ...environment, DOCKER_CONFIG: login } });
  return image;
}

test("the seed's command installs with Helm 3 and upgrades with Helm 4", async () => {
  await using app = createApp(world, "plain");
  const release = `staging-${app.name}`;
  for (const program of [helm3, helm]) {
    const commit = randomBytes(20).toString("hex");
    const image = await pushImage(app, commit);
    const command = [program, "upgrade", "--install", release, bundledChart()];
    const values = ["-f", join(app.workspace, ".deploy/manifest.yaml"), "-f", valuesFile];
    const set = ["--set", "environment=staging", "--set", `spec.image=${image}`];
    const wait = ["-n", release, "--create-namespace", "--wait", "--timeout", "3m", "--atomic"];
    await run([...command, ...values, ...set, ...wait], { environment, timeout: 200_000 });
    await pageWith(await serviceAddress(world, "staging", app), commit);
  }
  const history: unknown[] = JSON.parse(await world.helm("history", release, "-n", release, "-o", "json"));
  assert.equal(history.length, 2);
});

test("the API server takes every kind of object that the chart renders", async () => {
  const manifest = {
    apiVersion: "jterrazz.com/v1",
    kind: "Application",
    metadata: { name: "full" },
    spec: {
      port: 3000,
      secrets: { path: "/full", env: ["DATABASE_URL"] },
      ingress: { host: "full.example.com", path: "/api", private: true },
    },
    environments: { prod: { replicas: 2 }, lab: { storage: { size: "1Gi", mountPath: "/data" } } },
  };
  const file = join(folder, "full.yaml");
  writeFileSync(file, stringify(manifest));
  const kinds = new Set<string>();
  for (const name of ["prod", "lab"]) {
    const rendered = await world.helm(
      "template",
      `${name}-full`,
      bundledChart(),
      "-f",
      file,
      "-f",
      valuesFile,
      "--set",
      `environment=${name}`,
    );
    const objects = join(folder, `${name}.yaml`);
    writeFileSync(objects, rendered.replaceAll(`namespace: "${name}-full"`, "namespace: default"));
    const taken = await world.kubectl(
      "apply",
      "--server-side",
      "--dry-run=server",
      "--validate=strict",
      "-o",
      "name",
      "-f",
      objects,
    );
    for (const line of taken.trim().split("\n")) kinds.add(line.split("/")[0] ?? "");
  }
  assert.deepEqual([...kinds].sort(), [
    "certificate.cert-manager.io",
    "deployment.apps",
    "infisicalsecret.secrets.infisical.com",
    "ingressroute.traefik.io",
    "middleware.traefik.io",
    "persistentvolume",
    "persistentvolumeclaim",
    "poddisruptionbudget.policy",
    "secret",
    "service",
  ]);
});
