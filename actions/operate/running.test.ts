import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { recordingContext } from "../../test/context.ts";
import type { Cluster } from "../core/cluster.ts";
import { FairleadError } from "../core/errors.ts";
import { runningApplication } from "./running.ts";

/** A release as it lies in a cluster. */
interface There {
  readonly release: string;
  readonly namespace?: string;
  readonly repository?: string;
  readonly values?: unknown;
  readonly rendered?: string;
}

const shop = { environment: "prod", metadata: { name: "shop" } };
const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: prod-web, labels: { app.kubernetes.io/component: front } }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template: { spec: { containers: [{ name: server, image: "web:1" }] } }
---
apiVersion: batch/v1
kind: Job
metadata: { name: seed-0123456789 }
spec: { template: { metadata: { labels: { job: seed } }, spec: { containers: [{ name: seed, image: "seed:1" }] } } }
---
apiVersion: v1
kind: Service
metadata: { name: web }
`;
const broken = new FairleadError({ code: "MANIFEST_INVALID", message: "m.yaml:3: `por` is unknown." });

/** Asks for what runs in a cluster with some releases, two revisions of each. @param text of the manifest; none for no file. */
async function ask(
  t: TestContext,
  releases: readonly There[],
  given: Readonly<Record<string, string>> = {},
  text?: string,
  isForbidden = false,
) {
  const { context, told } = await recordingContext(t);
  const manifest = ".deploy/manifest.yaml";
  mkdirSync(dirname(join(context.workspace, manifest)));
  if (text !== undefined) writeFileSync(join(context.workspace, manifest), text);
  const items = releases.flatMap(({ release, namespace = release, repository }) =>
    ["1", "2"].map((version) => {
      const run = JSON.stringify({ repository, workflow: "Deploy", number: 1, commit: "" });
      const annotations = repository === undefined || version === "2" ? {} : { "fairlead/run": run };
      return { metadata: { namespace, labels: { name: release, version, status: "deployed" }, annotations } };
    }),
  );
  const read = async ({ path, query }: { path: string; query?: Readonly<Record<string, string>> }) => {
    const [, namespace, document] = /^\/api\/v1(?:\/namespaces\/([^/]+))?\/secrets(?:\/(.*))?$/.exec(path) ?? [];
    if (document !== undefined) {
      const found = releases.find(
        (one) => document === `sh.helm.release.v1.${one.release}.v2` && namespace === (one.namespace ?? one.release),
      );
      const content = { manifest: found?.rendered ?? "", config: found?.values, info: { status: "", description: "" } };
      const inner = gzipSync(JSON.stringify(content)).toString("base64");
      return { data: { release: Buffer.from(inner).toString("base64") } };
    }
    if (isForbidden && namespace === undefined)
      throw new FairleadError({ code: "CLUSTER_FORBIDDEN", message: "The cluster refuses a call." });
    const [, name] = /,name=(.*)$/.exec(query?.["labelSelector"] ?? "") ?? [];
    const isListed = ({ metadata }: (typeof items)[number]) =>
      [undefined, metadata.namespace].includes(namespace) && [undefined, metadata.labels.name].includes(name);
    return { items: items.filter(isListed) };
  };
  const inputs = { operation: "rollback" as const, manifest, environment: "prod", ...given };
  const application = await runningApplication(broken, { inputs, context, cluster: { read } as unknown as Cluster });
  return { application, told };
}

const named = "metadata:\n  name: shop\nspec:\n  por: [3000\n";

test("the name in a broken manifest finds its release, wherever it lies, and one warning says so", async (t) => {
  const there = [
    { release: "web", namespace: "shops", repository: "acme/shop", values: shop, rendered: deployment },
    { release: "prod-other", repository: "acme/shop", values: { ...shop, metadata: { name: "other" } } },
    { release: "staging-shop", repository: "acme/shop", values: { ...shop, environment: "staging" } },
    { release: "prod-foreign", repository: "acme/foreign", values: shop },
  ];
  const { application, told } = await ask(t, there, {}, named);
  const { name, environment, release, namespace, namespaces } = application;
  assert.deepEqual([name, environment, release, namespace], ["shop", "prod", "web", "shops"]);
  assert.deepEqual(Object.keys(namespaces), ["shops", "prod-web"]);
  assert.deepEqual(
    told.annotations.map(({ level, message }) => [level, message]),
    [
      [
        "warning",
        "m.yaml:3: `por` is unknown. It is left aside: rollback goes by revision 2 of the release web in the namespace shops.",
      ],
    ],
  );
});

test("the workloads of a release are components, also where its values tell nothing", async (t) => {
  const foreign = { release: "old", namespace: "shops", rendered: deployment };
  const { application } = await ask(t, [foreign], { release: "old" });
  const { front, seed, ...others } = application.components;
  assert.deepEqual(others, {});
  assert.deepEqual(
    [front?.kind, front?.name, front?.namespace, front?.selector, front?.containerName, front?.replicas],
    ["Deployment", "web", "prod-web", { app: "web" }, "server", 2],
  );
  assert.deepEqual(
    [seed?.kind, seed?.name, seed?.namespace, seed?.selector],
    ["Job", "seed", "shops", { job: "seed" }],
  );
});

test("without a legible name, the only release that this repository has in the environment is meant", async (t) => {
  const own = { release: "prod-shop", repository: "acme/shop", values: shop };
  const foreign = { release: "prod-till", repository: "acme/till", values: { ...shop, metadata: { name: "till" } } };
  for (const text of [undefined, "", "<<<<<<< HEAD\n", "- a list"]) {
    const { application } = await ask(t, [own, foreign], {}, text);
    assert.equal(application.release, "prod-shop", text);
  }
  await assert.rejects(ask(t, [own], { operation: "remove" }), /is not clear which release of prod is meant/);
  assert.equal((await ask(t, [own], { operation: "remove", release: "prod-shop" })).application.release, "prod-shop");
});

test("where several or none could be meant, the error says what to give", async (t) => {
  const both = ["shop", "till"].map((name) => ({
    ...{ release: `prod-${name}`, repository: "acme/shop" },
    values: { ...shop, metadata: { name } },
  }));
  await assert.rejects(ask(t, both), (thrown: FairleadError) => {
    assert.equal(thrown.code, "MANIFEST_INVALID");
    assert.match(thrown.message, /unknown\. Without it, it is not clear which release of prod is meant\. There is /);
    assert.match(thrown.message, /There is prod-shop in prod-shop, prod-till in prod-till\.$/);
    assert.match(thrown.fix ?? "", /^Give `release`/);
    return true;
  });
  await assert.rejects(ask(t, []), /it is not clear which release of prod is meant\.$/);
  await assert.rejects(ask(t, both, { release: "gone" }), /it is not clear where gone of prod is\.$/);
  const elsewhere = ["one", "two"].map((namespace) => ({ release: "shop", namespace, values: shop }));
  await assert.rejects(ask(t, elsewhere, { release: "shop" }), /There is shop in one, shop in two\.$/);
  assert.equal((await ask(t, elsewhere, { release: "shop", namespace: "two" })).application.namespace, "two");
});

test("a release of another environment is never meant", async (t) => {
  const staging = { release: "shop", repository: "acme/shop", values: { ...shop, environment: "staging" } };
  await assert.rejects(ask(t, [staging], {}, named), /not clear which release/);
  await assert.rejects(ask(t, [staging], { release: "shop" }), /not clear where shop/);
});

test("who may look into its own namespace only is led there by the name", async (t) => {
  const own = { release: "prod-shop", repository: "acme/shop", values: shop };
  assert.equal((await ask(t, [own], {}, named, true)).application.release, "prod-shop");
  assert.equal((await ask(t, [own], { release: "prod-shop" }, undefined, true)).application.release, "prod-shop");
  await assert.rejects(ask(t, [own], {}, undefined, true), /not clear which release of prod is meant\.$/);
});
