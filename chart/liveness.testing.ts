import type { Rendered, Values } from "./helm.testing.ts";
import { allKeys, type Key, surroundings, withValue } from "./keys.testing.ts";
import type { Made } from "./many.testing.ts";

// A case for each key of the schema: what the chart makes of values without it and with it, told by what bears behaviour.

/** A value that the schema shows at a key, and the values without and with it. */
export interface Case {
  readonly key: Key;
  readonly example: unknown;
  readonly before: Values;
  readonly after: Values;
}

/** Keys without a case, and why. */
export const caseless: Readonly<Record<string, string>> = {
  apiVersion: "one value, and Helm refuses every other",
  kind: "one value, and Helm refuses every other",
  environment: "a choice among the manifest's environments, without which nothing is rendered",
  "deploy.resolved": "prints the resolved document in place of objects, as its own tests use it",
  "deploy.preview": "prints what is otherwise the error of a missing Secret's name, tested with `sync`",
  "spec.config.minio.host.file": "a text that nobody put in is an error, tested as one",
  "spec.files./etc/app.file": "a text that nobody put in is an error, tested as one",
  "spec.health.liveness.tcp": "an error, tested as one: a port that is open tells nothing of a process that hangs",
};

/** Metadata whose change counts. */
type Spoken = "annotations" | "labels" | "checksum";

/** Keys that act through metadata alone, and who acts on it. All other metadata only follows from what bears behaviour. */
export const throughMetadata: Readonly<Record<string, readonly [Spoken, string]>> = {
  "cluster.ingress.dnsTarget.public": ["annotations", "external-dns makes the record"],
  "cluster.ingress.dnsTarget.private": ["annotations", "external-dns makes the record"],
  "cluster.ingress.dnsTarget.cloudflareProxied": ["annotations", "external-dns makes the record"],
  "infrastructure.publicIp": ["annotations", "external-dns makes the record"],
  "infrastructure.tailscaleHostname": ["annotations", "external-dns makes the record"],
  "cluster.platformServices.gateway-intelligence.label": ["labels", "the service's own NetworkPolicy admits such pods"],
  "meta.repository": ["annotations", "the platform's tools find the repository"],
  "spec.service.annotations": ["annotations", "the key is what it writes"],
  "spec.ingress.annotations": ["annotations", "the key is what it writes"],
  "spec.serviceAccount.annotations": ["annotations", "the key is what it writes"],
  "spec.annotations": ["annotations", "the key is what it writes"],
  "spec.labels": ["labels", "the key is what it writes"],
  "spec.metrics.path": ["annotations", "Prometheus finds pods by them"],
  "spec.metrics.port": ["annotations", "Prometheus finds pods by them"],
  "spec.when": ["annotations", "Helm runs the Job as a hook"],
  "spec.secrets.postgres.reload": ["annotations", "the operator or Reloader restarts the workload"],
  "spec.files./etc/app.restart": ["checksum", "its change is what restarts the pods"],
};

/** Every case, for each example of each key. */
export function allCases(): Case[] {
  const keys = allKeys().filter(({ path }) => !(path in caseless));
  return keys.flatMap((key) => key.examples.map((example) => caseOf(key, example)));
}

/** What an environment replaces whole: a list, and an entry of `ports`, `env` and `files`. */
const replacedWhole = /^spec\.(?:(?:ports|env|files)\.[^.]+|.*?(?=\.0\.))/;

/** The cases of the keys of `spec`, set by the environment and not by `spec`. */
export function environmentCases(): Case[] {
  return allCases()
    .filter(({ key }) => key.path.startsWith("spec."))
    .map((one) => {
      const path = replacedWhole.exec(one.key.path)?.[0] ?? one.key.path;
      const value = path.split(".").reduce((below: Rendered, key) => below[key], one.after);
      return { ...one, after: withValue(one.before, path.replace(/^spec/, "environments.prod"), value) };
    });
}

/** What a key's value changes in the values beside which it matters. */
export function caseOf(key: Key, example: unknown): Case {
  const before = surroundings(key.path);
  return { key, example, before, after: withValue(before, key.path, example) };
}

/**
 * What a key is judged by: for a key that only an action reads, the resolved application; else the objects, with only that
 * metadata which the key acts through.
 */
export function behaviourOf({ application, objects }: Made, { path, forAction }: Key): unknown {
  if (forAction) return application;
  return objects.map((object) => withoutName(withoutMetadata(object, throughMetadata[path]?.[0])));
}

/** The name of a Job ends with a hash of all that it says, annotations too. */
function withoutName(object: Rendered): Rendered {
  if (object.kind !== "Job") return object;
  return { ...object, metadata: { ...object.metadata, name: object.metadata.name.replace(/-[0-9a-f]{10}$/, "") } };
}

function withoutMetadata(value: Rendered, spoken: Spoken | undefined): Rendered {
  if (Array.isArray(value)) return value.map((item) => withoutMetadata(item, spoken));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, below]) => [
      key,
      key === "metadata" ? spokenOf(below as Values, spoken) : withoutMetadata(below, spoken),
    ]),
  );
}

const checksum = "checksum/config";

function spokenOf({ annotations, labels, ...identity }: Values, spoken: Spoken | undefined): Values {
  const { [checksum]: sum, ...others } = (annotations ?? {}) as Values;
  if (spoken === undefined) return identity;
  return { ...identity, spoken: { annotations: others, labels, checksum: sum }[spoken] };
}
