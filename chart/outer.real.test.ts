import assert from "node:assert/strict";
import { describe } from "node:test";
import { helms, helmTest, objects, type Rendered, resolved, template, type Values } from "./helm.testing.ts";

/** A manifest of one environment, `prod`, around components, what else `spec` holds, and facts about the cluster. */
function manifest(components: Values, { prod = {}, cluster = {}, ...spec }: Values = {}): Values {
  return {
    metadata: { name: "shop" },
    spec: { components, ...spec },
    environments: { prod },
    environment: "prod",
    cluster,
  };
}

describe("routes in other forms", () => {
  helmTest("Kubernetes' Ingress, with cert-manager's annotation", () => {
    const ingress = {
      host: "api.example.com",
      controller: "ingress",
      className: "nginx",
      annotations: {
        "cert-manager.io/cluster-issuer": "own",
        "nginx.ingress.kubernetes.io/proxy-read-timeout": "3600",
      },
    };
    const found = objects(manifest({ api: { port: 8080, ingress } }));
    const { metadata, spec } = found.get("Ingress/shop-api");
    assert.deepEqual(metadata.annotations, ingress.annotations);
    assert.deepEqual(spec, {
      ingressClassName: "nginx",
      rules: [
        {
          host: "api.example.com",
          http: {
            paths: [
              { path: "/", pathType: "Prefix", backend: { service: { name: "shop-api", port: { number: 8080 } } } },
            ],
          },
        },
      ],
      tls: [{ hosts: ["api.example.com"], secretName: "shop-api-tls" }],
    });
    const byCluster = objects(
      manifest(
        { api: { port: 80, ingress: { host: "a.example.com", public: false } } },
        { cluster: { ingress: { controller: "ingress", privateClassName: "inner" } } },
      ),
    ).get("Ingress/shop-api");
    assert.equal(byCluster.metadata.annotations["cert-manager.io/cluster-issuer"], "letsencrypt-production");
    assert.equal(byCluster.spec.ingressClassName, "inner");
  });

  helmTest("the Gateway API, on the Gateway for public or for private hosts", () => {
    const cluster = {
      ingress: {
        controller: "gateway",
        dnsTarget: { public: "192.0.2.1" },
        gateway: { name: "outer", namespace: "infra" },
        privateGateway: { name: "inner" },
      },
    };
    const ingress = [
      { host: "a.example.com", path: "/api", public: true },
      { host: "b.example.com", public: false },
    ];
    const found = objects(manifest({ api: { port: 80, ingress } }, { cluster }));
    const { metadata, spec } = found.get("HTTPRoute/shop-api-0");
    assert.equal(metadata.annotations["external-dns.alpha.kubernetes.io/target"], "192.0.2.1");
    assert.deepEqual([spec.parentRefs, spec.hostnames], [[{ name: "outer", namespace: "infra" }], ["a.example.com"]]);
    const [rule] = spec.rules;
    assert.deepEqual(rule.matches, [{ path: { type: "PathPrefix", value: "/api" } }]);
    assert.equal(rule.filters[0].urlRewrite.path.replacePrefixMatch, "/");
    assert.deepEqual(rule.backendRefs, [{ name: "shop-api", port: 80 }]);
    assert.deepEqual(found.get("HTTPRoute/shop-api-1").spec.parentRefs, [{ name: "inner" }]);
    assert.equal(
      [...found.keys()].some((name) => /Certificate|Middleware/.test(name)),
      false,
    );
  });

  helmTest("a certificate made elsewhere, or by another issuer", () => {
    const issued = objects(
      manifest({ api: { port: 80, ingress: { host: "a.example.com", tls: { issuer: "inner" } } } }),
    );
    assert.equal(issued.get("Certificate/shop-api-tls").spec.issuerRef.name, "inner");
    const made = objects(
      manifest({ api: { port: 80, ingress: { host: "a.example.com", tls: { secretName: "wild" } } } }),
    );
    assert.equal(made.get("IngressRoute/shop-api").spec.tls.secretName, "wild");
    assert.equal(
      [...made.keys()].some((name) => name.startsWith("Certificate/")),
      false,
    );
  });
});

describe("redirects", () => {
  const to = "https://www.example.com/articles";
  /** The objects of a route that redirects. */
  const redirected = (route: Values, cluster: Values = {}) =>
    objects(manifest({ web: { port: 80, ingress: { host: "blog.example.com", ...route } } }, { cluster }));

  helmTest("Traefik sends visitors elsewhere, with or without the path that they asked for", () => {
    const regex = "^https?://blog\\.example\\.com/(.*)";
    const middleware = (route: Values) => redirected(route).get("Middleware/shop-web-redirect").spec.redirectRegex;
    assert.deepEqual(middleware({ redirectTo: to }), { regex, replacement: `${to}/\${1}`, permanent: true });
    assert.deepEqual(middleware({ redirectTo: `${to}/`, preservePath: false }), {
      regex,
      replacement: to,
      permanent: true,
    });
    const [rule] = redirected({ redirectTo: to, public: false }).get("IngressRoute/shop-web").spec.routes;
    assert.deepEqual(rule.middlewares, [
      { name: "private-access", namespace: "platform-networking" },
      { name: "shop-web-redirect" },
    ]);
    assert.deepEqual(rule.services, [{ name: "shop-web", port: 80 }]);
  });

  helmTest("so does a route of the Gateway API, which then leads to no Service", () => {
    const cluster = { ingress: { controller: "gateway", gateway: { name: "outer" } } };
    const rule = (route: Values) => redirected(route, cluster).get("HTTPRoute/shop-web").spec.rules[0];
    const redirect = (route: Values) => {
      const { filters, backendRefs } = rule(route);
      assert.equal(backendRefs, undefined);
      assert.equal(filters.length, 1);
      return filters[0].requestRedirect;
    };
    const target = { scheme: "https", hostname: "www.example.com", statusCode: 301 };
    assert.deepEqual(redirect({ redirectTo: "https://www.example.com:8443" }), { ...target, port: 8443 });
    assert.deepEqual(redirect({ redirectTo: to }), {
      ...target,
      path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/articles" },
    });
    assert.deepEqual(redirect({ redirectTo: "https://www.example.com", preservePath: false }), {
      ...target,
      path: { type: "ReplaceFullPath", replaceFullPath: "/" },
    });
  });

  helmTest("the application's address is not that of a redirect", () => {
    const ingress = [
      { host: "old.example.com", public: true, redirectTo: "https://www.example.com" },
      { host: "www.example.com", public: true },
    ];
    const { application } = resolved(manifest({ web: { port: 80, ingress } }));
    assert.equal(application.url, "https://www.example.com");
  });
});

describe("Traefik's routes", () => {
  helmTest("go through Middlewares that are named, and through own ones", () => {
    const middlewares = [
      "compress",
      { name: "limit", namespace: "platform" },
      { name: "slow", spec: { rateLimit: { average: 5 } } },
    ];
    const found = objects(manifest({ web: { port: 80, ingress: { host: "a.example.com", path: "/b", middlewares } } }));
    const [rule] = found.get("IngressRoute/shop-web").spec.routes;
    assert.deepEqual(rule.middlewares, [
      { name: "compress" },
      { name: "limit", namespace: "platform" },
      { name: "shop-web-slow" },
      { name: "shop-web-strip-prefix" },
    ]);
    const own = found.get("Middleware/shop-web-slow");
    assert.deepEqual([own.spec, own.metadata.namespace], [{ rateLimit: { average: 5 } }, "prod-shop"]);
  });

  helmTest("have no certificate with tls: false, and one for all routes of a host", () => {
    const ingress = { host: "a.example.com", tls: false };
    const { spec } = objects(manifest({ web: { port: 80, ingress } })).get("IngressRoute/shop-web");
    assert.deepEqual([spec.entryPoints, spec.tls], [["web"], undefined]);
    assert.equal(resolved(manifest({ web: { port: 80, ingress } })).application.url, "http://a.example.com");
    const shared = objects(
      manifest({
        api: { port: 80, ingress: { host: "a.example.com", path: "/api", tls: true } },
        web: { port: 80, ingress: { host: "a.example.com" } },
      }),
    );
    assert.deepEqual(
      [...shared.keys()].filter((name) => name.startsWith("Certificate/")),
      ["Certificate/shop-api-tls"],
    );
    assert.equal(shared.get("IngressRoute/shop-web").spec.tls.secretName, "shop-api-tls");
  });

  helmTest("take every name below a host", () => {
    const ingress = [{ host: "*.example.com", public: true }];
    const found = objects(manifest({ web: { port: 80, ingress } }));
    assert.equal(found.get("IngressRoute/shop-web-0").spec.routes[0].match, "HostRegexp(`^[^.]+\\.example\\.com$`)");
    assert.deepEqual(found.get("Certificate/shop-web-any-example-com-tls").spec.dnsNames, ["*.example.com"]);
  });
});

describe("around the pods", () => {
  helmTest("metrics, by annotations or by Prometheus' operator", () => {
    const api = { ports: { http: 80, metrics: 81 }, metrics: {} };
    const noted = objects(manifest({ api })).get("Deployment/shop-api").spec.template.metadata.annotations;
    assert.deepEqual(noted, {
      "prometheus.io/scrape": "true",
      "prometheus.io/port": "81",
      "prometheus.io/path": "/metrics",
    });
    const cluster = { metrics: { kind: "serviceMonitor" } };
    const found = objects(manifest({ api: { ...api, metrics: { path: "/m", port: "http" } } }, { cluster }));
    assert.deepEqual(found.get("ServiceMonitor/shop-api").spec.endpoints, [{ port: "http", path: "/m" }]);
    assert.equal(found.get("Deployment/shop-api").spec.template.metadata.annotations, undefined);
  });

  helmTest("a network policy names components, namespaces, ranges and the ingress controller", () => {
    const networkPolicy = { from: ["ingress", "web"], to: ["namespace:data", "192.0.2.0/24", "internet"] };
    const found = objects(manifest({ api: { port: 80, networkPolicy }, web: {} }));
    const { policyTypes, ingress, egress, podSelector } = found.get("NetworkPolicy/shop-api").spec;
    assert.deepEqual(policyTypes, ["Ingress", "Egress"]);
    assert.equal(podSelector.matchLabels["app.kubernetes.io/component"], "api");
    const namespace = (name: string) => ({
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
    });
    assert.deepEqual(ingress[0].from, [namespace("platform-networking")]);
    assert.equal(ingress[1].from[0].podSelector.matchLabels["app.kubernetes.io/component"], "web");
    assert.deepEqual(
      egress[0].ports.map(({ port }: Rendered) => port),
      [53, 53],
    );
    assert.deepEqual(
      egress.slice(1, 4).map(({ to }: Rendered) => to[0]),
      [namespace("platform-observability"), namespace("data"), { ipBlock: { cidr: "192.0.2.0/24" } }],
    );
    const internet = egress[4].to.map(({ ipBlock }: Rendered) => ipBlock);
    assert.deepEqual(internet, [
      {
        cidr: "0.0.0.0/0",
        except: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"],
      },
      { cidr: "::/0", except: ["fc00::/7", "fe80::/10"] },
    ]);
    const oneSide = objects(manifest({ api: { networkPolicy: { from: [] } } })).get("NetworkPolicy/shop-api").spec;
    assert.deepEqual([oneSide.policyTypes, "egress" in oneSide], [["Ingress"], false]);
  });

  helmTest("a Job waits for the port of what it comes after; others do not change", () => {
    const components = { store: { port: 9000 }, seed: { kind: "Job", after: ["store"] }, api: { after: ["store"] } };
    const values = manifest(components);
    const found = objects(values);
    const [job] = [...found.values()].filter(({ kind }) => kind === "Job");
    const [wait] = job.spec.template.spec.initContainers;
    assert.equal(wait.name, "wait-for-store");
    assert.deepEqual(wait.command.slice(-2), ["shop-store.prod-shop.svc", "9000"]);
    assert.equal(found.get("Deployment/shop-api").spec.template.spec.initContainers, undefined);
    assert.deepEqual(resolved(values).application.components.api.after, ["store"]);
    const removed = objects(manifest(components, { prod: { components: { store: null } } }));
    for (const object of removed.values()) assert.equal(object.spec.template.spec.initContainers, undefined);
  });

  helmTest("secrets by the operator's newer definition", () => {
    const cluster = { infisical: { api: "v1beta1", authRef: { name: "auth", namespace: "infra" } } };
    const found = objects(
      manifest({ api: { env: { A: { secret: "db/a" } } } }, { cluster, secrets: { db: { path: "/db" } } }),
    );
    assert.deepEqual(found.get("InfisicalStaticSecret/shop-db-infisical").spec, {
      infisicalAuthRef: { name: "auth", namespace: "infra" },
      syncOptions: { refreshInterval: "60s" },
      sources: [{ projectSlug: "jterrazz", environmentSlug: "prod", secretPath: "/db" }],
      targets: [{ name: "shop-db-secrets", namespace: "prod-shop", kind: "Secret", creationPolicy: "Owner" }],
    });
  });

  helmTest("checks on a component that the environment removed are left out, with a notice", () => {
    const verify = { web: { http: "/", component: "web" }, api: { http: "/", component: "api" } };
    const { application, errors } = resolved(
      manifest({ api: { port: 80 }, web: { port: 80 } }, { verify, prod: { components: { web: null } } }),
    );
    assert.deepEqual([errors, Object.keys(application.verify)], [[], ["api"]]);
    assert.deepEqual(application.notices, [
      { path: "spec.verify.web", message: "skipped, since this environment has no web" },
    ]);
  });
});

describe("what a check expects", () => {
  helmTest("the text of the configuration, or the Secret that holds it", () => {
    const verify = {
      a: { http: "/", expect: { config: "urls/relay" } },
      b: { run: "env", expect: { secret: "db/key" } },
    };
    const sets = { config: { urls: { relay: "http://relay" } }, secrets: { db: { path: "/db" } } };
    const { application, errors } = resolved(manifest({ api: { port: 80 } }, { verify, ...sets }));
    assert.deepEqual(errors, []);
    assert.deepEqual(application.verify.a.expect, { text: "http://relay" });
    assert.deepEqual(application.verify.b.expect, { secret: { name: "shop-db-secrets", key: "key" } });
    assert.deepEqual(application.secrets.db.keys, { key: "key" });
    const wrong = resolved(
      manifest({ api: {} }, { ...sets, verify: { a: { run: "env", expect: { config: "urls/rely" } } } }),
    );
    assert.deepEqual(wrong.errors, [
      {
        code: "APP_REFERENCE_UNKNOWN",
        path: "spec.verify.a.expect.config",
        message: 'spec declares no "urls/rely"; sets: urls',
      },
    ]);
  });
});

describe("the last resorts", () => {
  helmTest("a patch adds entries to lists and removes them", () => {
    const patch = {
      podSpec: {
        volumes: [{ name: "cache", emptyDir: {} }],
        imagePullSecrets: [{ name: "other", note: null }],
        initContainers: [{ name: "first", $patch: "delete" }],
      },
      container: {
        env: [{ name: "A", $patch: "delete" }],
        volumeMounts: [
          { mountPath: "/cache", name: "cache" },
          { mountPath: "/tmp", readOnly: null, subPath: "t" },
        ],
      },
    };
    const api = {
      env: { A: "1", B: "2" },
      volumes: { tmp: { mountPath: "/tmp", emptyDir: {}, readOnly: true } },
      initContainers: { first: {}, second: {} },
    };
    const { spec } = objects(manifest({ api: { ...api, patch } })).get("Deployment/shop-api").spec.template;
    const names = (list: Rendered[]) => list.map(({ name }) => name);
    assert.deepEqual(names(spec.volumes), ["tmp", "cache"]);
    assert.deepEqual(spec.imagePullSecrets, [{ name: "registry-credentials" }, { name: "other" }]);
    assert.deepEqual(names(spec.initContainers), ["second"]);
    const [container] = spec.containers;
    assert.ok(!names(container.env).includes("A") && names(container.env).includes("B"));
    assert.deepEqual(container.volumeMounts, [
      { name: "tmp", mountPath: "/tmp", subPath: "t" },
      { name: "cache", mountPath: "/cache" },
    ]);
  });

  helmTest("more objects as a template, which knows the application", () => {
    const quota = `apiVersion: v1
kind: ResourceQuota
metadata:
  name: {{ .App.release }}-quota
  annotations: { place: "{{ .App.environment }}/{{ .App.name }}" }
spec:
  hard: { pods: "9" }
---
# Nothing here.
---
apiVersion: v1
kind: ConfigMap
metadata:
  namespace: elsewhere
data: { labels: {{ .App.labels | toJson | quote }} }
`;
    const found = objects(manifest({ api: {} }, { manifests: { more: quota } }));
    const { metadata } = found.get("ResourceQuota/prod-shop-quota");
    assert.deepEqual([metadata.namespace, metadata.annotations.place], ["prod-shop", "prod/shop"]);
    assert.equal(metadata.labels.app, "shop");
    const second = found.get("ConfigMap/shop-more-1");
    assert.equal(second.metadata.namespace, "elsewhere");
    assert.equal(JSON.parse(second.data.labels).environment, "prod");
  });

  helmTest("an object of a kind that the chart does not know can say that it has no namespace", () => {
    const manifests = { a: { apiVersion: "example.com/v1", kind: "Everywhere", metadata: { namespace: null } } };
    const { metadata } = objects(manifest({ api: {} }, { manifests })).get("Everywhere/shop-a");
    assert.equal("namespace" in metadata, false);
  });

  helmTest("a patch changes each object, merges lists by name, and null deletes", () => {
    const patch = {
      workload: { spec: { minReadySeconds: 5, revisionHistoryLimit: null } },
      podSpec: { hostname: "one", containers: [{ name: "node", tty: true }] },
      container: {
        name: "node",
        env: [
          { name: "A", value: "2" },
          { name: "B", value: "3" },
        ],
        lifecycle: null,
      },
      service: { spec: { sessionAffinity: "ClientIP" } },
      ingress: { metadata: { labels: { team: "web" } } },
    };
    const api = { port: 80, env: { A: "1" }, ingress: { host: "a.example.com" } };
    const found = objects(manifest({ api: { ...api, patch } }));
    const { spec } = found.get("Deployment/shop-api");
    assert.deepEqual([spec.minReadySeconds, "revisionHistoryLimit" in spec], [5, false]);
    const [container, ...none] = spec.template.spec.containers;
    assert.deepEqual([spec.template.spec.hostname, container.name, container.tty, none], ["one", "node", true, []]);
    const values = container.env.map(({ name, value }: Rendered) => `${name}=${value}`);
    assert.deepEqual([values.includes("A=2"), values.includes("A=1"), values.at(-1)], [true, false, "B=3"]);
    assert.equal("lifecycle" in container, false);
    assert.equal(found.get("Service/shop-api").spec.sessionAffinity, "ClientIP");
    assert.equal(found.get("IngressRoute/shop-api").metadata.labels.team, "web");
    const plain = objects(manifest({ api })).get("Deployment/shop-api");
    const empty = objects(manifest({ api: { ...api, patch: { container: { tty: false } } } })).get(
      "Deployment/shop-api",
    );
    const [{ tty, ...rest }] = empty.spec.template.spec.containers;
    assert.deepEqual([tty, rest], [false, plain.spec.template.spec.containers[0]]);
  });

  helmTest("a patch of a Job and of a CronJob", () => {
    const seed = { kind: "Job", when: "post-deploy", patch: { workload: { spec: { parallelism: 2 } } } };
    const clean = { kind: "CronJob", schedule: "0 3 * * *", patch: { workload: { spec: { suspend: true } } } };
    const found = objects(manifest({ seed, clean }));
    assert.equal(found.get("Job/shop-seed").spec.parallelism, 2);
    assert.equal(found.get("CronJob/shop-clean").spec.suspend, true);
  });

  helmTest("more objects get the application's labels, and a namespace where they have one", () => {
    const manifests = {
      quota: { apiVersion: "v1", kind: "ResourceQuota", spec: { hard: { pods: "9" } } },
      role: { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name: "own" }, rules: [] },
      gone: { apiVersion: "v1", kind: "ConfigMap" },
    };
    const found = objects(manifest({ api: {} }, { manifests, prod: { manifests: { gone: null } } }));
    const { metadata, spec } = found.get("ResourceQuota/shop-quota");
    assert.deepEqual([metadata.namespace, metadata.labels.environment, spec.hard.pods], ["prod-shop", "prod", "9"]);
    assert.equal(found.get("ClusterRole/own").metadata.namespace, undefined);
    assert.equal(found.has("ConfigMap/shop-gone"), false);
  });

  helmTest("objects of manifests without a component, and a CronJob by itself", () => {
    const manifests = { a: { apiVersion: "v1", kind: "ConfigMap" } };
    assert.deepEqual([...objects(manifest({}, { manifests })).keys()], ["ConfigMap/shop-a"]);
    const clean = { kind: "CronJob", schedule: "0 3 * * *" };
    assert.deepEqual([...objects(manifest({ clean })).keys()], ["CronJob/shop-clean"]);
  });

  helmTest("Helm 3 and 4 render them alike", () => {
    const api = {
      port: 80,
      patch: { container: { tty: true } },
      networkPolicy: { to: ["internet"] },
      ingress: { host: "a.example.com", controller: "ingress" },
    };
    const values = manifest({ api }, { manifests: { a: { apiVersion: "v1", kind: "ConfigMap", data: { n: "1e3" } } } });
    const four = template(values, [], helms["4"]);
    assert.ok(four.ok, four.stderr);
    assert.equal(template(values, [], helms["3"]).text, four.text);
  });
});
