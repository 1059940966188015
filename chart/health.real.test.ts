import assert from "node:assert/strict";
import { describe } from "node:test";
import { container, helmTest, objects, type Rendered, resolved, type Values } from "./helm.testing.ts";

/** The three probes of an application with the port `http`, and what the actions read of its health. */
function probes(health: unknown, prod?: unknown, ports: Values = { http: 3000, admin: 3001 }): Rendered {
  const values: Values = {
    metadata: { name: "my-app" },
    spec: { ports, health },
    environments: { prod: prod === undefined ? {} : { health: prod } },
    environment: "prod",
  };
  const { startupProbe, readinessProbe, livenessProbe } = container(objects(values));
  const { application } = resolved(values);
  return {
    startup: startupProbe,
    readiness: readinessProbe,
    liveness: livenessProbe,
    facts: application.components.main.health,
    notices: application.notices,
  };
}

describe("health", () => {
  helmTest("each probe can be switched off by itself", () => {
    for (const name of ["startup", "readiness", "liveness"]) {
      const found = probes({ path: "/up", [name]: false });
      for (const other of ["startup", "readiness", "liveness"]) {
        assert.equal(found[other] === undefined, other === name, `${name}: false, ${other}`);
      }
    }
  });

  helmTest("each probe can ask in its own way; what it does not say it takes from health", () => {
    const found = probes({
      path: "/up",
      timeoutSeconds: 7,
      startup: { exec: ["started"], within: "5m", period: "10s" },
      readiness: { path: "/ready", port: "admin", failures: 2 },
      liveness: { grpc: "store", period: "1m", timeout: "2s" },
    });
    assert.deepEqual(found.startup, {
      exec: { command: ["started"] },
      periodSeconds: 10,
      failureThreshold: 30,
      timeoutSeconds: 7,
    });
    assert.deepEqual(found.readiness, {
      httpGet: { path: "/ready", port: "admin" },
      periodSeconds: 5,
      failureThreshold: 2,
      timeoutSeconds: 7,
    });
    assert.deepEqual(found.liveness, {
      grpc: { port: 3000, service: "store" },
      initialDelaySeconds: 0,
      periodSeconds: 60,
      failureThreshold: 3,
      timeoutSeconds: 2,
    });
    assert.deepEqual(found.facts, { path: "/up", startup: { within: 300, stated: true } });
  });

  helmTest("a budget that no whole number of tries fills is rounded up", () => {
    assert.equal(probes({ path: "/up", readiness: { within: "31s", period: "10s" } }).readiness.failureThreshold, 4);
  });

  helmTest("Kubernetes' own fields stand beside the language's", () => {
    const headers = [{ name: "X-Probe", value: "1" }];
    const found = probes({
      path: "/up",
      scheme: "HTTPS",
      startup: { periodSeconds: 4, failureThreshold: 50, initialDelaySeconds: 10 },
      readiness: { successThreshold: 2, httpHeaders: headers },
      liveness: { terminationGracePeriodSeconds: 9, timeoutSeconds: 9, failureThreshold: 6 },
    });
    assert.deepEqual([found.startup.periodSeconds, found.startup.failureThreshold], [4, 50]);
    assert.equal(found.startup.initialDelaySeconds, 10);
    assert.equal(found.facts.startup.within, 210);
    assert.deepEqual(found.readiness.httpGet, { path: "/up", port: "http", scheme: "HTTPS", httpHeaders: headers });
    assert.equal(found.readiness.successThreshold, 2);
    const { terminationGracePeriodSeconds, timeoutSeconds, failureThreshold } = found.liveness;
    assert.deepEqual([terminationGracePeriodSeconds, timeoutSeconds, failureThreshold], [9, 9, 6]);
  });

  helmTest("a higher layer's form and time clear those of a lower one", () => {
    const spec = { path: "/up", readiness: { path: "/ready", period: "9s" }, startup: { within: "5m" } };
    const found = probes(spec, { readiness: { tcp: true, periodSeconds: 8 }, startup: { failures: 12 } });
    assert.deepEqual(found.readiness.tcpSocket, { port: "http" });
    assert.deepEqual([found.readiness.httpGet, found.readiness.periodSeconds], [undefined, 8]);
    assert.equal(found.startup.failureThreshold, 12);
    assert.equal(probes(spec, { exec: ["ready"] }).liveness.httpGet, undefined);
    assert.equal(probes(spec, { readiness: true }).readiness.httpGet.path, "/up");
    assert.equal(probes(spec, { readiness: null }).readiness.periodSeconds, 5);
  });

  helmTest("TCP is for readiness and startup, never for liveness", () => {
    const found = probes({ tcp: true });
    assert.deepEqual([found.readiness.tcpSocket, found.startup.tcpSocket], [{ port: "http" }, { port: "http" }]);
    assert.equal(found.liveness, undefined);
    assert.equal(probes({ tcp: true, liveness: { exec: ["alive"] } }).liveness.exec.command[0], "alive");
  });

  helmTest("a variable that nobody puts in place is noticed, but not in a shell", () => {
    const paths = (exec: string[]) => probes({ exec }).notices.map(({ path }: Rendered) => path);
    assert.deepEqual(paths(["redis-cli", "-a", "$(PASSWORD)", "ping"]), ["spec.health.exec"]);
    assert.deepEqual(paths(["/bin/sh", "-c", "test $(cat /ready) = yes"]), []);
  });
});
