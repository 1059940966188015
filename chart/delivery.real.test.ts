import assert from "node:assert/strict";
import { describe } from "node:test";
import { helms, helmTest, objects, type Rendered, resolved, template, type Values } from "./helm.testing.ts";

/** An application with an own and a shared set of secrets, whose Secrets the deploy action makes. */
function manifest(deploy: Values, more: Values = {}): Values {
  return {
    metadata: { name: "shop" },
    spec: {
      namespaces: { data: {} },
      secrets: { db: { path: "/shop/db", keys: ["EXTRA"] }, old: { existingSecret: "legacy" } },
      components: {
        api: { env: { DSN: { secret: "db/DSN" }, ADDRESS: { secret: "old/ADDRESS" } } },
        store: { namespace: "data", files: { "/ca.pem": { secret: "db/CA" } } },
        migrate: { kind: "Job", when: "pre-deploy", env: { DSN: { secret: "db/DSN" } } },
      },
      ...more,
    },
    environments: { prod: {} },
    environment: "prod",
    cluster: { secrets: { delivery: "sync" } },
    deploy,
  };
}

/** The name of the Secret that a variable of a component comes from. */
function secretOf(found: Map<string, Rendered>, object: string, name: string): string {
  const { env } = found.get(object).spec.template.spec.containers[0];
  return env.find((variable: Rendered) => variable.name === name).valueFrom.secretKeyRef.name;
}

describe("secrets that the deploy action delivers", () => {
  helmTest("pods refer to the Secrets that it made, and nothing asks Infisical's operator", () => {
    const values = manifest({ secrets: { db: "shop-db-secrets-0a1b2c" } });
    const found = objects(values);
    assert.deepEqual(
      [...found.keys()].filter((name) => name.startsWith("Infisical")),
      [],
    );
    for (const object of ["Deployment/shop-api", "Job/shop-migrate"]) {
      assert.equal(secretOf(found, object, "DSN"), "shop-db-secrets-0a1b2c");
    }
    assert.equal(secretOf(found, "Deployment/shop-api", "ADDRESS"), "legacy");
    const [volume] = found.get("Deployment/shop-store").spec.template.spec.volumes;
    assert.equal(volume.secret.secretName, "shop-db-secrets-0a1b2c");
    assert.equal(template(values, [], helms["3"]).text, template(values, [], helms["4"]).text);
  });

  helmTest("another name is another pod template, so that a changed value restarts what uses it", () => {
    const pods = (name: string) =>
      objects(manifest({ secrets: { db: name } })).get("Deployment/shop-api").spec.template;
    assert.notDeepEqual(pods("shop-db-secrets-a"), pods("shop-db-secrets-b"));
  });

  helmTest(
    "a key is optional when nothing needs it, neither a variable, a file, a check nor the set's own list",
    () => {
      const optional = (key: string) => ({ secret: `db/${key}`, optional: true });
      const env = {
        A: optional("ONLY"),
        B: optional("EXTRA"),
        C: optional("BOTH"),
        D: optional("CA"),
        E: optional("SEEN"),
      };
      const { spec, ...others } = manifest({}) as { spec: { components: Values } };
      const components = { ...spec.components, extra: { env }, other: { env: { C: { secret: "db/BOTH" } } } };
      const verify = { seen: { http: "/", component: "extra", expect: { secret: "db/SEEN" } } };
      const values = { ...others, spec: { ...spec, components, verify } };
      const { application, errors } = resolved(values);
      assert.deepEqual(errors, []);
      const { keys, optionalKeys } = application.secrets.db;
      assert.deepEqual(Object.keys(keys).sort(), ["BOTH", "CA", "DSN", "EXTRA", "ONLY", "SEEN"]);
      assert.deepEqual(optionalKeys, ["ONLY"]);
    },
  );

  helmTest("the resolved document says which keys are wanted, and where", () => {
    const { application, errors } = resolved(manifest({}));
    assert.deepEqual(errors, []);
    assert.deepEqual(application.secrets.db, {
      environment: "prod",
      path: "/shop/db",
      baseName: "shop-db-secrets",
      secretName: "shop-db-secrets-preview",
      synced: true,
      keys: { CA: "CA", DSN: "DSN", EXTRA: "EXTRA" },
      copies: [
        { namespace: "data", suffix: "" },
        { namespace: "prod-shop", suffix: "" },
      ],
    });
    assert.equal(application.secrets.old.synced, undefined);
  });

  helmTest("a preview renders with names that stay the same; without one, a missing name is an error", () => {
    const found = objects(manifest({ preview: true }));
    assert.equal(secretOf(found, "Deployment/shop-api", "DSN"), "shop-db-secrets-preview");
    const { ok, stderr } = template(manifest({}));
    assert.equal(ok, false);
    assert.match(stderr, /APP_SECRET_UNDELIVERED: spec\.secrets\.db: cluster\.secrets\.delivery is sync/);
  });

  helmTest("a set that is used whole must say its keys", () => {
    const components = { api: { envFrom: [{ secret: "db" }] } };
    const bare = resolved(manifest({}, { components, secrets: { db: { path: "/db" } } }));
    assert.deepEqual(
      bare.errors.map(({ code, path }: Rendered) => [code, path]),
      [["APP_SECRET_INCOMPLETE", "spec.secrets.db"]],
    );
    assert.deepEqual(resolved(manifest({}, { components })).errors, []);
  });

  helmTest("reload has nothing to do, and is noticed", () => {
    const secrets = { db: { path: "/db", reload: "reloader" }, old: { existingSecret: "legacy" } };
    const { application } = resolved(manifest({}, { secrets }));
    assert.deepEqual(
      application.notices.map(({ path }: Rendered) => path),
      ["spec.secrets.db.reload"],
    );
    assert.equal(application.components.api.reload, undefined);
  });

  helmTest("a single application's own set is called app", () => {
    const values = {
      ...manifest({ secrets: { app: "shop-secrets-1" } }),
      spec: { secrets: { path: "/shop", env: ["TOKEN"] } },
    };
    assert.equal(secretOf(objects(values), "Deployment/shop", "TOKEN"), "shop-secrets-1");
  });
});
