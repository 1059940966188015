import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { code, type Markdown, table } from "../../actions/core/summary.ts";
import { allNames, type Key, keysBelow, type Language, readLanguage, type Schema, schemaOf } from "./keys.ts";

/** With more keys than this, a key has a heading and a table of its own. */
const fewKeys = 4;

/** A longer default is left to the chart's own values. */
const longestDefault = 80;

const typeNames: Readonly<Record<string, string>> = {
  string: "text",
  integer: "number",
  number: "number",
  boolean: "true or false",
  array: "list",
  object: "map",
};

/** What a name that the user chooses is in an example. */
const chosenNames: Readonly<Record<string, string>> = {
  "<NAME>": "LOG_LEVEL",
  "<path>": "/etc/app.toml",
  "<key>": "host",
  "<name>": "http",
};

/**
 * The page of the language: its prose as it stands, with a table between each pair of lines `<!-- keys … -->` and
 * `<!-- /keys -->`. The first line names keys by the part of the schema that defines them, as `component.port`.
 * Throws when a key of the schema is in no table, or in two.
 */
export function manifestPage(root: string, file: string): string {
  const language = readLanguage(root);
  const shown: string[] = [];
  const places = /^(<!-- keys (.+) -->)\n[\s\S]*?^(<!-- \/keys -->)$/gm;
  const page = readFileSync(join(root, file), "utf8").replaceAll(places, (_, start: string, list: string, end) => {
    const names = list.split(" ");
    shown.push(...names);
    return `${start}\n${tables(language, names)}\n${end}`;
  });
  const missing = allNames(language).filter((name) => !shown.includes(name));
  const twice = shown.filter((name, index) => shown.indexOf(name) !== index);
  if (missing.length > 0)
    throw new Error(`${file} has no table for ${missing.join(", ")}; add them to a line <!-- keys … -->`);
  if (twice.length > 0) throw new Error(`${file} has two tables for ${twice.join(", ")}`);
  return page;
}

/** The table of some keys, and one for each of them that has many keys of its own. */
function tables(language: Language, names: readonly string[]): string {
  const rows: Row[] = [];
  const parts: string[] = [];
  for (const name of names) {
    const title = titleOf(name);
    const schema = schemaOf(language, name);
    const below = keysBelow(language, title, schema);
    if (below.length <= fewKeys) {
      rows.push(...rowsOf(language, [{ path: title, schema }, ...below], 0));
      continue;
    }
    rows.push([
      { markdown: `[${inline(title)}](#${slug(title.join("."))})<br>${typeOf(schema)}` },
      ...rowOf(language, { path: title, schema: briefly(schema) }, 0).slice(1),
    ]);
    const own = rowsOf(language, below, title.length);
    parts.push(`\n### ${inline(title)}\n\n${schema["description"]}\n${table(head, own)}`);
  }
  // A single key with a heading of its own needs no list of keys above it.
  const list = names.length === parts.length && names.length === 1 ? "" : table(head, rows);
  return `${list}${parts.join("")}`;
}

type Row = readonly Markdown[];

const head = ["Key, type", "Meaning, default", "Example"];

/** The lines of keys, called from `above` keys deep on. Neighbours that are each the same as a key of their name are one line. */
function rowsOf(language: Language, keys: readonly Key[], above: number): Row[] {
  const runs: Key[][] = [];
  for (const key of keys) {
    const last = runs.at(-1);
    if (last?.[0] && isAlike(key) && isAlike(last[0]) && last[0].path.length === key.path.length) last.push(key);
    else runs.push([key]);
  }
  return runs.map((run) => (run.length > 1 ? alikeRow(run, above) : rowOf(language, run[0] as Key, above)));
}

function isAlike({ path, sameAs }: Key): boolean {
  return sameAs !== undefined && sameAs.at(-1) === path.at(-1);
}

/** The line of keys that are each the same as a key of their name elsewhere. */
function alikeRow(keys: readonly Key[], above: number): Row {
  const [first, ...others] = keys.map(({ path }) => path);
  const anchors = keys.map(({ path }) => `<a id="${anchorOf(path)}"></a>`).join("");
  const names = [inline((first ?? []).slice(above)), ...others.map((path) => `\`.${path.at(-1)}\``)];
  const links = keys.map(({ sameAs = [] }) => `[${inline(sameAs.slice(-1))}](#${anchorOf(sameAs)})`);
  return [{ markdown: `${anchors}${names.join(", ")}` }, { markdown: `As ${links.join(", ")}.` }, { markdown: "" }];
}

/** The line of a key, called from `above` keys deep on. */
function rowOf({ values }: Pick<Language, "values">, { path, schema, sameAs }: Key, above: number): Row {
  const anchor = "const" in schema ? "" : `<a id="${anchorOf(path)}"></a>`;
  const { description } = sameAs === undefined ? schema : briefly(schema);
  const fallback = defaultOf(values, path, schema);
  const sentences = [
    String(description),
    // A description that speaks of the default itself says when it holds.
    ...(fallback === "" || /\bDefault\b/.test(String(description)) ? [] : [`Default ${code(fallback).markdown}.`]),
    ...(sameAs === undefined ? [] : [`As [${inline(sameAs.slice(-1))}](#${anchorOf(sameAs)}).`]),
    ...(schema["x-consumer"] === "action" ? ["[For the action.](#who-acts-on-a-key)"] : []),
  ];
  return [
    { markdown: `${anchor}${inline(path.slice(above))}<br>${typeOf(schema)}` },
    { markdown: sentences.join(" ").replaceAll(/(?<!\\)\|/g, "\\|") },
    { markdown: examplesOf(path.at(-1) ?? "", schema) },
  ];
}

/** A schema whose description is its first sentence. */
function briefly(schema: Schema): Schema {
  return { ...schema, description: String(schema["description"]).replace(/(?<=\.) .*$/s, "") };
}

/** How a key is called where it is used: those of components and of `spec` stand in many places. */
function titleOf(name: string): string[] {
  const [scope = "", ...rest] = name.split(".");
  if (scope === "component" || scope === "spec") return rest;
  return scope === "environment" && rest.length > 0 ? ["environments", "<environment>", ...rest] : [scope, ...rest];
}

function inline(path: readonly string[]): string {
  return `\`${path.join(".").replaceAll(".[]", "[]")}\``;
}

/** The anchor of the line of a key. Its dots are seen in it: `secretsEnv` is another key than `secrets.env`. */
function anchorOf(path: readonly string[]): string {
  return slug(path.join("-"));
}

/** The anchor that GitHub gives a heading. */
export function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\- _]/gu, "")
    .replaceAll(" ", "-");
}

function typeOf(schema: Schema): string {
  const words = [schema["enum"] ?? schema["const"] ?? []].flat().filter((word) => word !== null && word !== "");
  if (words.length > 0) return words.map((word) => `\`${word}\``).join(", ");
  const types = [schema["type"]].flat().filter((type) => type !== undefined && type !== "null");
  return [...new Set(types.map((type) => typeNames[String(type)]))].join(" or ");
}

/** The default that the schema names, or for facts about the cluster the chart's own value. */
function defaultOf(values: unknown, path: readonly string[], schema: Schema): string {
  if ("default" in schema) return flow(schema["default"]);
  if (path[0] !== "cluster" || "properties" in schema) return "";
  const value = path.reduce<unknown>((found, key) => (found as Schema | undefined)?.[key], values);
  const text = value === undefined || value === "" ? "" : flow(value);
  return text.length > longestDefault ? "" : text;
}

/** The examples of a key, as one would write them. */
function examplesOf(name: string, { examples = [] }: { readonly examples?: unknown }): string {
  const key = chosenNames[name] ?? name.replace("[].", "");
  const texts = (examples as unknown[]).map((value) => `${key}: ${flow(value)}`.replace(/(sha256:.{12}).{52}/, "$1…"));
  return texts.map((text) => code(text).markdown).join("<br>");
}

/** A value as YAML on one line. */
function flow(value: unknown): string {
  const style = { collectionStyle: "flow", lineWidth: 0, flowCollectionPadding: false, blockQuote: false } as const;
  // Only in double quotes can a line break be on the same line.
  const escaped = { defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN", singleQuote: false } as const;
  const breaks = JSON.stringify(value).includes("\\n") ? { ...escaped, doubleQuotedMinMultiLineLength: 10_000 } : {};
  return stringify(value, { ...style, ...breaks }).trim();
}
