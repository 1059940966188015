import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it, type TestContext } from "node:test";
import { parse } from "yaml";
import { clusterFacts, findCredentials } from "../../actions/bootstrap/credentials.ts";
import { readBootstrapInputs } from "../../actions/bootstrap/inputs.ts";
import { preflight } from "../../actions/bootstrap/preflight.ts";
import { bundledChart } from "../../actions/core/helm.ts";
import { compareObjects, warningsOf } from "../../actions/validate/changes/compare.ts";
import { knownManifests, type SimulatedOptions, simulate } from "../bootstrap/simulated.ts";
import { ensureTools } from "../cluster/toolchain.ts";
import { recordingContext } from "../context.ts";
import { defaultInputs } from "../default-inputs.ts";
import { blocksOf } from "../docs.ts";
import { startInfisical } from "../fakes/infisical/server.ts";
import { commandsOn, readPage } from "./pages.ts";
import { env, type Loose, openSystem, plainHelm, podSpec, type Rendering, type System } from "./system.ts";

const clusterFile = "examples/jterrazz/cluster.yaml";
const environments = ["staging", "prod"];
const myApp = await openSystem("examples/jterrazz/my-app");
const signews = await openSystem("examples/jterrazz/signews-api");
const [myStaging, myProd] = [await myApp.render("staging"), await myApp.render("prod")];
const [staging, prod] = [await signews.render("staging"), await signews.render("prod")];

/** The problems in prod after a change; before it there are none. */
async function problemsAfter(system: System, change: (manifest: Loose) => void): Promise<string[]> {
  return await (await system.changed(change)).problems("prod");
}

/** The one object of a kind. */
function only(rendering: Rendering, kind: string): Loose {
  const found = rendering.all(kind);
  assert.equal(found.length, 1, kind);
  return found[0];
}

/** The names of the Middlewares of the one route. */
function middlewares(rendering: Rendering): string[] {
  const { routes } = only(rendering, "IngressRoute").spec;
  return (routes[0].middlewares ?? []).map(({ name, namespace }: Loose) => `${namespace}/${name}`);
}

describe("the manifest", () => {
  it("J-15 one file of the application is enough: what validate and plain Helm take is the same", async () => {
    const { apiVersion, kind } = myApp.manifest;
    assert.deepEqual([apiVersion, kind], ["jterrazz.com/v1", "Application"]);
    assert.deepEqual((await myApp.validate()).problems, []);
    const file = "examples/jterrazz/my-app/.deploy/manifest.yaml";
    const { objects, refused } = await plainHelm("my-app", "-f", clusterFile, "-f", file, "--set", "environment=prod");
    assert.equal(refused, "");
    assert.deepEqual(objects, myProd.objects);
  });

  it("J-16 the published example is valid and renders unchanged in both environments", async () => {
    const example = `
apiVersion: jterrazz.com/v1
kind: Application
metadata: { name: my-app }
spec:
  port: 3000
  resources: { cpu: 100m, memory: 256Mi }
  health: { path: /health }
environments:
  staging: { replicas: 1, ingress: { host: my-app-staging.jterrazz.com }, env: { NODE_ENV: development } }
  prod: { replicas: 2, ingress: { host: my-app.jterrazz.com }, env: { NODE_ENV: production } }
`;
    assert.deepEqual(myApp.manifest, parse(example));
    assert.deepEqual(await myApp.problems(), []);
    const seen = [myStaging, myProd].map((rendering) => [
      rendering.get("Deployment/my-app").spec.replicas,
      env(rendering.container("Deployment/my-app"))["NODE_ENV"],
      only(rendering, "IngressRoute").spec.routes[0].match,
    ]);
    assert.deepEqual(seen, [
      [1, "development", "Host(`my-app-staging.jterrazz.com`)"],
      [2, "production", "Host(`my-app.jterrazz.com`)"],
    ]);
  });

  it("J-17 without storage there is no volume, with it there is one", () => {
    assert.deepEqual([myProd.all("PersistentVolume"), myProd.all("PersistentVolumeClaim")], [[], []]);
    assert.equal(podSpec(myProd.get("Deployment/my-app")).volumes, undefined);
    assert.deepEqual([prod.all("PersistentVolume").length, prod.all("PersistentVolumeClaim").length], [1, 1]);
  });

  it("J-18 plain Helm takes the manifest, the environment and an image", async () => {
    const file = "examples/jterrazz/my-app/.deploy/manifest.yaml";
    const image = "registry.jterrazz.com/my-app:0123456";
    const set = ["--set", "environment=staging", "--set", `spec.image=${image}`, "-n", "staging-my-app"];
    const { objects, refused } = await plainHelm("staging-my-app", "-f", file, ...set);
    assert.equal(refused, "");
    const deployment = objects.find(({ kind }) => kind === "Deployment");
    assert.equal(podSpec(deployment).containers[0].image, image);
    assert.equal(deployment.metadata.namespace, "staging-my-app");
  });

  it("J-19 an undeclared environment is refused, and the declared ones are named", async () => {
    const { problems } = await myApp.validate("production");
    assert.deepEqual(
      problems.map(({ code, path }) => `${code} ${path}`),
      ["APP_ENV_UNDECLARED environments"],
    );
    const file = "examples/jterrazz/my-app/.deploy/manifest.yaml";
    const { objects, refused } = await plainHelm("my-app", "-f", file, "--set", "environment=production");
    assert.match(refused, /declared: prod, staging/);
    assert.deepEqual(objects, []);
  });

  it("J-20 a mistake has its line in each environment, and a change of what is rendered is shown", async () => {
    const wrong = await myApp.changed(({ spec, environments: { prod: layer } }) => {
      spec.resources.memory = "lots";
      layer.replica = layer.replicas;
      layer.resources = { cpu: "half" };
    });
    const { problems } = await wrong.validate();
    const quantity = "write for example 100m, 256Mi or 1.5Gi";
    assert.deepEqual(
      problems.map(({ code, path, hint, environment }) => [code, path, hint, environment]),
      [
        ["APP_QUANTITY_INVALID", "spec.resources.memory", quantity, "staging, prod"],
        ["APP_KEY_UNKNOWN", "environments.prod.replica", "did you mean `replicas`?", ""],
        ["APP_QUANTITY_INVALID", "environments.prod.resources.cpu", quantity, "prod"],
      ],
    );
    const lines = readFileSync(join(wrong.folder, ".deploy/manifest.yaml"), "utf8").split("\n");
    assert.match(lines[(problems[0]?.line ?? 0) - 1] ?? "", /memory: lots/);

    const grown = await myApp.changed(({ environments: { prod: layer } }) => {
      layer.replicas = 3;
    });
    const { objects } = compareObjects(myProd.objects, (await grown.render("prod")).objects);
    assert.deepEqual(
      objects.map(({ kind, name, change }) => `${kind}/${name} ${change}`),
      ["Deployment/my-app changed"],
    );
    assert.match(objects[0]?.diff ?? "", /^-\s+replicas: 2\n\+\s+replicas: 3$/m);
  });

  it("J-21 the name is written once, and everything is called after it", async () => {
    const renamed = await (
      await myApp.changed(({ metadata }) => {
        metadata.name = "other";
      })
    ).render("prod");
    const text = JSON.stringify(renamed.objects).replaceAll("my-app.jterrazz.com", "");
    assert.ok(!text.includes("my-app"), text);
    assert.equal(renamed.application.components.main.image, "registry.jterrazz.com/other:latest");
  });
});

describe("what is rendered", () => {
  it("J-14 the pull secret is rendered from the registry's credentials, and the pods refer to it", async (test: TestContext) => {
    const folder = mkdtempSync(join(tmpdir(), "fairlead-registry-"));
    test.after(() => rmSync(folder, { recursive: true }));
    const login = { username: "deploy", password: randomUUID() };
    writeFileSync(join(folder, "registry.json"), JSON.stringify({ registry: login }));
    const files = ["-f", join(folder, "registry.json"), "-f", "examples/jterrazz/my-app/.deploy/manifest.yaml"];
    const { objects, refused } = await plainHelm("my-app", ...files, "--set", "environment=prod");
    assert.equal(refused, "");
    const { metadata, type, data } = objects.find(({ kind }) => kind === "Secret");
    assert.equal(type, "kubernetes.io/dockerconfigjson");
    const { auths } = JSON.parse(Buffer.from(data[".dockerconfigjson"], "base64").toString());
    const { username, password } = auths["registry.jterrazz.com"];
    assert.deepEqual({ username, password }, login);
    const pod = podSpec(objects.find(({ kind }) => kind === "Deployment"));
    assert.deepEqual(pod.imagePullSecrets, [{ name: metadata.name }]);
    assert.deepEqual(podSpec(myProd.get("Deployment/my-app")).imagePullSecrets, [{ name: metadata.name }]);
  });

  it("J-22 a Deployment with probes on the health path, resources and telemetry", () => {
    const container = myProd.container("Deployment/my-app");
    for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"]) {
      assert.deepEqual(container[probe].httpGet, { path: "/health", port: "http" }, probe);
    }
    assert.deepEqual(container.resources, { requests: { cpu: "100m", memory: "256Mi" }, limits: { memory: "512Mi" } });
    assert.ok(env(container)["OTEL_EXPORTER_OTLP_ENDPOINT"]);
  });

  it("J-23 the telemetry address is the seed's, and an application's own replaces it once", async () => {
    const name = "OTEL_EXPORTER_OTLP_ENDPOINT";
    const values = (rendering: Rendering) =>
      rendering.container("Deployment/my-app").env.filter((entry: Loose) => entry.name === name);
    const value = "http://signoz-otel-collector.platform-observability:4318";
    assert.deepEqual(values(myProd), [{ name, value }]);
    const own = await myApp.changed(({ spec }) => {
      spec.env = { [name]: "http://mine:4318" };
    });
    assert.deepEqual(values(await own.render("prod")), [{ name, value: "http://mine:4318" }]);
  });

  it("J-24 a Service at port 80 leads to the port of the pods", () => {
    for (const [rendering, name, port] of [
      [myProd, "my-app", 3000],
      [prod, "signews-api", 4000],
    ] as const) {
      const { ports, selector } = rendering.get(`Service/${name}`).spec;
      assert.deepEqual(ports, [{ name: "http", port: 80, targetPort: port }]);
      const { template } = rendering.get(`Deployment/${name}`).spec;
      assert.deepEqual(selector, { app: name, environment: "prod" });
      for (const [label, text] of Object.entries(selector)) assert.equal(template.metadata.labels[label], text);
      assert.equal(template.spec.containers[0].ports[0].containerPort, port);
    }
  });

  it("J-25 a Traefik route with a certificate of the issuer, and a warning of a host outside its zone", async () => {
    const route = only(myProd, "IngressRoute");
    const certificate = only(myProd, "Certificate");
    assert.equal(route.apiVersion, "traefik.io/v1alpha1");
    assert.equal(route.spec.tls.secretName, certificate.spec.secretName);
    assert.deepEqual(certificate.spec.dnsNames, ["my-app.jterrazz.com"]);
    assert.deepEqual(certificate.spec.issuerRef, { kind: "ClusterIssuer", name: "letsencrypt-production" });
    assert.deepEqual((await myApp.validate()).remarks, []);
    const elsewhere = await myApp.changed(({ environments: { prod: layer } }) => {
      layer.ingress.host = "my-app.notjterrazz.com";
    });
    const { problems, remarks } = await elsewhere.validate();
    assert.deepEqual(problems, []);
    assert.deepEqual(
      remarks.map(({ code, path, environment }) => [code, path, environment]),
      [["APP_HOST_ZONE", "environments.prod.ingress.host", "prod"]],
    );
  });

  it("J-26 a volume in the application's folder on the node that is kept, and the claim bound to it", () => {
    const volume = only(staging, "PersistentVolume");
    assert.equal(volume.spec.hostPath.path, "/var/lib/k8s-data/signews-api-staging");
    assert.equal(volume.spec.persistentVolumeReclaimPolicy, "Retain");
    const claim = only(staging, "PersistentVolumeClaim");
    assert.equal(claim.spec.volumeName, volume.metadata.name);
    for (const { metadata } of [volume, claim]) assert.equal(metadata.annotations["helm.sh/resource-policy"], "keep");
    const pod = podSpec(staging.get("Deployment/signews-api"));
    assert.deepEqual(pod.volumes, [{ name: "data", persistentVolumeClaim: { claimName: claim.metadata.name } }]);
    assert.deepEqual(pod.containers[0].volumeMounts, [{ name: "data", mountPath: "/data" }]);
  });

  it("J-27 pods run as UID 1000, and the folder is given to it before they start", () => {
    for (const workload of [myProd.get("Deployment/my-app"), prod.get("Deployment/signews-api")]) {
      const { runAsUser, runAsGroup, runAsNonRoot } = podSpec(workload).securityContext;
      assert.deepEqual([runAsUser, runAsGroup, runAsNonRoot], [1000, 1000, true]);
    }
    const [owner] = podSpec(prod.get("Deployment/signews-api")).initContainers;
    assert.deepEqual(owner.command, ["chown", "-R", "1000:1000", "/data"]);
    assert.equal(owner.securityContext.runAsUser, 0);
  });

  it("J-28 runtime secrets come through Infisical's operator into the variables of the pod", () => {
    const { spec } = only(prod, "InfisicalSecret");
    const { projectSlug, envSlug, secretsPath } = spec.authentication.universalAuth.secretsScope;
    assert.deepEqual([projectSlug, envSlug, secretsPath], ["jterrazz", "prod", "/signews-api"]);
    const [{ secretName, secretNamespace }] = spec.managedKubeSecretReferences;
    assert.equal(secretNamespace, "prod-signews-api");
    const variables = env(prod.container("Deployment/signews-api"));
    for (const key of ["OPENAI_API_KEY", "JWT_SECRET"]) {
      assert.deepEqual(variables[key], { secretKeyRef: { name: secretName, key } });
    }
  });

  it("J-29 public decides: the private network's Middleware and address, or the public address", () => {
    const target = (rendering: Rendering) =>
      only(rendering, "IngressRoute").metadata.annotations["external-dns.alpha.kubernetes.io/target"];
    assert.ok(middlewares(staging).includes("platform-networking/private-access"));
    assert.equal(target(staging), "100.64.0.10");
    assert.ok(!middlewares(prod).includes("platform-networking/private-access"));
    assert.equal(target(prod), "203.0.113.10");
    assert.deepEqual([middlewares(myProd), target(myProd)], [[], "203.0.113.10"]);
  });

  it("J-30 the rate limit is attached to the route that asks for it", () => {
    assert.deepEqual(middlewares(prod), ["platform-networking/rate-limit"]);
    assert.ok(!middlewares(staging).includes("platform-networking/rate-limit"));
  });

  it("J-31 every route has TLS, on the entry point for HTTPS only", () => {
    for (const { spec } of [myStaging, myProd, staging, prod].map((rendering) => only(rendering, "IngressRoute"))) {
      assert.deepEqual(spec.entryPoints, ["websecure"]);
      assert.ok(spec.tls.secretName);
    }
  });

  it("J-32 the record follows the route, and a host that goes is warned of", async () => {
    const { annotations } = only(myProd, "IngressRoute").metadata;
    assert.equal(annotations["external-dns.alpha.kubernetes.io/hostname"], "my-app.jterrazz.com");
    const moved = await myApp.changed(({ environments: { prod: layer } }) => {
      layer.ingress.host = "www.jterrazz.com";
    });
    const warnings = warningsOf(compareObjects(myProd.objects, (await moved.render("prod")).objects));
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? "", /^my-app\.jterrazz\.com is routed no more; its DNS record stays/);
    assert.deepEqual(warningsOf(compareObjects(myProd.objects, myProd.objects)), []);
  });

  it("J-33 a network policy lets in Traefik, and out to names, the collector and what is declared", () => {
    const { podSelector, ingress, egress } = only(prod, "NetworkPolicy").spec;
    assert.deepEqual(podSelector.matchLabels, { app: "signews-api", environment: "prod" });
    const namespace = (name: string) => ({
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
    });
    assert.deepEqual(ingress, [{ from: [namespace("platform-networking")] }]);
    assert.deepEqual(
      egress[0].ports.map(({ port, protocol }: Loose) => `${port}/${protocol}`),
      ["53/UDP", "53/TCP"],
    );
    assert.deepEqual(egress[1], { to: [namespace("platform-observability")] });
    assert.equal(egress[2].to[0].ipBlock.cidr, "0.0.0.0/0");
    assert.equal(egress.length, 3);
    assert.deepEqual(myProd.all("NetworkPolicy"), []);
  });

  it("J-34 two pods never write to one SQLite file", async () => {
    const { replicas, strategy } = prod.get("Deployment/signews-api").spec;
    assert.deepEqual([replicas, strategy], [1, { type: "Recreate" }]);
    for (const wish of [2, { max: 3 }]) {
      const problems = await problemsAfter(signews, ({ environments: { prod: layer } }) => {
        layer.replicas = wish;
      });
      assert.deepEqual(problems, ["APP_STORAGE_SHARED environments.prod.replicas"]);
    }
  });

  it("J-35 names follow the convention and keep within the limits", async () => {
    for (const [index, rendering] of [staging, prod].entries()) {
      const { release, namespace } = rendering.application;
      const expected = `${environments[index]}-signews-api`;
      assert.deepEqual([release, namespace], [expected, expected]);
    }
    assert.deepEqual(staging.application.url, "https://signews-api-staging.jterrazz.com");
    assert.deepEqual(prod.application.url, "https://signews-api.jterrazz.com");
    const long = async (length: number) =>
      await problemsAfter(myApp, ({ metadata }) => {
        metadata.name = "a".repeat(length);
      });
    // prod- has five characters: Helm takes 53 for a release, Kubernetes 63 for a namespace.
    assert.deepEqual(await long(48), []);
    assert.deepEqual(await long(49), ["APP_NAME_TOO_LONG metadata.name"]);
    const problems = await problemsAfter(myApp, ({ metadata }) => {
      Object.assign(metadata, { name: "a".repeat(59), release: "short" });
    });
    assert.ok(problems.includes("APP_NAME_TOO_LONG metadata.name"), problems.join());
  });

  it("J-39 the chart is called app and has a version to pin", () => {
    const { name, version } = parse(readFileSync(join(bundledChart(), "Chart.yaml"), "utf8"));
    assert.equal(name, "app");
    assert.match(version, /^\d+\.\d+\.\d+$/);
  });
});

describe("pages", () => {
  const front = readPage("README.md");
  const use = front.slice(front.indexOf("## Use it"), front.indexOf("### Deploy to prod"));
  const blocks = blocksOf(use).map(({ text }) => parse(text));
  const [workflow] = blocks.filter((block) => block?.jobs);

  it("J-01, J-41 the workflow to copy deploys a push to main and tags v*, and the page says which goes where", () => {
    assert.deepEqual(workflow.on.push, { branches: ["main"], tags: ["v*"] });
    assert.match(use, /A push to the default branch deploys `staging`, a tag `v\*`\s+deploys `prod`/);
  });

  it("J-03 the workflow to copy needs two secrets and no other", () => {
    const named = [...JSON.stringify(workflow).matchAll(/secrets\.(\w+)/g)].map(([, name]) => name);
    assert.deepEqual(named, ["INFISICAL_CLIENT_ID", "INFISICAL_CLIENT_SECRET"]);
  });

  it("J-32 the page says that a record outlives its host", () => {
    const page = readPage("actions/deploy/README.md").replaceAll(/\s+/g, " ");
    assert.match(page, /A host that is routed no more is a notice, because nobody removes its DNS record/);
  });

  it("J-39 the workflow to copy packs the chart under its version and pushes it, with the password on no command line", async () => {
    const [{ on, jobs }] = blocksOf(readPage("chart/README.md")).flatMap(({ language, text }) =>
      language === "yaml" && text.startsWith("name: Chart") ? [parse(text)] : [],
    );
    assert.deepEqual(on, { push: { branches: ["main"] } });
    const [checkout, { run }] = jobs.publish.steps;
    assert.equal(checkout.with.repository, "jterrazz/fairlead");
    const [login, pack, push, ...more] = run.trim().split("\n");
    assert.deepEqual(more, []);
    assert.match(login, /--password-stdin <<< "\$PASSWORD"$/);
    const packed = mkdtempSync(join(tmpdir(), "fairlead-chart-"));
    try {
      const { helm } = await ensureTools(["helm"]);
      const args = pack.split(" ").slice(1).with(-1, packed);
      assert.equal(spawnSync(helm, args, { cwd: join(bundledChart(), "..") }).status, 0);
      const { version } = parse(readFileSync(join(bundledChart(), "Chart.yaml"), "utf8"));
      assert.deepEqual(readdirSync(packed), [`app-${version}.tgz`]);
      assert.equal(push, "helm push packed/app-*.tgz oci://registry.example.com/charts");
    } finally {
      rmSync(packed, { recursive: true });
    }
  });

  it("J-50 the example of a bootstrap has the platform in the first wave", () => {
    const [example] = blocksOf(readPage("actions/bootstrap/README.md")).map(({ text }) => parse(text));
    const waves = example.steps[0].with.repositories
      .trim()
      .split("\n")
      .map((line: string) => line.split(" "));
    const platform = waves.find(([name]: string[]) => name === "acme/platform");
    assert.equal(platform.at(-1), "wave=1");
    assert.ok(waves.length > 1 && waves.every((line: string[]) => line === platform || line.at(-1) !== "wave=1"));
  });

  it("J-51 a new application: manifest, workflow, the cluster's facts, the list of bootstrap, and its two secrets", () => {
    const steps = [
      "kind: Application",
      "uses: jterrazz/fairlead@v1",
      "cluster:\n     registry:",
      "actions/bootstrap/README.md",
    ];
    const places = steps.map((step) => use.indexOf(step));
    assert.ok(
      places.every((place) => place > 0),
      places.join(),
    );
    assert.deepEqual(
      places,
      places.toSorted((one, other) => one - other),
    );
    assert.match(
      front,
      /### What you need\s+In \*\*GitHub\*\*, two secrets of the repository: `INFISICAL_CLIENT_ID` and `INFISICAL_CLIENT_SECRET`/,
    );
  });

  it("J-52, X-28 a backup of what nothing writes to, or by the database, comes back whole", (test) => {
    const page = readPage("docs/day-by-day.md");
    const [save = "", restore = "", ...more] = commandsOn(page, "tar ");
    assert.deepEqual(more, []);
    const before = page.slice(0, page.indexOf(save)).trimEnd();
    assert.match(before, /fairlead#v1 stop prod$/, "nothing writes any more");
    assert.match(page, /A copy of files that a program writes to is no backup/);
    const root = mkdtempSync(join(tmpdir(), "fairlead-backup-"));
    test.after(() => rmSync(root, { recursive: true }));
    const data = join(root, "k8s-data");
    mkdirSync(join(data, "my-app-prod"), { recursive: true });
    const rows = (path: string) => {
      using database = openDatabase(path);
      return database.prepare("SELECT * FROM notes").all().length;
    };
    const live = join(data, "my-app-prod/app.db");
    {
      using database = openDatabase(live);
      database.exec("CREATE TABLE notes (text); INSERT INTO notes VALUES ('one'), ('two')");
      const [, statement = ""] = /sqlite3 \/data\/app\.db \\"(VACUUM INTO '.*')\\""$/m.exec(page) ?? [];
      database.exec(statement.replace("/data/", `${data}/my-app-prod/`));
    }
    assert.equal(rows(join(data, "my-app-prod/backup.db")), 2);
    const run = (command: string) => {
      const script = command.replaceAll("/var/lib/k8s-data", data).replace("20260131", "$(date +%Y%m%d)");
      const { status, stderr } = spawnSync("sh", ["-c", script], { cwd: root, encoding: "utf8" });
      assert.equal(status, 0, stderr);
    };
    run(save);
    rmSync(join(data, "my-app-prod"), { recursive: true });
    run(restore);
    assert.equal(rows(live), 2);
  });
});

/** A database that is closed at the end of a block. */
function openDatabase(path: string): DatabaseSync & Disposable {
  const database = new DatabaseSync(path);
  return Object.assign(database, { [Symbol.dispose]: () => database.close() });
}

describe("traps", () => {
  it("X-04 one manifest by any of the three controllers, with a private registry or without", async () => {
    const kinds: Record<string, string> = { traefik: "IngressRoute", ingress: "Ingress", gateway: "HTTPRoute" };
    const gateway = ["--set", "cluster.ingress.gateway.name=public"];
    const file = "examples/jterrazz/my-app/.deploy/manifest.yaml";
    for (const [controller, kind] of Object.entries(kinds)) {
      const set = ["--set", "environment=prod", "--set", `cluster.ingress.controller=${controller}`, ...gateway];
      const { objects, refused } = await plainHelm("my-app", "-f", file, ...set);
      assert.equal(refused, "");
      const routes = objects.filter((object) => Object.values(kinds).includes(object.kind));
      assert.deepEqual(
        routes.map((route) => route.kind),
        [kind],
      );
    }
    assert.equal(podSpec(myProd.get("Deployment/my-app")).imagePullSecrets.length, 1);
    const open = await plainHelm("my-app", "-f", file, "--set", "environment=prod", "--set", "cluster.pullSecret=null");
    assert.equal(podSpec(open.objects.find(({ kind }) => kind === "Deployment")).imagePullSecrets, undefined);
  });

  it("X-05 a floating tag is always pulled unless told otherwise, a version or digest only once", async () => {
    const policy = async (image: string, more: Loose = {}) => {
      const changed = await myApp.changed(({ spec }) => Object.assign(spec, { image, ...more }));
      return (await changed.render("prod")).container("Deployment/my-app").imagePullPolicy;
    };
    assert.equal(await policy("my-app:latest"), "Always");
    assert.equal(await policy("my-app"), "Always");
    assert.equal(await policy("my-app:v1.2.3"), "IfNotPresent");
    assert.equal(await policy(`my-app@sha256:${"a".repeat(64)}`), "IfNotPresent");
    assert.equal(await policy("my-app:latest", { imagePullPolicy: "IfNotPresent" }), "IfNotPresent");
  });

  it("X-22 environments have folders of their own, and old data keeps its path", () => {
    const path = (rendering: Rendering) => only(rendering, "PersistentVolume").spec.hostPath.path;
    assert.deepEqual(
      [path(staging), path(prod)],
      ["/var/lib/k8s-data/signews-api-staging", "/var/lib/k8s-data/signews-api"],
    );
    assert.notEqual(only(staging, "PersistentVolume").metadata.name, only(prod, "PersistentVolume").metadata.name);
  });

  it("X-23 a new folder of the node is given to the pod's user, by a container that may do only that", () => {
    const [owner] = podSpec(staging.get("Deployment/signews-api")).initContainers;
    assert.equal(only(staging, "PersistentVolume").spec.hostPath.type, "DirectoryOrCreate");
    assert.deepEqual(owner.securityContext.capabilities.drop, ["ALL"]);
    assert.equal(owner.volumeMounts[0].mountPath, "/data");
    assert.equal(staging.application.podSecurity, "baseline");
    assert.equal(myProd.application.podSecurity, "restricted");
  });

  it("X-26 staging reads the application's secrets from dev, and the credentials of CI from prod", () => {
    const { secrets, cluster } = staging.application;
    assert.equal(secrets.app.environment, "dev");
    assert.deepEqual([cluster.infisical.environment, cluster.infisical.path], ["prod", "/infrastructure-apps"]);
    const scope = only(staging, "InfisicalSecret").spec.authentication.universalAuth.secretsScope;
    assert.deepEqual([scope.envSlug, scope.secretsPath], ["dev", "/signews-api"]);
  });

  it("X-27 nothing is exposed, kept or fetched that the manifest does not ask for", async () => {
    const bare = await (
      await myApp.changed(({ environments: { prod: layer } }) => {
        delete layer.ingress;
      })
    ).render("prod");
    const kinds = [...new Set(bare.objects.map(({ kind }) => kind))].sort();
    assert.deepEqual(kinds, ["Deployment", "PodDisruptionBudget", "Service"]);
    assert.equal(bare.get("Service/my-app").spec.type ?? "ClusterIP", "ClusterIP");
    const { requests, limits } = bare.container("Deployment/my-app").resources;
    assert.deepEqual([requests.cpu, limits.cpu, limits.memory], ["100m", undefined, "512Mi"]);
  });

  it("X-28 two pods on one folder of the node are refused", async () => {
    const problems = await problemsAfter(myApp, ({ spec }) => {
      spec.storage = { size: "1Gi", mountPath: "/data" };
    });
    assert.deepEqual(problems, ["APP_STORAGE_SHARED environments.prod.replicas"]);
  });

  it("X-29 a pod does not start before its Secret is there, because no key of it is optional", () => {
    const references = prod
      .container("Deployment/signews-api")
      .env.flatMap(({ valueFrom }: Loose) => (valueFrom?.secretKeyRef === undefined ? [] : [valueFrom.secretKeyRef]));
    assert.equal(references.length, 2);
    for (const { optional } of references) assert.notEqual(optional, true);
    assert.deepEqual(
      prod.objects.filter(({ kind }) => kind === "Secret"),
      [],
    );
  });
});

describe("bootstrap", () => {
  const owners = ["jterrazz", "clawrr"];
  const tokens = owners.map((owner) => ({ token: `token-of-${owner}-${randomUUID()}`, owners: [owner] }));
  const variables = { GITHUB_TOKEN_JTERRAZZ: tokens[0]?.token ?? "", GITHUB_TOKEN_CLAWRR: tokens[1]?.token ?? "" };
  const app = (name: string, more: object = {}) => ({
    name,
    workflows: [{ file: "deploy.yml", takes: 60_000 }],
    ...more,
  });
  const both = { environments: { staging: { deploy: { branch: "" } }, prod: { deploy: { tag: "v*" } } } };
  const apps = [app("jterrazz/my-app", { manifest: "x", tags: ["v1.9.0", "v1.10.0"] }), app("clawrr/site")];
  const listed = { repositories: "jterrazz/my-app\nclawrr/site" };
  const readManifests = knownManifests({ "jterrazz/my-app": both, "jterrazz/forgotten": both });
  const bootstrap = (test: TestContext, options: SimulatedOptions) =>
    simulate(test, {
      env: variables,
      readManifests,
      ...options,
      github: { repositories: apps, tokens, ...options.github },
    });

  it("J-44, J-48 one action starts the deploys of all applications, each on its branch and its newest tag", async (test) => {
    const { github, failure } = await bootstrap(test, { with: listed });
    assert.equal(failure, undefined);
    assert.deepEqual(github.runs.map(({ repository, ref }) => `${repository.name}@${ref}`).sort(), [
      "clawrr/site@main",
      "jterrazz/my-app@main",
      "jterrazz/my-app@v1.10.0",
    ]);
  });

  it("J-45 each owner has a token of its own, and one that is missing is named before anything is started", async (test) => {
    const { github } = await bootstrap(test, { with: listed });
    const actors = github.runs.map(({ repository, actor }) => `${repository.name.split("/")[0]} ${actor}`);
    assert.deepEqual([...new Set(actors)].sort(), ["clawrr user-of-clawrr", "jterrazz user-of-jterrazz"]);
    const half = { GITHUB_TOKEN_JTERRAZZ: variables.GITHUB_TOKEN_JTERRAZZ };
    const without = await bootstrap(test, { with: listed, env: half });
    assert.match(
      without.failure?.sentence ?? "",
      /no token for clawrr, so nothing was dispatched.*GITHUB_TOKEN_CLAWRR/,
    );
    assert.deepEqual(without.journeys, []);
  });

  it("J-46 one line adds an application; a line that cannot work and an application without a line are told", async (test) => {
    const repositories = [
      ...apps,
      app("jterrazz/new"),
      app("jterrazz/forgotten", { manifest: "x" }),
      app("jterrazz/library"),
    ];
    const added = { repositories: `${listed.repositories}\njterrazz/new` };
    const { github } = await bootstrap(test, { github: { repositories }, with: added });
    assert.ok(github.runs.some(({ repository }) => repository.name === "jterrazz/new"));
    const broken = { name: "jterrazz/new", workflows: [] };
    const looked = await bootstrap(test, {
      github: { repositories: [...repositories.filter(({ name }) => name !== broken.name), broken] },
      with: { ...added, "dry-run": "true" },
    });
    const told = new Map(looked.outcomes.map(({ repository, reason }) => [repository, reason]));
    assert.match(told.get("jterrazz/new") ?? "", /has no workflow deploy\.yml/);
    assert.equal(told.get("jterrazz/forgotten"), "It holds .deploy/manifest.yaml, but is not on the list.");
    assert.ok(!told.has("jterrazz/library"));
  });

  it("J-47 one failure stops no other, a dry run starts nothing, and a second bootstrap starts nothing twice", async (test) => {
    const red = { name: "jterrazz/red", workflows: [{ file: "deploy.yml", takes: 60_000, conclusion: "failure" }] };
    const repositories = [red, ...apps];
    const lines = { repositories: `jterrazz/red\n${listed.repositories}`, concurrency: "1" };
    const { outcomes } = await bootstrap(test, { github: { repositories }, with: lines });
    assert.deepEqual(
      outcomes.map(({ repository, status }) => `${repository} ${status}`),
      ["jterrazz/red failed", "jterrazz/my-app succeeded", "jterrazz/my-app succeeded", "clawrr/site succeeded"],
    );
    const dry = await bootstrap(test, { with: { ...listed, "dry-run": "true" } });
    assert.deepEqual([dry.github.runs.length, dry.outcomes.length], [0, 3]);
    const again = await bootstrap(test, {
      with: listed,
      setUp: (github) => github.dispatchElsewhere("clawrr/site", "deploy.yml", "main"),
    });
    assert.equal(again.github.runs.filter(({ repository }) => repository.name === "clawrr/site").length, 1);
  });

  it("J-49 a cluster, a registry and a chart that are not ready are all told, and nothing is started", async (test) => {
    const { context } = await recordingContext(test);
    const gone = "https://127.0.0.1:9";
    const cluster = { name: "k", cluster: { server: gone } };
    const users = [{ name: "u", user: { token: randomUUID() } }];
    const contexts = [{ name: "c", context: { cluster: "k", user: "u" } }];
    const kubeconfig = JSON.stringify({ clusters: [cluster], users, contexts, "current-context": "c" });
    const inputs = readBootstrapInputs({ ...bootstrapDefaults, INPUT_PREFLIGHT: "cluster registry chart" });
    const facts = { ...(await clusterFacts(inputs, context)), registry: "127.0.0.1:9" };
    const looked = preflight(inputs, { tokens: {}, kubeconfig, registryLogin: undefined }, facts, context);
    await assert.rejects(looked, (thrown: Error) => {
      for (const part of [
        /Nothing was dispatched/,
        /API server at 127\.0\.0\.1:9 did not answer/,
        /registry is not ready/,
        /chart oci:.* is not there/,
      ]) {
        assert.match(thrown.message, part);
      }
      return true;
    });
    const unready = { with: { ...listed, preflight: "cluster", kubeconfig: "no kubeconfig" } };
    const { github, failure } = await bootstrap(test, unready);
    assert.deepEqual([failure?.code, github.runs.length], ["PREFLIGHT_FAILED", 0]);
  });

  it("J-50 the platform and what publishes the chart come first, and applications last", async (test) => {
    const { github } = await bootstrap(test, {
      github: { repositories: [app("jterrazz/infra"), app("jterrazz/chart"), app("clawrr/site")] },
      with: { repositories: "clawrr/site wave=3\njterrazz/chart wave=2\njterrazz/infra wave=1" },
    });
    const [first, second, third] = github.runs;
    assert.deepEqual(
      github.runs.map(({ repository }) => repository.name),
      ["jterrazz/infra", "jterrazz/chart", "clawrr/site"],
    );
    assert.ok((second?.createdAt ?? 0) >= (first?.endsAt ?? 0) && (third?.createdAt ?? 0) >= (second?.endsAt ?? 0));
  });

  it("J-05, X-25 of Infisical's folder only the tokens that are needed are taken, under no name of the job, and no user name", async (test) => {
    const { context, told } = await recordingContext(test);
    const secrets = {
      ...variables,
      DOCKER_REGISTRY_PASSWORD: randomUUID(),
      CLOUDFLARE_API_TOKEN: randomUUID(),
      N8N_ENCRYPTION_KEY: randomUUID(),
    };
    const project = { id: randomUUID(), slug: "jterrazz", environments: { prod: { "/infrastructure": { secrets } } } };
    const identity = { clientId: randomUUID(), clientSecret: randomUUID(), projects: ["jterrazz"] };
    await using infisical = await startInfisical({ projects: [project], identities: [identity] });
    const inputs = readBootstrapInputs({
      ...bootstrapDefaults,
      "INPUT_INFISICAL-CLIENT-ID": identity.clientId,
      "INPUT_INFISICAL-CLIENT-SECRET": identity.clientSecret,
    });
    const facts = await clusterFacts(inputs, context);
    const here = { ...facts, infisical: { ...facts.infisical, url: infisical.url } };
    const found = await findCredentials(inputs, ["jterrazz"], here, context);
    assert.deepEqual(found.tokens, { jterrazz: variables.GITHUB_TOKEN_JTERRAZZ });
    assert.equal(found.registryLogin, undefined);
    assert.deepEqual([told.variables, told.outputs], [{}, {}]);
    assert.ok(told.masks.includes(variables.GITHUB_TOKEN_JTERRAZZ));
    assert.ok(!told.masks.includes(secrets.N8N_ENCRYPTION_KEY));
  });
});

/** The inputs of a bootstrap of that one repository. */
const bootstrapDefaults = { ...defaultInputs("bootstrap"), INPUT_REPOSITORIES: "jterrazz/my-app" };
