import {
  type Alias,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  visit,
  type YAMLError,
  type YAMLMap,
} from "yaml";
import { messageOf } from "../core/errors.ts";
import { suggest } from "../core/suggest.ts";
import { deepest, tooDeepAt } from "./depth.ts";
import type { Span } from "./problem.ts";
import { explainSyntax } from "./syntax.ts";
import { show } from "./words.ts";

/** A YAML file with the place of everything in it. */
export interface YamlDocument {
  readonly content: unknown;
  readonly root: Node | null;
  /** What no reader of YAML should accept, or what readers understand differently. */
  readonly faults: readonly YamlFault[];
  /** Whether the faults leave a content that can be checked further. */
  readonly readable: boolean;
  spanOfNode(node: Node): Span;
  /** Where a key or its value stands, or the key of the nearest thing above it that the file holds. */
  spanOf(keys: readonly string[], target: "key" | "value"): Span;
  /** What an alias stands for. */
  targetOf(node: unknown): unknown;
}

/** A text at a place in a document that may be broken elsewhere; undefined where none can be made out. */
export function textAt({ root }: Pick<YamlDocument, "root">, keys: readonly string[]): string | undefined {
  const found = isMap(root) ? root.getIn(keys) : undefined;
  return typeof found === "string" ? found : undefined;
}

/** A fault of the YAML itself. */
export interface YamlFault {
  readonly code: string;
  readonly span: Span;
  readonly message: string;
  readonly hint: string;
}

/** More nodes than this, after aliases are followed, are an attack and no manifest. */
const largestSize = 100_000;

/** Reads YAML as Helm does (1.1's merge keys included), and keeps where everything stands. */
export function readYaml(text: string): YamlDocument {
  const lineCounter = new LineCounter();
  const spanOfRange = spans(text, lineCounter);
  const tooDeep = tooDeepAt(text);
  if (tooDeep !== undefined) return unreadable(depthFault(spanOfLetter(text, tooDeep)), spanOfRange);
  const document = parseDocument(text, { ...reading, lineCounter });
  const errors = syntaxErrors(document, text).map((error) => {
    const { from, to, ...fault } = explainSyntax(error, text);
    return { ...fault, span: spanOfRange(from, to) };
  });
  const { targets, faults: aliasFaults } = aliases(document.contents, spanOfRange);
  const targetOf = (node: unknown) => (isAlias(node) ? targets.get(node) : node);
  const { size, depth } = aliasFaults.length > 0 ? { size: 0, depth: 0 } : expanded(document.contents, targetOf);
  const first = () => firstAlias(document.contents, spanOfRange);
  const bomb = size > largestSize ? [bombFault(first())] : depth > deepest ? [depthFault(first())] : [];
  const fatal = [
    ...firstOfEachLine(errors),
    ...aliasFaults,
    ...bomb,
    ...tags(document.contents, spanOfRange),
    ...oddPairs(document.contents, text, spanOfRange, targetOf),
  ];
  const { content, faults } =
    fatal.length > 0 ? { content: undefined, faults: fatal } : contentOf(document, spanOfRange);
  return {
    content,
    root: document.contents,
    faults: [...faults, ...duplicates(document.contents, spanOfRange)],
    readable: faults.length === 0,
    spanOfNode: (node) => spanOfRange(node.range?.[0] ?? 0, node.range?.[1] ?? 0),
    spanOf: (keys, target) => spanOfRange(...rangeOf(document.contents, keys, target, targetOf)),
    targetOf,
  };
}

const reading = { prettyErrors: false, uniqueKeys: false, merge: true };

/** The library takes a quote behind a backslash for the end of the text where no line break follows (its version 2.9). */
function syntaxErrors({ errors }: Pick<ReturnType<typeof parseDocument>, "errors">, text: string): YAMLError[] {
  const all = text.endsWith("\n") ? errors : parseDocument(`${text}\n`, reading).errors;
  // Of what starts at one place, the first says all.
  return all.filter(({ pos }, index) => all.findIndex((other) => other.pos[0] === pos[0]) === index);
}

/** The values of a document that is right as far as was seen; the library still refuses some merges of aliases. */
function contentOf(document: Pick<ReturnType<typeof parseDocument>, "toJS">, spanOfRange: SpanOfRange) {
  try {
    return { content: document.toJS({ maxAliasCount: -1 }), faults: [] };
  } catch (thrown) {
    const fault = { code: "YAML_MERGE", span: spanOfRange(0, 0), message: messageOf(thrown), hint: mergeHint };
    return { content: undefined, faults: [fault] };
  }
}

const mergeHint = "write the alias of a mapping: <<: *name";

type SpanOfRange = (from: number, to: number) => Span;

function spans(text: string, lineCounter: LineCounter): SpanOfRange {
  return (from, to) => {
    const start = Math.min(from, text.length);
    const end = start + text.slice(start, to).trimEnd().length;
    const [first, last] = [lineCounter.linePos(start), lineCounter.linePos(end)];
    // A file without a line break has no line that the counter knows.
    return {
      line: first.line || 1,
      column: first.col || from + 1,
      endLine: last.line || 1,
      endColumn: last.col || end + 1,
    };
  };
}

/** Of one letter; the counter of lines has seen none of them before the text is parsed. */
function spanOfLetter(text: string, offset: number): Span {
  const before = text.slice(0, offset).split("\n");
  const [line, column] = [before.length, (before.at(-1)?.length ?? 0) + 1];
  return { line, column, endLine: line, endColumn: column + 1 };
}

function unreadable(fault: YamlFault, spanOfRange: SpanOfRange): YamlDocument {
  const nowhere = () => spanOfRange(0, 0);
  const common = { content: undefined, root: null, readable: false, spanOfNode: nowhere, spanOf: nowhere };
  return { ...common, faults: [fault], targetOf: (node) => node };
}

function depthFault(span: Span): YamlFault {
  const message = `values are nested more than ${deepest} levels deep`;
  return { code: "YAML_TOO_DEEP", span, message, hint: "close a bracket, or nest them less" };
}

/** One mistake makes the parser complain several times about its line, and a tab about the lines that follow. */
function firstOfEachLine(faults: readonly YamlFault[]): YamlFault[] {
  const lines = new Set<number>();
  const tab = faults.findIndex(({ code }) => code === "YAML_TAB");
  return faults
    .filter(({ code }, index) => tab < 0 || index <= tab || code !== "YAML_INVALID")
    .filter(({ span }) => !lines.has(span.line) && lines.add(span.line));
}

/** What each alias stands for: the latest anchor of its name before it. */
function aliases(root: Node | null, spanOfRange: SpanOfRange) {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  const faults: YamlFault[] = [];
  visit(root, {
    Node(_, node, path) {
      if (!isAlias(node)) {
        if (node.anchor !== undefined) anchors.set(node.anchor, node);
        return;
      }
      const target = anchors.get(node.source);
      const inside = target !== undefined && path.includes(target);
      if (target !== undefined && !inside) {
        targets.set(node, target);
        return;
      }
      const near = suggest(node.source, [...anchors.keys()]);
      faults.push({
        code: "YAML_ANCHOR",
        span: spanOfRange(node.range?.[0] ?? 0, node.range?.[1] ?? 0),
        message: inside
          ? `*${node.source} stands inside of what it repeats`
          : `no anchor &${node.source} comes before this`,
        hint: inside ? "" : near === undefined ? `put text in quotes: "*${node.source}"` : `did you mean *${near}?`,
      });
    },
  });
  return { targets, faults };
}

/** The number of nodes, and how deep they are nested, once every alias is replaced by what it stands for. */
function expanded(root: unknown, targetOf: (node: unknown) => unknown): Extent {
  const known = new Map<unknown, Extent>();
  const measure = (given: unknown): Extent => {
    const node = targetOf(given);
    const extent = known.get(node);
    if (extent !== undefined) return extent;
    const children = isMap(node) || isSeq(node) ? node.items : isPair(node) ? [node.key, node.value] : [];
    let [size, depth] = [1, 0];
    for (const child of children) {
      const inner = measure(child);
      size += inner.size;
      depth = Math.max(depth, inner.depth);
    }
    const own = { size, depth: isMap(node) || isSeq(node) ? depth + 1 : depth };
    known.set(node, own);
    return own;
  };
  return measure(root);
}

interface Extent {
  readonly size: number;
  readonly depth: number;
}

function firstAlias(root: Node | null, spanOfRange: SpanOfRange): Span {
  let first: Node | undefined;
  visit(root, {
    Alias(_, alias) {
      first = alias;
      return visit.BREAK;
    },
  });
  return spanOfRange(first?.range?.[0] ?? 0, first?.range?.[1] ?? 0);
}

function bombFault(span: Span): YamlFault {
  const message = `the aliases stand for more than ${largestSize} values`;
  return { code: "YAML_ALIAS_BOMB", span, message, hint: "write out what is repeated, or repeat less" };
}

/** Tags of YAML that every reader takes alike. */
const plainTags = /^(!|tag:yaml\.org,2002:(str|int|float|bool|null|map|seq))$/;

/** Tags that stand for what JSON does not have, or that only one reader knows. */
function tags(root: Node | null, spanOfRange: SpanOfRange): YamlFault[] {
  const faults: YamlFault[] = [];
  visit(root, {
    Node(_, node) {
      if (isAlias(node) || node.tag === undefined || plainTags.test(node.tag)) return;
      const name = node.tag.replace("tag:yaml.org,2002:", "!!");
      const span = spanOfRange(node.range?.[0] ?? 0, node.range?.[1] ?? 0);
      const message = `${show(name)} is a tag that readers of YAML understand differently`;
      faults.push({ code: "YAML_TAG", span, message, hint: "remove it, and write the value as text, list or mapping" });
    },
  });
  return faults;
}

/** Keys that are a list, a mapping, or nothing, of which each reader makes another text; and << of what is no mapping. */
function oddPairs(
  root: Node | null,
  text: string,
  spanOfRange: SpanOfRange,
  targetOf: (node: unknown) => unknown,
): YamlFault[] {
  const faults: YamlFault[] = [];
  visit(root, {
    Pair(_, { key, value }) {
      const [from, to] = rangeOfNode(key) ?? rangeOfNode(value) ?? [0, 0];
      const span = spanOfRange(from, to);
      if (!isScalar(key) || key.value === null) {
        const message = key === null || isScalar(key) ? "a key is missing before the colon" : "a key must be text";
        const template = text.slice(from - 1, from + 1) === "{{";
        const hint = template ? "put a text with {{ and }} in quotes" : "write the key as one word, or in quotes";
        faults.push({ code: "YAML_KEY_NOT_TEXT", span, message, hint });
      } else if (key.type === "PLAIN" && /^:[,\]}]/.test(text.slice(to, to + 2))) {
        const message = `Helm reads the colon as part of the key ${show(keyText(key))}`;
        faults.push({ code: "YAML_INVALID", span, message, hint: "write a space after the colon, and a value" });
      } else if (keyText(key) === "<<" && !isMergeSource(targetOf(value), targetOf)) {
        const message = "<< takes a mapping, or a list of mappings";
        faults.push({ code: "YAML_MERGE", span, message, hint: mergeHint });
      }
    },
  });
  return faults;
}

function isMergeSource(value: unknown, targetOf: (node: unknown) => unknown): boolean {
  return isMap(value) || (isSeq(value) && value.items.every((item) => isMap(targetOf(item))));
}

/** Every key that its mapping holds already; Helm would silently take the last, other readers the first. */
function duplicates(root: Node | null, spanOfRange: SpanOfRange): YamlFault[] {
  const faults: YamlFault[] = [];
  visit(root, {
    Map(_, map) {
      const first = new Map<string, number>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const name = keyText(key);
        const [from, to] = (key as Scalar).range ?? [0, 0];
        const span = spanOfRange(from, to);
        const earlier = first.get(name);
        if (earlier === undefined) first.set(name, span.line);
        else faults.push(duplicate(name, span, earlier));
      }
    },
  });
  return faults;
}

function duplicate(name: string, span: Span, earlier: number): YamlFault {
  const message = `${show(name)} is given twice in the same mapping; first in line ${earlier}`;
  return { code: "YAML_KEY_TWICE", span, message, hint: "keep one of them" };
}

/** A key as text; of a merge key the value is a symbol, so its source is taken. What is no text has none. */
export function keyText(key: unknown): string {
  if (!isScalar(key)) return "";
  return typeof key.value === "symbol" ? "<<" : String(key.value);
}

type Range = [from: number, to: number];

function rangeOf(
  root: Node | null,
  keys: readonly string[],
  target: "key" | "value",
  targetOf: (node: unknown) => unknown,
): Range {
  let node: unknown = root;
  const firstKey = isMap(root) ? (root.items[0]?.key as Node | undefined) : undefined;
  let nearest: Range = rangeOfNode(firstKey ?? root) ?? [0, 0];
  for (const [index, key] of keys.entries()) {
    const found = findEntry(node, key, targetOf);
    if (found === undefined) return nearest;
    const own = rangeOfNode(found.key);
    const value = rangeOfNode(found.value);
    nearest = own ?? value ?? nearest;
    node = found.value;
    if (index === keys.length - 1 && target === "value" && value !== undefined && value[1] > value[0]) return value;
  }
  return nearest;
}

function rangeOfNode(node: unknown): Range | undefined {
  const range = (node as Node | undefined)?.range;
  return range ? [range[0], range[1]] : undefined;
}

/** The key and the value of an entry of a mapping or a list; an entry that a merge key brings counts as well. */
function findEntry(given: unknown, key: string, targetOf: (node: unknown) => unknown): Partial<Pair> | undefined {
  const node = targetOf(given);
  if (isSeq(node)) return /^\d+$/.test(key) ? { key: undefined, value: node.items[Number(key)] } : undefined;
  if (!isMap(node)) return undefined;
  return node.items.findLast((pair) => keyText(pair.key) === key) ?? mergedEntry(node, key, targetOf);
}

function mergedEntry(map: YAMLMap, key: string, targetOf: (node: unknown) => unknown): Partial<Pair> | undefined {
  for (const { key: name, value } of map.items) {
    if (keyText(name) !== "<<") continue;
    const source = targetOf(value);
    for (const part of isSeq(source) ? source.items : [source]) {
      const found = findEntry(part, key, targetOf);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
