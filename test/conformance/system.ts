import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after } from "node:test";
import { parse, parseAllDocuments, stringify } from "yaml";
import { bundledChart, type Helm, openHelm } from "../../actions/core/helm.ts";
import { readManifest } from "../../actions/validate/manifest.ts";
import type { Problem } from "../../actions/validate/problem.ts";
import { renderObjects, resolveApplication, type Source } from "../../actions/validate/resolve.ts";
import { type Verdict, validateFiles } from "../../actions/validate/validate.ts";
import { ensureTools } from "../cluster/toolchain.ts";
import { recordingContext } from "../context.ts";

/** A manifest, an object or a resolved application, as loose as YAML is. */
// biome-ignore lint/suspicious/noExplicitAny: a test looks into objects of every kind
export type Loose = any;

/** What one environment of a system becomes. */
export interface Rendering {
  /** What Helm printed. */
  readonly text: string;
  readonly objects: readonly Loose[];
  /** The application as the chart resolved it. */
  readonly application: Loose;
  /** One object by `Kind/name` or `Kind/namespace/name`. Throws when there is none, or more than one. */
  get(name: string): Loose;
  /** The one container of a workload's pods, or that of the given name. */
  container(workload: string, name?: string): Loose;
  /** All objects of a kind. */
  all(kind: string): readonly Loose[];
}

/** The manifest of one of the example systems. */
export interface System {
  /** The folder that holds `.deploy`. */
  readonly folder: string;
  /** The manifest as it is written. */
  readonly manifest: Loose;
  /** Renders an environment, once however often it is asked for. Throws what the deploy action would. */
  render(environment: string): Promise<Rendering>;
  /** What validate says of the given environments, or of all. */
  validate(...environments: readonly string[]): Promise<Verdict>;
  /** The problems of that verdict, each as `CODE path`. */
  problems(...environments: readonly string[]): Promise<string[]>;
  /** A copy of the system whose manifest `change` altered in place. */
  changed(change: (manifest: Loose) => void): Promise<System>;
}

const repository = join(import.meta.dirname, "../..");
// Here and not where Helm is first wanted: there it would be removed when the test that wants it ends.
const bin = mkdtempSync(join(tmpdir(), "fairlead-bin-"));
after(() => rmSync(bin, { recursive: true }));
symlinkSync((await ensureTools(["helm"])).helm, join(bin, "helm"));
const environment = { PATH: [bin, process.env["PATH"]].join(delimiter), HOME: process.env["HOME"] };
const { context } = await recordingContext({ after }, { environment });
let helm: Promise<Helm> | undefined;

/**
 * Opens a system, with the facts about its cluster where it has such a file.
 *
 * @param folder the one that holds `.deploy`, from the top of the repository.
 * @param facts about the cluster, laid over those; a map in it over a map, one level deep.
 */
export async function openSystem(folder: string, facts?: Readonly<Record<string, Loose>>): Promise<System> {
  const [clusterFile] = clusterFiles(folder);
  if (facts !== undefined) return await open(join(repository, folder), { clusterFile: withFacts(clusterFile, facts) });
  return await open(join(repository, folder), clusterFile === undefined ? {} : { clusterFile });
}

/** Writes a file with these facts, and gives its path. */
function withFacts(clusterFile: string | undefined, facts: Readonly<Record<string, Loose>>): string {
  const { cluster = {} }: Loose = clusterFile === undefined ? {} : parse(readFileSync(clusterFile, "utf8"));
  const laid = Object.entries(facts).map(([key, value]) => [key, { ...cluster[key], ...value }]);
  const folder = mkdtempSync(join(tmpdir(), "fairlead-facts-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "cluster.yaml");
  writeFileSync(file, stringify({ cluster: { ...cluster, ...Object.fromEntries(laid) } }));
  return file;
}

/** The file with facts about the cluster of a system, as a list of none or one: beside `.deploy`, or shared, one folder up. */
export function clusterFiles(folder: string): string[] {
  const places = [folder, join(folder, "..")].map((place) => join(repository, place, "cluster.yaml"));
  return places.filter((place) => existsSync(place)).slice(0, 1);
}

async function open(folder: string, cluster: Pick<Source, "clusterFile">): Promise<System> {
  const file = ".deploy/manifest.yaml";
  const manifest = await readManifest(file, { workspace: folder });
  const source = { manifest, chart: bundledChart(), ...cluster };
  const renderings = new Map<string, Promise<Rendering>>();
  const validate = async (...environments: readonly string[]) => {
    const rules = environments.length === 0 ? source : { ...source, environments };
    return await validateFiles([file], rules, folder, theHelm);
  };
  return {
    folder,
    manifest: manifest.content,
    render(environment) {
      const rendering = renderings.get(environment) ?? renderSource(source, environment);
      renderings.set(environment, rendering);
      return rendering;
    },
    validate,
    problems: async (...environments) =>
      (await validate(...environments)).problems.map(({ code, path }: Problem) => `${code} ${path}`),
    async changed(change) {
      const copy = mkdtempSync(join(tmpdir(), "fairlead-system-"));
      after(() => rmSync(copy, { recursive: true, force: true }));
      cpSync(folder, copy, { recursive: true });
      const content = structuredClone(manifest.content);
      change(content);
      writeFileSync(join(copy, file), stringify(content, { version: "1.1", aliasDuplicateObjects: false }));
      return await open(copy, cluster);
    },
  };
}

/**
 * What plain Helm renders, without an action: the documents, and what it said when it refused.
 *
 * @param args after `helm template RELEASE CHART`; the working folder is the top of the repository.
 */
export async function plainHelm(
  release: string,
  ...args: readonly string[]
): Promise<{ objects: Loose[]; refused: string }> {
  const { helm: program } = await ensureTools(["helm"]);
  const template = ["template", release, bundledChart(), ...args];
  const { status, stdout, stderr } = spawnSync(program, template, { cwd: repository, encoding: "utf8" });
  return { objects: objectsIn(stdout), refused: status === 0 ? "" : stderr };
}

/** The documents of rendered text. */
function objectsIn(text: string): Loose[] {
  const documents = parseAllDocuments(text).map((document): Loose => document.toJS());
  return documents.filter((object) => object !== null);
}

async function renderSource(source: Source, environment: string): Promise<Rendering> {
  const application = await resolveApplication(source, environment, {}, await theHelm());
  const text = await renderObjects(source, environment, await theHelm());
  const objects = objectsIn(text);
  const get = (name: string) => one(objects, name);
  return {
    text,
    objects,
    application,
    get,
    container: (workload, name) => {
      const { containers } = podSpec(get(workload));
      return name === undefined ? containers[0] : containers.find((container: Loose) => container.name === name);
    },
    all: (kind) => objects.filter((object) => object.kind === kind),
  };
}

function one(objects: readonly Loose[], path: string): Loose {
  const [kind, ...names] = path.split("/");
  const name = names.pop();
  const found = objects.filter(
    ({ kind: its, metadata }) =>
      its === kind && metadata.name === name && names.every((namespace) => metadata.namespace === namespace),
  );
  if (found.length === 1) return found[0];
  const listed = objects.map((object) => `${object.kind}/${object.metadata.namespace}/${object.metadata.name}`);
  throw new Error(`${found.length} objects are ${path}; there are ${listed.join(", ")}`);
}

/** The spec of the pods that a workload makes. */
export function podSpec(workload: Loose): Loose {
  return (workload.kind === "CronJob" ? workload.spec.jobTemplate : workload).spec.template.spec;
}

/** The variables of a container: name to text, or to where it comes from. */
export function env(container: Loose): Record<string, Loose> {
  return Object.fromEntries(
    (container.env ?? []).map(({ name, value, valueFrom }: Loose) => [name, valueFrom ?? value]),
  );
}

/** Helm as the actions run it, found once for the file. */
function theHelm(): Promise<Helm> {
  helm ??= openHelm(context);
  return helm;
}
