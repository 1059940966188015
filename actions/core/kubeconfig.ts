import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { credentialsIn } from "./credentials-in.ts";
import { FairleadError } from "./errors.ts";
import type { Masker } from "./masking.ts";

/** A kubeconfig that was read: one cluster, one user, one context are used. */
export interface Kubeconfig {
  /** The whole document as YAML text. */
  readonly text: string;
  /** Address of the API server that the current context names. */
  readonly server: URL;
  readonly certificate: ServerCertificate;
  /** What stands in it of that cluster, and of the user. */
  readonly cluster: Readonly<Record<string, unknown>>;
  readonly user: Readonly<Record<string, unknown>>;
}

/** What the API server's certificate must say, by client-go's `tls-server-name` and `insecure-skip-tls-verify`. */
export interface ServerCertificate {
  /** The name that it must bear; that of the address when left out. */
  readonly name?: string | undefined;
  /** Whether its names do not matter. */
  readonly ignored?: boolean | undefined;
}

type Named<T> = { name?: string } & T;
interface Document {
  kind?: string;
  "current-context"?: string;
  contexts?: Named<{ context?: { cluster?: string; user?: string } }>[];
  clusters?: Named<{ cluster?: Record<string, unknown> }>[];
  users?: Named<{ user?: Record<string, unknown> }>[];
}

/** Keys of a user, of its `auth-provider` too, that hold a secret themselves and not the path of a file. */
const secretKey = /(token|password|secret|key-data|certificate-data|authority-data)$/i;
const secretOption = /^--?[\w-]*(?:token|password|secret|key)(?:=(.*))?$/i;

/**
 * Masks a kubeconfig given as text or base64: the whole text, its base64, and the values that are secret, but not its
 * other lines, because `apiVersion: v1` is no secret. What is no kubeconfig is masked as any other secret.
 */
export async function maskKubeconfig(masker: Masker, value: string): Promise<void> {
  if (!(await maskIfKubeconfig(masker, value, "named"))) masker.add(value);
}

/**
 * As {@link maskKubeconfig}, but masks nothing of what is no kubeconfig. Gives whether it is one.
 *
 * @param certainty `named` when its name says that it is a kubeconfig, so that part of one is enough.
 */
export async function maskIfKubeconfig(
  masker: Masker,
  value: string,
  certainty: "named" | "unknown",
): Promise<boolean> {
  const text = decode(value);
  // Of ten thousand values hardly one is worth the parser.
  if (certainty === "unknown" && !wholeLists.every((key) => text.includes(key))) return false;
  // As strings: a token of digits alone is masked as it is written.
  const document = await parse(text, "failsafe").catch(() => undefined);
  if (document === undefined || !isKubeconfig(document, certainty)) return false;
  if (text !== value) masker.add(value);
  masker.addDocument(text);
  masker.add(Buffer.from(text).toString("base64"));
  for (const secret of secretsOf(document)) masker.add(secret);
  return true;
}

function secretsOf(document: Document): readonly string[] {
  const clusters = listOf(document.clusters).flatMap(({ cluster }) => [
    ...secretsUnder(cluster),
    // A proxy may have a password in its address.
    ...Object.values(cluster ?? {}).flatMap((value) => (typeof value === "string" ? credentialsIn(value) : [])),
  ]);
  const users = listOf(document.users).flatMap(({ user }) => {
    const key = user?.["client-key-data"];
    const decoded = typeof key === "string" ? [Buffer.from(key, "base64").toString("utf8")] : [];
    return [...secretsUnder(user), ...decoded, ...secretsOfProgram(user?.["exec"])];
  });
  return [...clusters, ...users];
}

/** Values of keys that hold secrets, at any depth. */
function secretsUnder(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === "string" ? (secretKey.test(key) ? [inner] : []) : secretsUnder(inner),
  );
}

/** What a program that fetches a login is given: its variables, and its options that are named after a secret. */
function secretsOfProgram(program: unknown): readonly string[] {
  const { env, args } = (program ?? {}) as { env?: { value?: unknown }[]; args?: unknown[] };
  const variables = listOf(env).flatMap(({ value }) => (typeof value === "string" ? [value] : []));
  const words = Array.isArray(args) ? args.map(String) : [];
  const options = words.flatMap((word, index) => {
    const option = secretOption.exec(word);
    return option === null ? [] : [option[1] ?? words[index + 1] ?? ""];
  });
  return [...variables, ...options];
}

/**
 * Reads a kubeconfig given as text or base64, and masks it first.
 *
 * @throws FairleadError KUBECONFIG_INVALID that says what is wrong, never what it holds.
 */
export async function readKubeconfig(value: string, masker: Masker): Promise<Kubeconfig> {
  await maskKubeconfig(masker, value);
  const text = decode(value);
  const document = await parse(text).catch(() => {
    throw invalidKubeconfig("it is neither YAML nor base64 of YAML");
  });
  const name = document["current-context"];
  if (!name) throw invalidKubeconfig("it has no `current-context`");
  const context = listOf(document.contexts).find((entry) => entry.name === name)?.context;
  if (context === undefined) throw invalidKubeconfig("its `current-context` names a context that it does not hold");
  const cluster = listOf(document.clusters).find((entry) => entry.name === context.cluster)?.cluster;
  const server = cluster?.["server"];
  const address = typeof server === "string" ? URL.parse(server) : null;
  // Plain HTTP is refused by the cluster client too: the credentials would be sent in the clear.
  if (address?.protocol !== "https:")
    throw invalidKubeconfig("its cluster has no `server` address that starts with https://");
  const asked = cluster?.["tls-server-name"];
  const certificate = {
    name: typeof asked === "string" && asked !== "" ? asked : undefined,
    ignored: cluster?.["insecure-skip-tls-verify"] === true,
  };
  const user = listOf(document.users).find((entry) => entry.name === context.user)?.user;
  return { text, server: address, certificate, cluster: cluster ?? {}, user: user ?? {} };
}

/** Longest path of a file on Linux, in bytes (limits.h, PATH_MAX). */
const longestPath = 4_096;

/**
 * Gives the text of a kubeconfig that may also be named by its file.
 *
 * @param folder where a relative path begins.
 */
export async function kubeconfigText(value: string, folder: string): Promise<string> {
  if (value.includes("\n") || value.length > longestPath) return value;
  // What is no path of a file is text or base64, and is judged when it is read as that.
  return await readFile(resolve(folder, value), "utf8").catch(() => value);
}

/** The error for a kubeconfig that cannot be used; `reason` must show nothing of what it holds. */
export function invalidKubeconfig(reason: string): FairleadError {
  return new FairleadError({
    code: "KUBECONFIG_INVALID",
    message: `The kubeconfig is not usable: ${reason}.`,
    fix: "Store the whole kubeconfig, or its base64, in KUBECONFIG_BASE64 or the input `kubeconfig`.",
  });
}

/** The same kubeconfig with every cluster reached through an HTTP proxy (client-go's `proxy-url`). */
export async function throughProxy(kubeconfig: Kubeconfig, proxy: string): Promise<Kubeconfig> {
  const { parse: parseYaml, stringify } = await import("yaml");
  const document: Document = parseYaml(kubeconfig.text);
  for (const entry of listOf(document.clusters)) entry.cluster = { ...entry.cluster, "proxy-url": proxy };
  return { ...kubeconfig, text: stringify(document), cluster: { ...kubeconfig.cluster, "proxy-url": proxy } };
}

const wholeLists = ["clusters", "contexts", "users"] as const;

/** A secret that happens to be a YAML mapping is none; without a name that says so, it must be a whole one. */
function isKubeconfig(document: Document, certainty: "named" | "unknown"): boolean {
  const isList = (key: (typeof wholeLists)[number]) => Array.isArray(document[key]);
  return certainty === "named" ? wholeLists.some(isList) : document.kind === "Config" && wholeLists.every(isList);
}

/** @param schema `failsafe` leaves every value a string. */
async function parse(text: string, schema: "core" | "failsafe" = "core"): Promise<Document> {
  const { parse: parseYaml } = await import("yaml");
  const document: unknown = parseYaml(text, { logLevel: "silent", schema });
  if (typeof document !== "object" || document === null || Array.isArray(document)) throw new Error("not a mapping");
  return document;
}

/** The entries that have the right form: nothing is known yet about what a user stored as a kubeconfig. */
function listOf<T extends object>(list: readonly T[] | undefined): readonly T[] {
  return Array.isArray(list) ? list.filter((entry) => typeof entry === "object" && entry !== null) : [];
}

function decode(value: string): string {
  const compact = value.replaceAll(/\s/g, "");
  const looksEncoded = compact.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(compact);
  return looksEncoded ? Buffer.from(compact, "base64").toString("utf8") : value;
}
