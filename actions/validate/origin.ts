import type { KubernetesObject } from "./rendered.ts";

/** What must be known of a resolved application to say what an object of it was made from. */
export interface Origins {
  readonly components: Readonly<
    Record<string, { readonly containerName: string; readonly selector: { readonly app: string } }>
  >;
  /** The chart says null for none. */
  readonly ingress: readonly Route[] | null;
  readonly config: Readonly<Record<string, { readonly configName: string }>>;
  readonly secrets: Readonly<Record<string, { readonly secretName: string }>>;
  readonly manifests: Readonly<Record<string, KubernetesObject>>;
}

interface Route {
  readonly name: string;
  readonly namespace: string;
  readonly component: string;
  readonly tlsName?: string;
}

type Keys = readonly string[];

/** A key on the way into an object. An entry of a list that has a name may be written elsewhere under that name. */
interface Step {
  readonly key: string;
  readonly name?: string;
  /** Not there: what is missing is written nowhere. */
  readonly missing?: boolean;
}

/** A guess at where something is written below a component, and how many of its steps must be there for it to hold. */
interface Guess {
  readonly steps: readonly Step[];
  readonly least: number;
}

/**
 * Gives what finds the key of a manifest that a key of a rendered object was most likely made from: where it is written,
 * in the environment, the component, what that extends, or the defaults; else the component; else the environment.
 *
 * @param environment as the manifest declares it.
 */
export function originFinder(application: Origins, content: unknown, environment: string) {
  const scopes: readonly Keys[] = [["environments", environment], ["spec"]];
  const whole: Keys = ["environments", environment];
  const single = !("components" in mapping(at(content, ["spec"])));
  return (object: KubernetesObject, keys: Keys): Keys => {
    const steps = stepsTo(object, keys);
    const shared = sharedGuess(application, object, steps);
    if (shared !== undefined) return written(content, scopes, shared) ?? whole;
    const component = componentOf(application, object);
    if (component === undefined) return whole;
    const layers = single ? [...scopes, ...below(scopes, ["defaults"])] : layersOf(component, content, scopes);
    for (const guess of guesses(application, component, object, steps)) {
      const found = written(content, layers, guess);
      if (found !== undefined) return found;
    }
    return single ? whole : (layers.find((layer) => at(content, layer) !== undefined) ?? whole);
  };
}

/**
 * Gives what finds the first of some keys that a manifest writes, for a component or for the whole application: in the
 * environment, the component, what that extends, the defaults, or beside them; else the component itself.
 *
 * @param environment as the manifest declares it.
 */
export function keyFinder(content: unknown, environment: string) {
  const scopes: readonly Keys[] = [["environments", environment], ["spec"]];
  const single = !("components" in mapping(at(content, ["spec"])));
  return (component: string | undefined, candidates: readonly Keys[]): Keys | undefined => {
    const named = single || component === undefined ? [] : layersOf(component, content, scopes);
    const layers = [...named, ...scopes, ...below(scopes, ["defaults"])];
    for (const keys of candidates) {
      const found = written(content, layers, guess(keys));
      if (found !== undefined) return found;
    }
    const own = single ? scopes[1] : named.find((layer) => layer[0] === "spec" && at(content, layer) !== undefined);
    return component === undefined ? undefined : own;
  };
}

/** Whether an object is one that the manifest brings as it is. */
export function isBrought({ manifests }: Origins, object: KubernetesObject): boolean {
  return Object.values(manifests).some((made) => isSame(made, object));
}

/** Where the keys of one of several components may be written, what wins first. */
function layersOf(component: string, content: unknown, scopes: readonly Keys[]): readonly Keys[] {
  const own = below(scopes, ["components", component]);
  const parent = own.map((layer) => mapping(at(content, layer))["extends"]).find((name) => typeof name === "string");
  const inherited = parent === undefined ? [] : below(scopes, ["components", String(parent)]);
  return [...own, ...inherited, ...below(scopes, ["defaults"])];
}

function below(scopes: readonly Keys[], keys: Keys): readonly Keys[] {
  return scopes.map((scope) => [...scope, ...keys]);
}

/** Where an object is written that belongs to no component. */
function sharedGuess(application: Origins, object: KubernetesObject, steps: readonly Step[]): Guess | undefined {
  const name = object.metadata?.name ?? "";
  const brought = Object.entries(application.manifests).find(([, made]) => isSame(made, object));
  if (brought !== undefined) return guess(["manifests", brought[0]], steps);
  if (object.kind === "ConfigMap") {
    const set = Object.entries(application.config).find(([, { configName }]) => name.startsWith(configName));
    return set === undefined ? undefined : guess(["config", set[0]], steps.slice(1));
  }
  if (!object.kind?.startsWith("Infisical")) return undefined;
  const set = Object.entries(application.secrets).find(([, { secretName }]) =>
    name.startsWith(`${secretName.replace(/-secrets$/, "")}-infisical`),
  );
  // The set without a name is written in `secrets` itself.
  return set === undefined ? undefined : guess(set[0] === "app" ? ["secrets"] : ["secrets", set[0]]);
}

function isSame(one: KubernetesObject, other: KubernetesObject): boolean {
  const identity = ({ apiVersion, kind, metadata }: KubernetesObject) =>
    JSON.stringify([apiVersion, kind, metadata?.namespace, metadata?.name]);
  return identity(one) === identity(other);
}

function componentOf({ components, ingress }: Origins, object: KubernetesObject): string | undefined {
  const route = ingress?.find((one) => one.namespace === object.metadata?.namespace && isOfRoute(object, one));
  const app = object.metadata?.labels?.["app"];
  return route?.component ?? Object.entries(components).find(([, { selector }]) => selector.app === app)?.[0];
}

function isOfRoute({ kind, metadata }: KubernetesObject, { name, tlsName }: Route): boolean {
  if (kind === "Certificate") return metadata?.name === tlsName;
  if (kind === "Middleware") return metadata?.name === `${name}-strip-prefix`;
  return /^(Ingress|IngressRoute|HTTPRoute)$/.test(kind ?? "") && metadata?.name === name;
}

const podTemplates: Readonly<Record<string, Keys>> = {
  CronJob: ["spec", "jobTemplate", "spec", "template"],
  DaemonSet: ["spec", "template"],
  Deployment: ["spec", "template"],
  Job: ["spec", "template"],
  StatefulSet: ["spec", "template"],
};

type Table = Readonly<Record<string, string>>;

/** Which key of a component becomes which key of a pod. */
const podKeys: Table = {
  affinity: "affinity",
  nodeSelector: "nodeSelector",
  priorityClassName: "priorityClass",
  securityContext: "securityContext",
  serviceAccountName: "serviceAccount",
  tolerations: "tolerations",
  topologySpreadConstraints: "spread",
  volumes: "volumes",
};

/** The same of a container. */
const containerKeys: Table = {
  command: "command",
  env: "env",
  envFrom: "envFrom",
  image: "image",
  lifecycle: "preStop",
  livenessProbe: "health",
  ports: "ports",
  readinessProbe: "health",
  resources: "resources",
  securityContext: "securityContext",
  startupProbe: "health",
  volumeMounts: "volumes",
};

/** The same of what runs pods, outside of their template. */
const workloadKeys: Table = {
  "metadata.labels": "labels",
  "spec.replicas": "replicas",
  "spec.schedule": "schedule",
  "spec.strategy": "updateStrategy",
  "spec.template.metadata.annotations": "annotations",
  "spec.updateStrategy": "updateStrategy",
};

/** The same of other objects, by kind. */
const objectKeys: Readonly<Record<string, Table>> = {
  ClusterRole: { rules: "rbac.clusterRules" },
  ConfigMap: { data: "files" },
  HorizontalPodAutoscaler: { spec: "replicas" },
  NetworkPolicy: { spec: "networkPolicy" },
  PersistentVolume: { spec: "storage" },
  PersistentVolumeClaim: { spec: "storage" },
  PodDisruptionBudget: { spec: "pdb" },
  Role: { rules: "rbac.rules" },
  Service: { "metadata.annotations": "service.annotations", spec: "service" },
  ServiceAccount: { "metadata.annotations": "serviceAccount.annotations" },
  ServiceMonitor: { spec: "metrics" },
};

/** Where a key of a component's object may be written, the likeliest first: a patch lies over all else. */
function guesses(application: Origins, component: string, object: KubernetesObject, steps: readonly Step[]): Guess[] {
  const kind = object.kind ?? "";
  const routes = (application.ingress ?? []).filter((route) => route.component === component);
  const route = routes.findIndex((one) => isOfRoute(object, one));
  if (route >= 0) return [patch("ingress", steps), guess(["ingress", String(route)]), guess(["ingress"])];
  const template = podTemplates[kind];
  if (template === undefined) {
    return [...(kind === "Service" ? [patch("service", steps)] : []), ...fromTable(objectKeys[kind] ?? {}, steps)];
  }
  const ofWorkload = [patch("workload", steps), ...fromTable(workloadKeys, steps)];
  const ofPod = stepsBelow([...template, "spec"], steps);
  if (ofPod === undefined) return ofWorkload;
  const own = application.components[component]?.containerName;
  return [...ofWorkload, patch("podSpec", ofPod), ...containerGuesses(ofPod, own), ...fromTable(podKeys, ofPod)];
}

/** Where a key of one of a pod's containers may be written. @param own the name of the component's own. */
function containerGuesses([list, container, ...inner]: readonly Step[], own: string | undefined): Guess[] {
  if (container === undefined || !/^(initC|c)ontainers$/.test(list?.key ?? "")) return [];
  if (list?.key === "containers" && container.name === own) {
    return [patch("container", inner), ...fromTable(containerKeys, inner)];
  }
  return ["initContainers", "sidecars"].flatMap((group) => {
    const around = [{ key: group }, container];
    const ofKeys = fromTable(containerKeys, inner).map(({ steps, least }) => ({
      steps: [...around, ...steps],
      least: least + 2,
    }));
    return [...ofKeys, { steps: around, least: 2 }];
  });
}

function patch(part: string, steps: readonly Step[]): Guess {
  const { steps: all } = guess(["patch", part], steps);
  // A patch that sets something else holds for nothing.
  return { steps: all, least: Math.max(3, all.filter(({ missing }) => !missing).length) };
}

function guess(keys: Keys, steps: readonly Step[] = []): Guess {
  return { steps: [...keys.map((key) => ({ key })), ...steps], least: keys.length };
}

function fromTable(table: Table, steps: readonly Step[]): Guess[] {
  return Object.entries(table).flatMap(([made, target]) => {
    const inner = stepsBelow(made.split("."), steps);
    return inner === undefined ? [] : [guess(target.split("."), inner)];
  });
}

function stepsBelow(prefix: Keys, steps: readonly Step[]): readonly Step[] | undefined {
  return prefix.every((key, index) => steps[index]?.key === key) ? steps.slice(prefix.length) : undefined;
}

function stepsTo(object: KubernetesObject, keys: Keys): Step[] {
  return keys.map((key, index) => {
    const value = at(object, keys.slice(0, index + 1));
    const name = mapping(value)["name"];
    return { key, ...(/^\d+$/.test(key) && typeof name === "string" ? { name } : {}), missing: value === undefined };
  });
}

/** The keys of the layer that writes most of what was guessed; undefined when none writes as much as it takes. */
function written(content: unknown, layers: readonly Keys[], { steps, least }: Guess): Keys | undefined {
  const found = layers.map((layer) => ({ layer, keys: follow(at(content, layer), steps) }));
  // Of layers that write as much, the first wins.
  const best = found.toSorted((one, other) => other.keys.length - one.keys.length)[0];
  return best === undefined || best.keys.length < least ? undefined : [...best.layer, ...best.keys];
}

/** The keys of a value that steps lead to, as far as they are there. */
function follow(value: unknown, steps: readonly Step[]): string[] {
  const keys: string[] = [];
  let here = value;
  for (const { key, name } of steps) {
    const next = Array.isArray(here) ? indexOf(here, key, name) : (name ?? key);
    if (!Object.hasOwn(mapping(here), next)) break;
    keys.push(next);
    here = mapping(here)[next];
  }
  return keys;
}

/** The place in a list of the entry with a name; without one, that of the same number. */
function indexOf(list: readonly unknown[], number: string, name: string | undefined): string {
  const named = list.findIndex((entry) => name !== undefined && mapping(entry)["name"] === name);
  return named < 0 ? number : String(named);
}

function at(value: unknown, keys: Keys): unknown {
  return keys.reduce<unknown>((here, key) => mapping(here)[key], value);
}

function mapping(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
