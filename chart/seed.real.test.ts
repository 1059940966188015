import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe } from "node:test";
import { chartFolder, helmTest } from "./helm.testing.ts";
import { type Case, cases, type Facts, factsOf } from "./seed/facts.testing.ts";

// A manifest that was published for the seed deploys over what the seed's chart deployed: every object has its name, every
// selector, port, path, Secret and certificate stays, and so does all else but for the differences that are listed here.

interface Difference {
  readonly what: string;
  /** Of `Kind path`, or of `Kind` alone for objects that only one chart makes. */
  readonly of: RegExp;
}

/** What may be otherwise: we ship other defaults. */
const allowed: readonly Difference[] = [
  { what: "probes", of: /^Deployment .*\.(liveness|readiness|startup)Probe\./ },
  { what: "security context", of: /^Deployment .*\.?securityContext\./ },
  { what: "rollout settings", of: /^Deployment spec\.(strategy|progressDeadlineSeconds)/ },
  { what: "preStop", of: /^Deployment .*\.(lifecycle\.preStop|terminationGracePeriodSeconds)/ },
  { what: "PDB", of: /^PodDisruptionBudget$/ },
  { what: "spread", of: /^Deployment .*\.topologySpreadConstraints\[/ },
  { what: "pull policy", of: /^Deployment .*\.imagePullPolicy$/ },
  { what: "token automount", of: /^Deployment .*\.automountServiceAccountToken$/ },
  { what: "service links", of: /^Deployment .*\.enableServiceLinks$/ },
  {
    what: "checksums, in place of the release's revision",
    of: /^Deployment .*\.(checksum\/config|rollout\/release-revision)$/,
  },
  { what: "variables that the seed gave", of: /^Deployment .*\.env\[(OTEL_[A-Z_]+|NODE_OPTIONS)\]/ },
  { what: "NetworkPolicy", of: /^NetworkPolicy$/ },
];

/** What only reads otherwise: the same thing in other words, or more words. */
const reworded: readonly Difference[] = [
  { what: "the namespace, said by each object", of: /^\w+ metadata\.namespace$/ },
  { what: "Helm's name in its label", of: /^\w+ metadata\.labels\.app\.kubernetes\.io\/managed-by$/ },
  {
    what: "labels of pods beside those that select them",
    of: /^Deployment spec\.template\.metadata\.labels\.app\.kubernetes\.io\//,
  },
  { what: "names of ports", of: /^(Service|Deployment) .*\.?ports\[\d+\]\.name$/ },
  { what: "defaults of a Service", of: /^Service spec\.(type|ports\[80\]\.protocol)$/ },
  {
    what: "volumes are kept when the release is removed",
    of: /^PersistentVolume(Claim)? .*helm\.sh\/resource-policy$/,
  },
  { what: "the container that gives a volume to UID 1000", of: /^Deployment spec\.template\.spec\.initContainers\[/ },
  {
    what: "the operator's address, interval and list form",
    of: /^InfisicalSecret spec\.(hostAPI|resyncInterval|managed)/,
  },
  {
    what: "how files of the configuration are mounted",
    of: /^Deployment .*(\[config(-config)?\]|\[\/app\/[^\]]+\]\.(name|subPath))/,
  },
];

const recorded: Readonly<Record<string, Facts>> = JSON.parse(
  readFileSync(join(chartFolder, "seed/facts.json"), "utf8"),
);

/** Everything in which two renders differ, as `Kind path` or, for an object of one of them, `Kind`. */
function differences(seed: Facts, ours: Facts): string[] {
  const both = (one: object, other: object) => [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return both(seed, ours).flatMap((name) => {
    const kind = name.split("/")[0] ?? "";
    const [before, now] = [seed[name], ours[name]];
    if (before === undefined || now === undefined) return [kind];
    return both(before, now)
      .filter((path) => JSON.stringify(before[path]) !== JSON.stringify(now[path]))
      .map((path) => `${kind} ${path}`);
  });
}

/** Values of objects of one kind whose path fits, by `Kind/name path`. */
function pick(facts: Facts, kind: string, path: RegExp): Record<string, unknown> {
  const found = Object.entries(facts).filter(([name]) => name.startsWith(`${kind}/`));
  return Object.fromEntries(
    found.flatMap(([name, values]) =>
      Object.entries(values)
        .filter(([key]) => path.test(key))
        .map(([key, value]) => [`${name} ${key}`, value]),
    ),
  );
}

/** What the promise names, whatever the lists above allow: kind, and the paths in its objects. */
const promised: readonly (readonly [string, RegExp])[] = [
  ["Deployment", /^spec\.selector\.|containerPort$|\.secretKeyRef\.|\.claimName$|\.mountPath$/],
  ["Service", /^spec\.(selector|ports\[80\]\.(port|targetPort)$)/],
  ["PersistentVolume", /^spec\./],
  ["PersistentVolumeClaim", /^spec\./],
  ["IngressRoute", /^spec\./],
  ["Certificate", /^spec\./],
  ["Middleware", /^spec\./],
  ["ConfigMap", /^(data|metadata\.labels\.grafana)/],
  ["Secret", /^(data|type)/],
  ["InfisicalSecret", /secretsScope|credentialsRef/],
];

const used = new Set<Difference>();

describe("a manifest of the seed", () => {
  for (const one of cases)
    helmTest(`${one.manifest}, ${one.environment}: deploys over what the seed deployed`, () => check(one));

  after(() => {
    const idle = [...allowed, ...reworded].filter((difference) => !used.has(difference));
    if (used.size > 0) assert.deepEqual(idle, [], "a difference is allowed that there is not");
  });
});

function check(one: Case): void {
  const seed = recorded[`${one.manifest}-${one.environment}`] ?? {};
  const ours = factsOf(one);
  for (const [kind, path] of promised) {
    // The owner of a volume is another container, which mounts the same.
    const own = (facts: Facts) =>
      Object.fromEntries(Object.entries(pick(facts, kind, path)).filter(([key]) => !key.includes("initContainers[")));
    assert.deepEqual(own(ours), own(seed), kind);
  }
  // The operator's Secret: the oldest chart named it in a single reference, ours in a list.
  const managed = (facts: Facts) =>
    Object.values(pick(facts, "InfisicalSecret", /^spec\.managed.*\.(secretName|secretNamespace)$/));
  assert.deepEqual(managed(ours), managed(seed));
  const surprising = differences(seed, ours).filter((difference) => {
    const known = [...allowed, ...reworded].find(({ of }) => of.test(difference));
    if (known !== undefined) used.add(known);
    return known === undefined;
  });
  assert.deepEqual(surprising, []);
}
