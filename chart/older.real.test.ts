import assert from "node:assert/strict";
import { describe } from "node:test";
import { container, helmTest, objects, type Rendered, resolved, type Values } from "./helm.testing.ts";

/** An application with the environments prod and staging around `spec`. */
function manifest(spec: Values, more: Values = {}): Values {
  const environments = { prod: {}, staging: {} };
  return { metadata: { name: "my-app" }, spec, environments, environment: "prod", ...more };
}

/** Where notices of older spellings point. */
function noticed(values: Values): string[] {
  return resolved(values)
    .application.notices.map(({ path }: Rendered) => path)
    .sort();
}

describe("the seed's older spellings", () => {
  helmTest("configFiles: one ConfigMap, each file below /app", () => {
    const configFiles = { "a.json": "{}", "b.toml": "x = 1\n" };
    const values = manifest({ configFiles }, { environments: { prod: { configFiles: { "b.toml": null } } } });
    const found = objects(values);
    assert.deepEqual(found.get("ConfigMap/my-app-config").data, { "a.json": "{}" });
    const { volumeMounts } = container(found);
    assert.deepEqual(
      volumeMounts.map(({ mountPath, readOnly }: Rendered) => [mountPath, readOnly]),
      [["/app/a.json", true]],
    );
    const restarts = (text: string) =>
      objects(manifest({ configFiles: { "a.json": text } })).get("Deployment/my-app").spec.template.metadata
        .annotations;
    assert.notDeepEqual(restarts("{}"), restarts("[]"));
    assert.deepEqual(noticed(values), ["environments.prod.configFiles", "spec.configFiles"]);
  });

  helmTest("dashboards and alerts: for Grafana, in prod only", () => {
    const values = manifest({ dashboards: { overview: "{}" }, alerts: { first: "a: 1\n", second: "b: 2\n" } });
    const found = objects(values);
    const dashboard = found.get("ConfigMap/my-app-dashboard-overview");
    assert.deepEqual(dashboard.data, { "my-app-overview.json": "{}" });
    assert.equal(dashboard.metadata.labels.grafana_dashboard, "1");
    assert.equal(dashboard.metadata.annotations.grafana_folder, "my-app");
    const alerts = found.get("ConfigMap/my-app-alerts");
    assert.deepEqual(alerts.data, { "first.yaml": "a: 1\n", "second.yaml": "b: 2\n" });
    assert.equal(alerts.metadata.labels.grafana_alert, "1");
    const staging = objects({ ...values, environment: "staging" });
    assert.deepEqual(
      [...staging.keys()].filter((name) => name.startsWith("ConfigMap/")),
      [],
    );
    assert.deepEqual(noticed(values), ["spec.alerts", "spec.dashboards"]);
  });

  helmTest(
    "platformServices: variables below the application's own, a label, and a way through the network policy",
    () => {
      const networkPolicy = { to: ["internet"] };
      const platformServices = ["gateway-intelligence", "otel-collector"];
      const found = objects(
        manifest({ platformServices, networkPolicy, env: { OTEL_EXPORTER_OTLP_ENDPOINT: "http://own" } }),
      );
      const env = Object.fromEntries(container(found).env.map(({ name, value }: Rendered) => [name, value]));
      assert.match(env.GATEWAY_INTELLIGENCE_BASE_URL, /^http:\/\/gateway-intelligence\./);
      assert.equal(env.OTEL_EXPORTER_OTLP_ENDPOINT, "http://own");
      const { spec } = found.get("Deployment/my-app");
      const label = "platform-client.jterrazz.com/gateway-intelligence";
      assert.equal(spec.template.metadata.labels[label], "true");
      assert.equal(label in spec.selector.matchLabels, false);
      const namespaces = found
        .get("NetworkPolicy/my-app")
        .spec.egress.map(({ to }: Rendered) => to?.[0].namespaceSelector?.matchLabels["kubernetes.io/metadata.name"]);
      assert.ok(namespaces.includes("prod-gateway-intelligence"));
      const unknown = resolved(manifest({ platformServices: ["gateway"] }));
      assert.deepEqual(unknown.errors, [
        {
          code: "APP_PLATFORM_SERVICE",
          path: "spec.platformServices.0",
          message:
            'the cluster has no service "gateway"; cluster.platformServices: gateway-intelligence, otel-collector',
        },
      ]);
    },
  );

  helmTest("secretsEnv in spec, and an environment's over it", () => {
    const values = manifest(
      { secrets: { path: "/a" }, secretsEnv: "one" },
      { environments: { prod: { secretsEnv: "two" }, staging: {} } },
    );
    const slug = (environment: string) => resolved({ ...values, environment }).application.secrets.app.environment;
    assert.deepEqual([slug("prod"), slug("staging")], ["two", "one"]);
  });

  helmTest("infrastructure, meta.repository and an empty memoryLimit", () => {
    const values = manifest(
      { resources: { memory: "128Mi", memoryLimit: "" }, ingress: { host: "a.example.com", private: true } },
      {
        infrastructure: { publicIp: "192.0.2.1", tailscaleHostname: "node.example.com" },
        meta: { repository: "owner/my-app" },
      },
    );
    const found = objects(values);
    const { annotations } = found.get("IngressRoute/my-app").metadata;
    assert.equal(annotations["external-dns.alpha.kubernetes.io/target"], "node.example.com");
    assert.equal("external-dns.alpha.kubernetes.io/cloudflare-proxied" in annotations, false);
    assert.equal(found.get("Deployment/my-app").metadata.annotations["jterrazz.com/repository"], "owner/my-app");
    assert.equal(container(found).resources.limits.memory, "256Mi");
    assert.deepEqual(noticed(values), [
      "infrastructure.publicIp",
      "infrastructure.tailscaleHostname",
      "meta.repository",
      "spec.ingress.private",
    ]);
  });
});
