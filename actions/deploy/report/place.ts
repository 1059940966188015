import { matchesGlob } from "node:path";
import type { Place } from "../../core/errors.ts";
import type { Application } from "../../validate/application.ts";
import type { Manifest } from "../../validate/manifest.ts";
import { keyFinder } from "../../validate/origin.ts";
import { referencesOf } from "../preflight/references.ts";
import { type RenderedObject, readObjects, withoutHash } from "../rendered/objects.ts";
import { podTemplates } from "../rendered/templates.ts";
import type { Deploy } from "../rollout.ts";
import type { Subject } from "./subject.ts";

/** What places are looked for in. */
export interface Written {
  readonly manifest: Manifest;
  readonly application: Pick<Application, "components" | "secrets" | "config" | "manifests">;
  /** The objects as Helm renders them. */
  readonly rendered: string;
  readonly environment: string;
}

type Keys = readonly string[];

/**
 * The place in the manifest that a subject was most likely made from: the key that it is about, wherever the manifest
 * writes it for this environment, else the component; undefined where neither is known.
 */
export async function placeOf(subject: Subject, written: Written): Promise<Place | undefined> {
  const { manifest, application, environment } = written;
  const objects = await readObjects(written.rendered);
  const component = componentOf(subject, application, objects);
  const find = keyFinder(manifest.content, declaredName(manifest.content, environment));
  const candidates = [
    ...broughtKeys(subject, application),
    ...referenceKeys(subject, application, objects),
    ...candidatesOf({ ...containerOf(subject, objects), ...subject }, application, component),
  ];
  const keys = find(component, candidates);
  if (keys === undefined) return undefined;
  const { spanOf } = await manifest.document();
  return { file: manifest.file, ...spanOf(keys, "key") };
}

/** The place of a fault of a deploy, for the error that tells it. */
export async function placed(
  { source: { manifest }, application, rendered, inputs: { environment } }: Deploy,
  fault: Subject,
): Promise<{ readonly place?: Place }> {
  const place = await placeOf(fault, { manifest, application, rendered, environment });
  return place === undefined ? {} : { place };
}

/** The environment as the manifest declares it: a preview's name fits a pattern. */
function declaredName(content: unknown, environment: string): string {
  const declared = Object.keys((content as { environments?: object | null }).environments ?? {});
  return declared.includes(environment)
    ? environment
    : (declared.find((pattern) => matchesGlob(environment, pattern)) ?? environment);
}

/** The component that is a workload, or whose label an object carries. */
function componentOf(
  { workload }: Subject,
  { components }: Pick<Application, "components">,
  objects: readonly RenderedObject[],
): string | undefined {
  const stem = withoutHash(workload?.name ?? "");
  const made = objects.find(({ kind, metadata }) => kind === workload?.kind && metadata?.name === workload?.name);
  const app = made?.metadata?.labels?.["app"];
  const all = Object.entries(components);
  const found =
    all.find(([, { kind, name }]) => kind === workload?.kind && withoutHash(name) === stem) ??
    all.find(([, { selector }]) => app !== undefined && selector["app"] === app);
  return found?.[0];
}

/** The container whose image a sentence names; a pod may have several. */
function containerOf(
  { cause, workload, about }: Subject,
  objects: readonly RenderedObject[],
): Pick<Subject, "container"> | undefined {
  if (workload === undefined || (about !== "image" && about !== "build")) return undefined;
  const words = cause.split(/[\s,()]+/);
  const [found] = podTemplates(objects, workload.namespace)
    .filter(({ owner }) => owner === `${workload.kind} ${workload.name}`)
    .flatMap(({ spec }) => [...spec.containers, ...(spec.initContainers ?? [])])
    .filter(({ image = "" }) => words.includes(image));
  return found === undefined ? undefined : { container: found.name };
}

/** Where an object is written that the manifest brings as it is. */
function broughtKeys({ workload }: Subject, { manifests }: Pick<Application, "manifests">): Keys[] {
  return Object.entries(manifests)
    .filter(([, { kind, metadata }]) => {
      return kind === workload?.kind && (metadata as { name?: string } | undefined)?.name === workload?.name;
    })
    .map(([name]) => ["manifests", name]);
}

/** Where else something may be written that a key is about, the likeliest first. */
const instead: Readonly<Record<string, readonly string[]>> = {
  image: ["build"],
  build: ["build.platforms", "image"],
  command: ["args", "image", "build"],
  health: ["port", "ports"],
  ports: ["port"],
  files: ["config", "secrets"],
  volumes: ["storage"],
  "ingress.className": ["ingress"],
  "ingress.tls.issuer": ["ingress.tls", "ingress"],
  podSecurity: ["privileged", "securityContext", "hostAccess", "patch"],
};

/** What a sentence says more exactly than the key: answers of probes, and what there is too little of. */
const closer: readonly (readonly [about: string, cause: RegExp, keys: readonly string[]])[] = [
  ["health", /nothing listens on port/, ["port", "ports"]],
  ["health", /answered with status|GET \//, ["health.path"]],
  ["resources", /memory/i, ["resources.memoryLimit", "resources.memory"]],
  ["resources", /cpu/i, ["resources.cpu"]],
];

function candidatesOf(
  { about, entry, cause, container }: Subject,
  { components }: Pick<Application, "components">,
  component: string | undefined,
): Keys[] {
  if (about === undefined) return [];
  if (entry !== undefined) return [[about, entry]];
  const exact = closer.flatMap(([key, pattern, keys]) => (key === about && pattern.test(cause) ? keys : []));
  const keys = [...exact, about, ...(instead[about] ?? [])].map((path) => path.split("."));
  if (container === undefined || component === undefined || components[component]?.containerName === container) {
    return keys;
  }
  const around = ["initContainers", "sidecars"].map((group) => [group, container]);
  return [...around.flatMap((outer) => keys.map((inner) => [...outer, ...inner])), ...around, ...keys];
}

/** Where a Secret or ConfigMap is referred to that a sentence names: the variable that reads it, or the set. */
function referenceKeys(
  { cause, workload }: Subject,
  application: Written["application"],
  objects: readonly RenderedObject[],
): Keys[] {
  if (!/\b(secret|configmap)\b/i.test(cause) || workload === undefined) return [];
  const names = new Set(cause.match(/[\w.-]+/g));
  const isNamed = (name = "") => names.has(name) || names.has(`${workload.namespace}/${name}`);
  const templates = podTemplates(objects, workload.namespace);
  const own = templates.filter(({ owner }) => owner === `${workload.kind} ${workload.name}`);
  const missing = own.flatMap(referencesOf).filter(({ name }) => isNamed(name));
  if (missing.length === 0) return [];
  const ofKey = missing.some(({ key }) => key !== undefined && names.has(key));
  const variables = own.flatMap(({ spec }) =>
    [...(spec.initContainers ?? []), ...spec.containers].flatMap(({ env = [] }) =>
      env
        .filter(({ valueFrom: { secretKeyRef: secret, configMapKeyRef: config } = {} }) =>
          [secret, config].some((ref) => isNamed(ref?.name) && (!ofKey || names.has(ref?.key ?? ""))),
        )
        .map(({ name }) => name),
    ),
  );
  const sets = [
    ...Object.entries(application.secrets).map(([set, { secretName }]) => ["secrets", set, secretName] as const),
    ...Object.entries(application.config).map(([set, { configName }]) => ["config", set, configName] as const),
  ].filter(([, , name]) => isNamed(name));
  return [
    ...variables.flatMap((name) => [["env", name], ...sets.map(([kind, set]) => [kind, set, "env", name])]),
    ...variables.map((name) => ["secrets", "env", name]),
    // The set without a name is written in `secrets` itself.
    ...sets.flatMap(([kind, set]) => [[kind, set], ...(set === "app" ? [[kind, "env"], [kind]] : [])]),
  ];
}
