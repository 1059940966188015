import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { bundledChart } from "../core/helm.ts";
import { kubernetesVersions } from "./kubernetes-versions.ts";
import { objectChecker } from "./objects.ts";

const check = objectChecker();

describe("the objects of", () => {
  for (const file of globSync("*.yaml", { cwd: join(bundledChart(), "golden") }).sort()) {
    for (const version of kubernetesVersions) {
      test(`${file} are right and all known in Kubernetes ${version}`, () => {
        const rendered = readFileSync(join(bundledChart(), "golden", file), "utf8");
        assert.deepEqual(objectChecker(version)(rendered), { mistakes: [], unknown: [] });
      });
    }
  }
});

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, creationTimestamp: null }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: a/b:1
          ports: [{ containerPort: 80 }]
          resources: { limits: { cpu: 1, memory: 1Gi } }
          readinessProbe: { httpGet: { path: /, port: http } }
`;

test("a right Deployment passes", () => {
  assert.deepEqual(check(deployment), { mistakes: [], unknown: [] });
});

test("unknown keys, wrong types and missing keys are named with object and path", () => {
  const wrong = deployment
    .replace("containerPort: 80", 'containerPort: "80"')
    .replace("readinessProbe", "readynessProbe")
    .replace("- name: web\n", "- workingDir: /\n");
  const { mistakes } = check(wrong);
  const place = "spec.template.spec.containers.0";
  assert.deepEqual(
    mistakes.map(({ keys, message, hint }) => [keys.join("."), message, hint]),
    [
      [`${place}.name`, `Deployment/web: ${place}.name: \`name\` is missing (Kubernetes 1.35)`, ""],
      [
        `${place}.ports.0.containerPort`,
        `Deployment/web: ${place}.ports.0.containerPort: \`80\` is not a whole number (Kubernetes 1.35)`,
        "write it without quotes: 80",
      ],
      [
        `${place}.readynessProbe`,
        `Deployment/web: ${place}.readynessProbe: \`readynessProbe\` is not a key here (Kubernetes 1.35)`,
        "did you mean `readinessProbe`?",
      ],
    ],
  );
});

/** What is said of one object, in one version. */
function said(text: string, version?: string): string[] {
  return objectChecker(version)(text).mistakes.map(({ message, hint }) => `${message}; ${hint}`);
}

test("a key that only other versions know says which", () => {
  // Since 1.34 a pod may name itself otherwise; checked in the API's own change list.
  const named = deployment.replace("      containers:", "      hostnameOverride: db\n      containers:");
  assert.deepEqual(said(named, "1.34"), []);
  const [only, ...more] = said(named, "1.33");
  assert.deepEqual(more, []);
  assert.match(only ?? "", /hostnameOverride.*Kubernetes 1\.33.*; Kubernetes 1\.34, 1\.35 and 1\.36 take it$/);
});

test("a kind that Kubernetes does not have in this version says where it is", () => {
  const old = "apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: { name: web }\n";
  assert.deepEqual(said(old), [
    "PodDisruptionBudget/web: Kubernetes 1.35 has no policy/v1beta1 PodDisruptionBudget; it is in policy/v1",
  ]);
  const young = "apiVersion: scheduling.k8s.io/v1alpha2\nkind: PodGroup\nmetadata: { name: web }\n";
  assert.deepEqual(said(young), [
    "PodGroup/web: Kubernetes 1.35 has no scheduling.k8s.io/v1alpha2 PodGroup; Kubernetes 1.36 has it",
  ]);
  assert.deepEqual(objectChecker("1.36")(young), { mistakes: [], unknown: ["scheduling.k8s.io/v1alpha2 PodGroup"] });
});

const customResources = {
  "an unknown key of Traefik's": [
    "traefik.io/v1alpha1",
    "IngressRoute",
    "{ routes: [{ kind: Rule, match: a, hosts: [] }] }",
    /hosts.*Traefik/,
  ],
  "a missing key of Traefik's": [
    "traefik.io/v1alpha1",
    "IngressRoute",
    "{ routes: [{ kind: Rule }] }",
    /match.*missing/,
  ],
  "a value of Traefik's": [
    "traefik.io/v1alpha1",
    "IngressRoute",
    "{ routes: [{ kind: Rules, match: a }] }",
    /`Rules` is not Rule/,
  ],
  "a type of a Middleware": [
    "traefik.io/v1alpha1",
    "Middleware",
    "{ stripPrefix: { prefixes: /a } }",
    /prefixes.*list/,
  ],
  "a missing key of a Certificate": [
    "cert-manager.io/v1",
    "Certificate",
    "{ secretName: a }",
    /issuerRef.*cert-manager/,
  ],
  "a pattern of the Gateway API": [
    "gateway.networking.k8s.io/v1",
    "HTTPRoute",
    "{ hostnames: [A_b] }",
    /A_b.*Gateway API/,
  ],
  "a key of a ServiceMonitor": [
    "monitoring.coreos.com/v1",
    "ServiceMonitor",
    "{ selector: {}, endpoints: [{ ports: a }] }",
    /did you mean/,
  ],
  "a key of an InfisicalSecret": ["secrets.infisical.com/v1alpha1", "InfisicalSecret", "{ hostApi: a }", /hostAPI/],
  "a missing key of an InfisicalStaticSecret": [
    "secrets.infisical.com/v1beta1",
    "InfisicalStaticSecret",
    "{ infisicalAuthRef: { name: a, namespace: b }, sources: [], targets: [] }",
    /syncOptions.*missing.*Infisical's operator/,
  ],
} as const;

describe("custom resources are checked by their published definitions:", () => {
  for (const [name, [apiVersion, kind, spec, expected]] of Object.entries(customResources)) {
    test(name, () => {
      const [only, ...more] = said(`apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: a }\nspec: ${spec}\n`);
      assert.match(only ?? "", expected);
      assert.deepEqual(more, []);
    });
  }
});

test("what is not known is said once", () => {
  const { mistakes, unknown } = check(
    "apiVersion: a.b/v1\nkind: C\nmetadata: {name: a}\n---\napiVersion: a.b/v1\nkind: C\nmetadata: {name: b}\n---\n# nothing\n",
  );
  assert.deepEqual({ mistakes, unknown }, { mistakes: [], unknown: ["a.b/v1 C"] });
});

describe("several objects together:", () => {
  const service =
    "apiVersion: v1\nkind: Service\nmetadata: { name: web, namespace: a }\nspec: { selector: { app: web } }\n";
  const inNamespace = deployment.replace("name: web, c", "namespace: a, name: web, c");

  test("the same object twice, whatever the version of its group", () => {
    const hpa = (version: string) =>
      `apiVersion: autoscaling/${version}\nkind: HorizontalPodAutoscaler\nmetadata: { name: web }\nspec: { maxReplicas: 2, scaleTargetRef: { kind: Deployment, name: web } }\n`;
    const { mistakes } = check(`${hpa("v2")}---\n${hpa("v1")}`);
    assert.deepEqual(
      mistakes.map(({ code, object }) => [code, object.apiVersion]),
      [["APP_OBJECT_TWICE", "autoscaling/v1"]],
    );
  });

  test("the same name in another namespace or of another kind is another object", () => {
    const elsewhere = inNamespace.replace("namespace: a", "namespace: b");
    assert.deepEqual(check([deployment, inNamespace, elsewhere, service].join("---\n")).mistakes, []);
  });

  test("a Service that selects no pod, in its namespace", () => {
    assert.deepEqual(check(`${service}---\n${inNamespace}`).mistakes, []);
    const alone = (text: string) => check(text).mistakes.map(({ code, message }) => `${code}: ${message}`);
    const expected = ["APP_SERVICE_NO_POD: Service/web: spec.selector: no pod has the labels app=web"];
    assert.deepEqual(alone(`${service}---\n${deployment}`), expected);
    assert.deepEqual(
      alone(`${service}---\n${inNamespace.replace("labels: { app: web }", "labels: { app: api }")}`),
      expected,
    );
    const cron = `apiVersion: batch/v1\nkind: CronJob\nmetadata: { name: web, namespace: a }\nspec:\n  schedule: "0 0 * * *"\n  jobTemplate: { spec: { template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: a }] } } } }\n`;
    assert.deepEqual(alone(`${service}---\n${cron}`), []);
  });
});
