import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { openJudge } from "../actions/validate/schema.ts";
import { chartFolder, type Values } from "./helm.testing.ts";

/** Values on both sides of a limit, at one place below `spec`. */
interface Limit {
  readonly at: string;
  /** What stands at the place: the value itself, or it with what it needs around it. */
  readonly put?: (value: unknown) => unknown;
  readonly good: readonly unknown[];
  readonly bad: readonly unknown[];
}

const asKey = (key: unknown) => ({ [String(key)]: null });
const labelKeys = {
  good: ["team", "example.com/tier", "a_b.C"],
  bad: ["a b", "Example.com/tier", "a..b/c", "/c", "-a", "a/b/c"],
};
const labelValues = { good: ["", "a", "A-1_b.c"], bad: ["a b", "a-", "é", "a".repeat(64)] };
const images = {
  good: [
    "nginx",
    "nginx:1.29",
    "localhost:5000/a__b/c-d:X_1.2",
    `r.example.com/a@sha256:${"0a".repeat(32)}`,
    "[::1]:5000/a",
  ],
  bad: ["My App:1", "app:", "https://r.example.com/app:1", "${IMAGE}", "a//b", "a@sha256:12", "team/App", ":1"],
};
const seconds = { good: ["1s", "1h30m", 1, null], bad: ["0s", "0m0s", "", 0] };
const mountPaths = { good: ["/data", "/a/b/", "/.c"], bad: ["/", "//", "data", "/a:b"] };
const int32 = 2 ** 31;

/** What the API server takes and what it refuses, or what could never run, as the schema has it. */
const limits: readonly Limit[] = [
  {
    at: "ports",
    put: (name) => ({ [String(name)]: 80 }),
    good: ["http", "a-1", "1-a", "9p"],
    bad: ["123", "a--b", "1-2", "-a", "a".repeat(16)],
  },
  { at: "ports.a", good: ["1/TCP", "65535/UDP", "80"], bad: ["0", "65536/UDP", "99999/UDP", "080", "80/http"] },
  { at: "service.name", good: ["a1"], bad: ["1abc", "a.b"] },
  { at: "labels", put: asKey, ...labelKeys },
  { at: "labels.a", ...labelValues },
  { at: "nodeSelector", put: asKey, ...labelKeys },
  { at: "nodeSelector.a", ...labelValues },
  { at: "annotations", put: asKey, good: ["Example.com/Tier"], bad: ["a b"] },
  { at: "tolerations.0.key", good: ["example.com/a"], bad: ["a b"] },
  { at: "tolerations.0.value", ...labelValues },
  { at: "secrets.env", put: (name) => [name], good: ["A_b.C-1"], bad: ["a b", "1A", ""] },
  { at: "secrets.env.A", good: ["key.pem", ".dot"], bad: ["a b", "..", "../a", "a/b"] },
  { at: "secrets.db.keys", put: (key) => [key], good: ["key.pem", "1"], bad: ["a b", ".", "", "a".repeat(254)] },
  { at: "config.a", put: (key) => ({ [String(key)]: "x" }), good: ["app.toml", "A_1"], bad: ["a b", "..a", "a/b"] },
  { at: "env.A.secret", good: ["db/key.pem"], bad: ["db/a b", "db/a/b", "db/", "/a"] },
  { at: "env.A.field", good: ["status.podIPs", "metadata.labels['a/b']"], bad: ["status.nope", "metadata.labels", ""] },
  { at: "env.A.resource", good: ["limits.memory", "requests.hugepages-2Mi"], bad: ["limits.nope", "memory"] },
  { at: "volumes.a.mountPath", ...mountPaths },
  { at: "storage.mountPath", ...mountPaths },
  { at: "writable", put: (path) => [path], ...mountPaths },
  { at: "files", put: asKey, good: ["/a", "/a b/c.d"], bad: ["/", "/a/", "a", "/a:b"] },
  { at: "volumes.a.subPath", good: ["a/b", "..a", "", null], bad: ["/x", "../x", "a/../b", ".."] },
  { at: "volumes.a.hostPath", good: ["/a/..b", null], bad: ["/a/../b", "/..", "a"] },
  { at: "volumes.a.storageClass", good: ["fast.io", ""], bad: ["A b"] },
  { at: "volumes.a.emptyDir.sizeLimit", good: [0, "1Gi"], bad: [-1] },
  { at: "image", ...images },
  { at: "initContainers.a.image", ...images },
  { at: "image.repository", good: ["a.example.com:443/b"], bad: ["a:1", "A", "a b"] },
  { at: "image.tag", good: ["1.4.2", 7, "_a"], bad: ["", "a b", "-a", "a".repeat(129)] },
  {
    at: "ingress.host",
    good: ["a.example.com", "*.example.com", "localhost", "3a"],
    bad: ["X.Example.com", "10.0.0.1", "x..example.com", "a_b.c", "*", `${"a".repeat(64)}.c`],
  },
  { at: "priorityClass", good: ["system-node-critical", "a.b"], bad: ["A B", "a..b"] },
  { at: "serviceAccount", good: ["deployer", "a.b"], bad: ["A B"] },
  { at: "updateStrategy.maxUnavailable", good: [0, 3, "25%", "100%"], bad: [-1, "25 %", "200%", "1"] },
  { at: "updateStrategy.maxSurge", good: [0, 3, "25%", "200%"], bad: [-1, "25 %", "1"] },
  { at: "pdb.minAvailable", good: [1, "50%"], bad: ["101%", -1] },
  { at: "pdb.maxUnavailable", good: [1, "100%"], bad: ["200%", "one"] },
  { at: "rbac.rules.0", put: (verbs) => ({ verbs }), good: [["get"]], bad: [[]] },
  { at: "replicas", good: [0, int32 - 1], bad: [int32, -1] },
  { at: "replicas.max", good: [int32 - 1], bad: [10 ** 12] },
  {
    at: "replicas.behavior.scaleUp.policies",
    good: [[{ type: "Pods", value: 1, periodSeconds: 60 }]],
    bad: [[], [{ type: "Pods", value: int32, periodSeconds: 60 }]],
  },
  { at: "retries", good: [int32 - 1], bad: [int32] },
  { at: "securityContext.runAsUser", good: [0, int32 - 1], bad: [int32, -1] },
  { at: "securityContext.supplementalGroups", put: (group) => [group], good: [0], bad: [-1, int32] },
  { at: "health.startup.within", ...seconds },
  { at: "health.readiness.period", ...seconds },
  { at: "health.liveness.timeout", ...seconds },
  { at: "health.startup.failures", good: [int32 - 1], bad: [int32] },
  { at: "health.httpHeaders.0", put: (name) => ({ name, value: "" }), good: ["X-A"], bad: ["a b", ""] },
  { at: "verify.a.timeout", ...seconds },
  { at: "verify.a.http", good: ["/", "https://a"], bad: ["api", "ftp://x", "", "http:///"] },
  { at: "verify.a.run", good: ["true"], bad: [""] },
  { at: "verify.a.logs", good: ["."], bad: [""] },
];

/** A manifest with one value below `spec`; a number in the place is an index. */
function manifest(place: string, value: unknown): Values {
  const wrap = (inner: unknown, key: string): unknown => (key === "0" ? [inner] : { [key]: inner });
  return { metadata: { name: "a" }, spec: place.split(".").reduceRight(wrap, value) as Values };
}

describe("the schema has the limits of", () => {
  const judge = openJudge(chartFolder);
  for (const { at, put = (value: unknown) => value, good, bad } of limits) {
    test(`${at}`, async () => {
      for (const value of good) assert.deepEqual(await judge.explain(manifest(at, put(value))), [], String(value));
      for (const value of bad) {
        const [first] = await judge.explain(manifest(at, put(value)));
        assert.ok(first, `accepts ${JSON.stringify(value)}`);
        assert.equal(first.code, "APP_VALUE_INVALID");
        assert.ok(first.keys.join(".").startsWith(`spec.${at}`), first.keys.join("."));
      }
    });
  }

  test("replicas in an environment too, since it is the same schema", async () => {
    const [first] = await judge.explain({ metadata: { name: "a" }, environments: { prod: { replicas: int32 } } });
    assert.deepEqual(first?.keys, ["environments", "prod", "replicas"]);
  });
});
