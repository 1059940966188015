import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cluster } from "../../core/cluster.ts";
import type { Lock } from "../../deploy/lock/keep.ts";
import type { Operation } from "../operation.ts";
import { remove } from "./remove.ts";

const root = "/api/v1/namespaces/prod-shop";
const object = (name: string, metadata: object = {}) => ({ metadata: { name, ...metadata } });
const instance = { labels: { "app.kubernetes.io/instance": "prod-shop" } };
const ownerReferences = [{ apiVersion: "v1", kind: "InfisicalSecret", name: "shop", uid: "1" }];

/** A release with something of every kind that outlives one, and what was done to it in its order. */
function release(confirm: readonly string[], others: readonly object[] = []) {
  const done: string[] = [];
  const notices: string[] = [];
  const lists: Readonly<Record<string, readonly object[]>> = {
    [`${root}/persistentvolumeclaims`]: [
      object("shop-data", instance),
      object("data-database-0", { labels: { app: "database" } }),
      object("data-other-0", { labels: { app: "other" } }),
    ],
    [`${root}/secrets`]: [
      object("shop-pull"),
      object("shop-tls"),
      object("shop-secrets", { ownerReferences }),
      object("shop-secrets-1a", { labels: { "fairlead-release": "prod-shop" } }),
      object("theirs"),
      ...others,
    ],
  };
  const cluster = {
    ask: <T>(call: () => Promise<T>) => call(),
    read: async ({ path }: { path: string }) => ({ items: lists[path] ?? [] }),
    send: async ({ path, method = "GET" }: { path: string; method?: string }) => {
      if (method === "DELETE") done.push(path);
      if (path.endsWith("/absent")) throw Object.assign(new Error("HTTP status 404"), { code: 404 });
      return {};
    },
  } as unknown as Cluster;
  const component = { kind: "StatefulSet", namespace: "prod-shop", selector: { app: "database" } };
  const application = {
    ...{ name: "shop", environment: "prod", release: "prod-shop", namespace: "prod-shop" },
    namespaces: { "prod-shop": {} },
    components: {
      database: { ...component, storage: { volume: "shop-data-prod" } },
      cache: { ...component, selector: { app: "cache" }, storage: { volume: "absent" } },
    },
    ingress: [{ host: "shop.example.com", tlsName: "shop-tls" }],
    secrets: { app: { secretName: "shop-secrets" } },
  };
  const operation = {
    ...{ application, cluster, inputs: { confirm }, timeout: 1_000 },
    helm: { uninstall: async (name: string) => void done.push(`uninstall ${name}`) },
    context: { runner: { annotate: (_: string, message: string) => void notices.push(message) } },
  } as unknown as Operation;
  return { done, notices, removing: remove(operation, { confirm: async () => {} } as Lock) };
}

test("what outlives a release is kept, and named as it can be confirmed; what another object owns is not", async () => {
  const { done, notices, removing } = release([]);
  const names = ["claim/shop-data", "claim/data-database-0", "volume/shop-data-prod"];
  const secrets = ["secret/shop-pull", "secret/shop-tls", "secret/shop-secrets-1a"];
  assert.equal(
    (await removing).said,
    `prod-shop is removed; kept: ${[...names, ...secrets, "namespace/prod-shop"].join(", ")}`,
  );
  assert.deepEqual(done, ["uninstall prod-shop"]);
  assert.match(notices.join(), /the DNS records of shop\.example\.com/);
});

test("what is confirmed goes after the release", async () => {
  const { done, removing } = release(["namespace/prod-shop", "volume/shop-data-prod", "claim/shop-data"]);
  assert.match(
    (await removing).said,
    /^prod-shop is removed, with claim\/shop-data, volume\/shop-data-prod, namespace\/prod-shop/,
  );
  assert.deepEqual(done, [
    "uninstall prod-shop",
    `${root}/persistentvolumeclaims/shop-data`,
    "/api/v1/persistentvolumes/shop-data-prod",
    root,
  ]);
});

test("nothing is done where one name is not the application's, or the namespace is shared", async () => {
  for (const confirm of ["claim/data-other-0", "secret/theirs", "secret/shop-secrets", "namespace/default"]) {
    const { done, removing } = release(["claim/shop-data", confirm]);
    await assert.rejects(removing, new RegExp(`\`confirm\` names ${confirm}, which prod-shop does not have`));
    assert.deepEqual(done, []);
  }
  const other = object("sh.helm.release.v1.blog.v1", { labels: { owner: "helm", name: "blog" } });
  await assert.rejects(release(["namespace/prod-shop"], [other]).removing, /it holds the release blog\./);
});
