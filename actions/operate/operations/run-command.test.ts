import assert from "node:assert/strict";
import { test } from "node:test";
import { secretsIn } from "../secrets.ts";
import { jobFrom, ownVolumesOf } from "./run-command.ts";

const template = {
  metadata: { labels: { app: "web", "app.kubernetes.io/instance": "prod-web" } },
  spec: {
    serviceAccountName: "web",
    restartPolicy: "Always",
    nodeSelector: { disk: "fast" },
    initContainers: [{ name: "wait", image: "wait:1", env: [secretVariable("A", "first")] }],
    containers: [
      {
        name: "web",
        image: "web:1",
        command: ["serve"],
        args: ["--all"],
        env: [secretVariable("B", "second"), { name: "C", value: "plain" }],
        envFrom: [{ secretRef: { name: "third" } }],
        ports: [{ containerPort: 80, hostPort: 80 }],
        readinessProbe: { httpGet: { port: 80 } },
        volumeMounts: [{ name: "keys", mountPath: "/keys" }],
      },
      { name: "proxy", image: "proxy:1" },
    ],
    volumes: [
      { name: "keys", secret: { secretName: "fourth" } },
      { name: "all", projected: { sources: [{ secret: { name: "fifth" } }, { configMap: { name: "plain" } }] } },
      { name: "data", persistentVolumeClaim: { claimName: "data" } },
    ],
  },
};

function secretVariable(name: string, secret: string) {
  return { name, valueFrom: { secretKeyRef: { name: secret, key: "value" } } };
}

test("a Job has what its component has, but nothing that takes requests or never ends", () => {
  const job = jobFrom(template, { containerName: "web" }, { name: "web-run-1", command: ["migrate"], seconds: 60 });
  const { template: made, activeDeadlineSeconds, backoffLimit } = job.spec ?? {};
  assert.deepEqual([activeDeadlineSeconds, backoffLimit], [60, 0]);
  assert.equal(made?.metadata?.labels?.["app"], undefined);
  assert.notEqual(made?.metadata?.labels?.["app.kubernetes.io/instance"], "prod-web");
  const { initContainers, nodeSelector, serviceAccountName, volumes } = template.spec;
  const { env, envFrom, volumeMounts } = template.spec.containers[0] ?? {};
  assert.deepEqual(made?.spec, {
    ...{ initContainers, nodeSelector, serviceAccountName, volumes, restartPolicy: "Never" },
    containers: [{ name: "web", image: "web:1", command: ["migrate"], env, envFrom, volumeMounts }],
  });
});

test("a Job does without the volumes that a StatefulSet makes for each pod, and they are known", () => {
  const [web, proxy] = template.spec.containers;
  const volumeMounts = [...(web?.volumeMounts ?? []), { name: "own", mountPath: "/data" }];
  const wait = { name: "wait", image: "wait:1", volumeMounts: [{ name: "own", mountPath: "/data" }] };
  const spec = { ...template.spec, initContainers: [wait], containers: [{ name: "web", ...web, volumeMounts }] };
  const set = { ...template, spec: { ...spec, containers: [...spec.containers, { name: "proxy", ...proxy }] } };
  const job = jobFrom(set, { containerName: "web" }, { name: "web-run-1", command: ["migrate"], seconds: 60 });
  const { containers = [], initContainers = [] } = job.spec?.template.spec ?? {};
  const mounts = [...initContainers, ...containers].map((one) => one.volumeMounts?.map(({ mountPath }) => mountPath));
  assert.deepEqual(mounts, [[], ["/keys"]]);
  assert.deepEqual(ownVolumesOf(set), ["/data"]);
  assert.deepEqual(ownVolumesOf(template), []);
});

test("every way in which a pod reads a Secret is known", () => {
  assert.deepEqual(secretsIn(template.spec), ["first", "second", "third", "fourth", "fifth"]);
});
