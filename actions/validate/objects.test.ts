import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { bundledChart } from "../core/helm.ts";
import { objectChecker } from "./objects.ts";

const check = objectChecker();

describe("the objects of", () => {
  for (const file of globSync("*.yaml", { cwd: join(bundledChart(), "golden") }).sort()) {
    test(`${file} are right; only kinds from outside of Kubernetes are unknown`, () => {
      const { mistakes, unknown } = check(readFileSync(join(bundledChart(), "golden", file), "utf8"));
      assert.deepEqual(mistakes, []);
      // Kubernetes' own groups have no dot, or end in .k8s.io; only the Gateway API comes from elsewhere.
      const own = unknown.filter((kind) => !/^[^/]*\./.test(kind) || /^(?!gateway\.)[^/]*\.k8s\.io\//.test(kind));
      assert.deepEqual(own, []);
    });
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
  const { mistakes } = check(`${deployment}---\n${wrong}`);
  const place = "Deployment/web: spec.template.spec.containers.0";
  assert.equal(mistakes.length, 3, mistakes.join("\n"));
  const text = mistakes.join("\n");
  assert.ok(text.includes(`${place}.ports.0.containerPort: \`80\` is not a whole number`), text);
  assert.ok(
    text.includes(`${place}.readynessProbe: \`readynessProbe\` is not a key here; did you mean \`readinessProbe\`?`),
    text,
  );
  assert.ok(text.includes(`${place}.name: \`name\` is missing`), text);
});

test("what is not known is said once", () => {
  const { mistakes, unknown } = check(
    "apiVersion: a.b/v1\nkind: C\n---\napiVersion: a.b/v1\nkind: C\n---\n# nothing\n",
  );
  assert.deepEqual({ mistakes, unknown }, { mistakes: [], unknown: ["a.b/v1 C"] });
});
