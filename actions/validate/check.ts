import { suggest } from "../core/suggest.ts";
import type { RuleError } from "./application.ts";
import { findBrokenExpressions } from "./expressions.ts";
import { locate, type Manifest } from "./manifest.ts";
import type { Finding, Problem } from "./problem.ts";
import type { Judge } from "./schema.ts";

/** Checks a manifest by itself: traps of YAML, the schema of the chart, and the regular expressions of its checks. */
export async function checkManifest(manifest: Manifest, judge: Judge): Promise<Problem[]> {
  const misfits = [...(await judge.explain(manifest.content)), ...findBrokenExpressions(manifest.content)];
  if (manifest.plain && misfits.length === 0) return [];
  const { findTraps } = await import("./traps.ts");
  const document = await manifest.document();
  const traps = findTraps(document, await judge.language());
  const trapped = new Set(traps.map(({ keys }) => keys.join("\n")));
  // A number that lost its digits is of the wrong type as well; only the trap says what to do.
  const findings = misfits.filter(({ keys }) => !trapped.has(keys.join("\n")));
  return [
    ...traps.map(({ keys, span, code, message, hint }) => ({
      ...{ file: manifest.file, ...span, code, path: keys.join(".") },
      ...{ message, hint, environment: "" },
    })),
    ...(await locate(manifest, findings)),
  ];
}

/** A rule that the chart found broken, as a finding: with the keys of its path, and what was probably meant. */
export function findingOf(rule: RuleError, content: unknown, environment: string): Finding {
  const { code, message } = rule;
  if (code === "APP_ENV_UNDECLARED") {
    const declared = Object.keys((content as { environments?: object | null }).environments ?? {});
    return { code, keys: ["environments"], target: "key", message, hint: didYouMean(environment, declared) };
  }
  const [, what = message, advice = ""] = sentence.exec(message) ?? [];
  const hint = [meantBy(what, advice), advice].filter((part) => part !== "").join(" ");
  return { code, keys: splitPath(rule.path, content), target: "value", message: what, hint };
}

/** The chart's sentences end with the advice, after a semicolon that is in no quoted value. */
const sentence = /^((?:"(?:[^"\\]|\\.)*"|[^"])*?)(?:; (.*))?$/s;

/** What was probably meant by the quoted name of a sentence, where the advice is a list such as `components: api, web`. */
function meantBy(what: string, advice: string): string {
  const [, name = "", , inner] = /"([^"/]*)(\/([^"]*))?"[^"]*$/.exec(what) ?? [];
  // An empty list says `none`, which is no name.
  const [, list = ""] = /^[\w. ]+: (?!none$)(.+)$/.exec(advice) ?? [];
  const tail = inner === undefined ? "" : `/${inner}`;
  return didYouMean(name, list.split(", "), tail);
}

/** @param tail what follows the name. */
function didYouMean(name: string, known: readonly string[], tail = ""): string {
  const near = name === "" ? undefined : suggest(name, known);
  return near === undefined || near === name ? "" : `did you mean \`${near}${tail}\`?`;
}

/** The keys of a path that was joined by dots; a key of the manifest may hold dots itself, and the longest wins. */
export function splitPath(path: string, content: unknown): string[] {
  const parts = path === "" ? [] : path.split(".");
  const keys: string[] = [];
  let here = content;
  while (parts.length > 0) {
    const known = typeof here === "object" && here !== null ? here : {};
    const lengths = parts.map((_, index) => parts.length - index);
    const length = lengths.find((count) => Object.hasOwn(known, parts.slice(0, count).join("."))) ?? 1;
    const key = parts.splice(0, length).join(".");
    keys.push(key);
    here = (known as Record<string, unknown>)[key];
  }
  return keys;
}
