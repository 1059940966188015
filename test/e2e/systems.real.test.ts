// The example systems, in all their environments, before the real API server and before kubeconform.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, it } from "node:test";
import { openCluster } from "../../actions/core/cluster.ts";
import { createMasker } from "../../actions/core/masking.ts";
import { ensureNamespaces } from "../../actions/deploy/namespace.ts";
import { run } from "../cluster/run.ts";
import { schemaLocation, writeSchemas } from "../cluster/schemas.ts";
import { ensureTools } from "../cluster/toolchain.ts";
import { type Loose, openSystem, podSpec, type Rendering } from "../conformance/system.ts";
import { openWorld, repository } from "./world.ts";

const world = await openWorld();
const { kubeconfig } = world.cluster.kubernetes;
const { kubectl, kubeconform } = await ensureTools(["kubectl", "kubeconform"]);
const { signal } = new AbortController();
const cluster = await openCluster({
  kubeconfig: await readFile(kubeconfig, "utf8"),
  masker: createMasker(() => {}),
  signal,
});
const folder = mkdtempSync(join(tmpdir(), "fairlead-systems-"));
/** The manifests' own namespaces may be in use on a cluster that others share. */
const prefix = `t${randomBytes(3).toString("hex")}-`;
const made = new Set<string>();
after(async () => {
  if (made.size > 0) await world.kubectl("delete", "namespace", ...made, "--ignore-not-found", "--wait=false");
  world[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

/** All renderings, each by the name of its system and environment. */
const renderings = new Map<string, Rendering>();
for (const file of globSync("examples/**/.deploy/manifest.yaml", { cwd: repository }).sort()) {
  const path = dirname(dirname(file));
  const system = await openSystem(path);
  for (const environment of Object.keys(system.manifest.environments)) {
    renderings.set(`${path.slice("examples/".length)} ${environment}`, await system.render(environment));
  }
}

/** An object in a namespace that is this test's own; one of no namespace stays as it is. */
function moved(object: Loose): Loose {
  const { namespace } = object.metadata;
  if (namespace === undefined) return object;
  return { ...object, metadata: { ...object.metadata, namespace: `${prefix}${namespace}` } };
}

/** The Pods that a workload would make: pod security does not look into templates. */
function podsOf(object: Loose): Loose[] {
  if (object.spec?.template === undefined && object.kind !== "CronJob") return [];
  const { template } = object.kind === "CronJob" ? object.spec.jobTemplate.spec : object.spec;
  const claims = (object.spec.volumeClaimTemplates ?? []).map(({ metadata: { name } }: Loose) => ({
    name,
    persistentVolumeClaim: { claimName: name },
  }));
  const spec = { ...podSpec(object), volumes: [...(podSpec(object).volumes ?? []), ...claims] };
  const { name, namespace } = object.metadata;
  return [{ apiVersion: "v1", kind: "Pod", metadata: { ...template.metadata, name: `${name}-pod`, namespace }, spec }];
}

/** A pod of its own is refused as long as the account is not there that each namespace is given a moment later. */
async function untilPodsMayBe(namespace: string): Promise<void> {
  await world.kubectl("wait", "--for=create", "serviceaccount/default", "-n", namespace, "--timeout=60s");
}

/** Applies objects as the deploy action does; gives what was accepted, and what the server said besides. */
async function apply(objects: readonly Loose[], ...more: string[]) {
  const options = ["--server-side", "--validate=strict", "--output=name", "--filename=-", ...more];
  const input = objects.map((object) => JSON.stringify(object)).join("\n");
  const { rawOutput, errors } = await run([kubectl, "--kubeconfig", kubeconfig, "apply", ...options], { input });
  const lines = (text: string) => text.split("\n").filter((line) => line !== "");
  return { accepted: lines(rawOutput), said: lines(errors) };
}

describe("the API server accepts", () => {
  for (const [name, { objects, application }] of renderings) {
    it(`every object and pod of ${name}, without a warning`, async () => {
      const namespaces = Object.fromEntries(
        Object.entries<Loose>(application.namespaces).map(([namespace, level]) => [`${prefix}${namespace}`, level]),
      );
      for (const namespace of Object.keys(namespaces)) made.add(namespace);
      await ensureNamespaces(cluster, { namespaces });
      await Promise.all(Object.keys(namespaces).map(untilPodsMayBe));
      const own = objects.map(moved);
      // A Pod is refused without its account, so the accounts are there in earnest.
      const accounts = own.filter(({ kind }) => kind === "ServiceAccount");
      if (accounts.length > 0) await apply(accounts);
      const all = [...own, ...own.flatMap(podsOf)];
      const { accepted, said } = await apply(all, "--dry-run=server");
      assert.equal(accepted.length, all.length);
      assert.deepEqual(said, []);
    });
  }

  it("nothing with a key that it does not know, nor a pod above its namespace's level", async () => {
    const { objects, application } = renderings.get("hello prod") ?? assert.fail();
    const [deployment] = objects.filter(({ kind }) => kind === "Deployment").map(moved);
    made.add(deployment.metadata.namespace);
    const level = application.namespaces[application.namespace];
    await ensureNamespaces(cluster, { namespaces: { [deployment.metadata.namespace]: level } });
    await untilPodsMayBe(deployment.metadata.namespace);
    const misspelt = { ...deployment, spec: { ...deployment.spec, replica: 1 } };
    await assert.rejects(apply([misspelt], "--dry-run=server"), /\.spec\.replica: field not declared/);
    const [pod] = podsOf(deployment);
    await assert.rejects(
      apply([{ ...pod, spec: { ...pod.spec, hostNetwork: true } }], "--dry-run=server"),
      /violates PodSecurity/,
    );
  });
});

describe("kubeconform agrees", () => {
  const schemas = join(folder, "schemas");
  mkdirSync(schemas);

  /** What kubeconform says of a text: its counts, and each mistake. */
  async function judge(text: string) {
    const file = join(folder, "objects.yaml");
    writeFileSync(file, text);
    const options = ["-strict", "-summary", "-output", "json", "-schema-location", schemaLocation(schemas), file];
    const { rawOutput } = await run([kubeconform, ...options], { accept: [0, 1] });
    const { summary, resources } = JSON.parse(rawOutput);
    return { summary, mistakes: resources.map(({ kind, name, msg }: Loose) => `${kind}/${name}: ${msg}`) };
  }

  for (const [name, { text, objects }] of renderings) {
    it(`that every object of ${name} is right, and skips none`, async () => {
      await writeSchemas(schemas, objects, (path) => world.kubectl("get", "--raw", path));
      const { summary, mistakes } = await judge(text);
      assert.deepEqual(mistakes, []);
      assert.deepEqual(summary, { valid: objects.length, invalid: 0, errors: 0, skipped: 0 });
    });
  }

  it("that each kind is wrong with a key that it does not know", async () => {
    const kinds = new Map<string, Loose>();
    for (const { objects } of renderings.values()) for (const object of objects) kinds.set(object.kind, object);
    const [wrong, right] = [[...kinds.values()].map((object) => ({ ...object, other: 1 })), [...kinds.values()]];
    await writeSchemas(schemas, right, (path) => world.kubectl("get", "--raw", path));
    const { summary, mistakes } = await judge(wrong.map((object) => JSON.stringify(object)).join("\n---\n"));
    assert.deepEqual(summary, { valid: 0, invalid: kinds.size, errors: 0, skipped: 0 }, mistakes.join("\n"));
  });
});
