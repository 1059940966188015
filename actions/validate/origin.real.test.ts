import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { ensureTools } from "../../test/cluster/toolchain.ts";
import { recordingContext } from "../../test/context.ts";
import { bundledChart, openHelm } from "../core/helm.ts";
import { validateFiles } from "./validate.ts";

const { helm } = await ensureTools(["helm"]);
const PATH = [dirname(helm), process.env["PATH"]].join(delimiter);

/** Where the problems of a manifest are, as `LINE: path: object`; an environment that is not the only one is named. */
async function placesIn(test: TestContext, manifest: string): Promise<string[]> {
  const { context } = await recordingContext(test, { environment: { PATH } });
  writeFileSync(join(context.workspace, "app.yaml"), manifest);
  const rules = { chart: bundledChart() };
  const { problems } = await validateFiles(["app.yaml"], rules, context.workspace, () => openHelm(context));
  const lines = manifest.split("\n");
  return problems.map(
    ({ line, path, message }) =>
      `${lines[line - 1]?.trim()} | ${path} | ${message.split(":")[0]?.replace(/-[0-9a-f]{10}$/, "-HASH")}`,
  );
}

const head = "apiVersion: jterrazz.com/v1\nmetadata: { name: shop }\n";

/** One source a case: the manifest, and what its problems point at. */
const cases: Readonly<Record<string, readonly [manifest: string, places: readonly string[]]>> = {
  "an object of manifests": [
    `spec:
  manifests:
    extra:
      apiVersion: v1
      kind: ConfigMap
      metadata: { name: extra }
      data:
        port: 8080
environments: { prod: {} }`,
    ["port: 8080 | spec.manifests.extra.data.port | ConfigMap/extra"],
  ],
  "an object of manifests that the environment brings": [
    `spec: {}
environments:
  prod:
    manifests:
      extra: { apiVersion: apps/v1beta1, kind: Deployment, metadata: { name: extra } }`,
    [
      "extra: { apiVersion: apps/v1beta1, kind: Deployment, metadata: { name: extra } } | environments.prod.manifests.extra.apiVersion | Deployment/extra",
    ],
  ],
  "patch.workload, of one environment only": [
    `spec: { patch: { workload: { spec: { minReadySeconds: 5 } } } }
environments:
  staging: {}
  prod:
    patch:
      workload:
        spec:
          minReadySecond: 3`,
    ["minReadySecond: 3 | environments.prod.patch.workload.spec.minReadySecond | Deployment/shop"],
  ],
  "patch.podSpec, with containers by name": [
    `spec:
  components:
    web:
      image: a/b:1
      patch:
        podSpec:
          containers:
            - name: shop-web
              stdin: true
            - name: helper
              imagePullPolicy: Sometimes
environments: { prod: {} }`,
    [
      "imagePullPolicy: Sometimes | spec.components.web.patch.podSpec.containers.1.imagePullPolicy | Deployment/shop-web",
    ],
  ],
  "patch.container, inherited from another component": [
    `spec:
  components:
    base:
      image: a/b:1
      enabled: false
      patch:
        container:
          tty: maybe
    web: { extends: base }
environments: { prod: {} }`,
    ["tty: maybe | spec.components.base.patch.container.tty | Deployment/shop-web"],
  ],
  "patch.service": [
    `spec:
  patch:
    service:
      spec:
        sessionAffinity: None2
environments: { prod: {} }`,
    ["sessionAffinity: None2 | spec.patch.service.spec.sessionAffinity | Service/shop"],
  ],
  "patch.ingress": [
    `spec:
  ingress: { host: shop.example.com }
  patch:
    ingress:
      spec:
        entryPoint: [web]
environments: { prod: {} }`,
    ["entryPoint: [web] | spec.patch.ingress.spec.entryPoint | IngressRoute/shop"],
  ],
  "patch.workload of a CronJob": [
    `spec:
  components:
    tidy:
      kind: CronJob
      image: a/b:1
      schedule: "0 0 * * *"
      patch:
        workload:
          spec:
            suspend: 1
environments: { prod: {} }`,
    ["suspend: 1 | spec.components.tidy.patch.workload.spec.suspend | CronJob/shop-tidy"],
  ],
  "patch.workload of a Job": [
    `spec:
  components:
    once:
      kind: Job
      image: a/b:1
      patch:
        workload:
          spec:
            completion: 1
environments: { prod: {} }`,
    ["completion: 1 | spec.components.once.patch.workload.spec.completion | Job/shop-once-HASH"],
  ],
  "an object of manifests that is there twice, in an environment for many": [
    `spec:
  manifests:
    one: { apiVersion: v1, kind: ConfigMap, metadata: { name: same } }
environments:
  pr-*:
    deploy: { branch: main }
    manifests:
      two:
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: same`,
    [
      "one: { apiVersion: v1, kind: ConfigMap, metadata: { name: same } } | spec.manifests.one.metadata.name | ConfigMap/same is rendered twice in namespace pr-1-shop",
    ],
  ],
  "a selector of patch.service that fits no pod": [
    `spec:
  patch:
    service:
      spec:
        selector: { track: blue }
environments: { prod: {} }`,
    ["selector: { track: blue } | spec.patch.service.spec.selector | Service/shop"],
  ],
  "a Service of manifests may select what is not there": [
    `spec:
  manifests:
    front: { apiVersion: v1, kind: Service, metadata: { name: front }, spec: { selector: { a: b }, ports: [{ port: 80 }] } }
environments: { prod: {} }`,
    [],
  ],
  "affinity of the defaults": [
    `spec:
  defaults:
    affinity:
      nodeAffinity:
        requiredDuringScheduling: {}
  components:
    web: { image: a/b:1 }
environments: { prod: {} }`,
    [
      "requiredDuringScheduling: {} | spec.defaults.affinity.nodeAffinity.requiredDuringScheduling | Deployment/shop-web",
    ],
  ],
  "affinity with something missing, of a component's environment": [
    `spec:
  components:
    web: { image: a/b:1 }
environments:
  prod:
    components:
      web:
        affinity:
          nodeAffinity:
            requiredDuringSchedulingIgnoredDuringExecution: {}`,
    [
      "requiredDuringSchedulingIgnoredDuringExecution: {} | environments.prod.components.web.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution | Deployment/shop-web",
    ],
  ],
};

describe("a problem of a rendered object points at what made it:", () => {
  for (const [name, [manifest, expected]] of Object.entries(cases)) {
    test(name, async (test) => {
      assert.deepEqual(await placesIn(test, `${head}${manifest}\n`), expected);
    });
  }
});
