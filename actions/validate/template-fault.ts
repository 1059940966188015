import type { Finding } from "./problem.ts";

/**
 * What is wrong with a text of `manifests` that Helm could not run as a template, told from Helm's words, which quote the text
 * and not its key. Undefined for any other failure.
 *
 * @param content of the manifest, in which the text is looked for, in the environment first.
 */
export function templateFault(message: string, content: unknown, environment: string): Finding | undefined {
  const words = message.replaceAll("\n", " ");
  const texts = textsOf(content, environment);
  const fault = { code: "APP_TEMPLATE_INVALID", target: "value" } as const;
  const [, ownWords] = ending.exec(words) ?? [];
  const own = texts.find(({ text }) => /\{\{[^}]*\b(fail|required)\b/.test(text));
  if (ownWords !== undefined && own !== undefined) {
    const hint = "take its `fail` or `required` out, or correct what that asks for";
    return { ...fault, keys: own.keys, message: `this template ends itself: ${ownWords || "without a word"}`, hint };
  }
  const [, quoted, reason = ""] = failure.exec(words) ?? [];
  if (quoted === undefined) return undefined;
  const failed = textOf(quoted);
  const keys = texts.find(({ text }) => text === failed)?.keys ?? ["spec", "manifests"];
  // `gotpl` is what Helm calls a text that has no file.
  const what = reason.replace(/^template: gotpl:(\d+)(?::\d+)?: (?:executing "gotpl" at )?/, "line $1: ");
  return { ...fault, keys, message: `this is no template that Helm can run: ${what}`, hint };
}

const hint = "`.App` has name, environment, release, namespace and labels";

/** The texts of `manifests` with where they stand, those of the environment first. */
function textsOf(content: unknown, environment: string) {
  const places = [
    ["environments", environment, "manifests"],
    ["spec", "manifests"],
  ];
  return places.flatMap((keys) =>
    Object.entries(at(content, keys)).flatMap(([name, text]) =>
      typeof text === "string" ? [{ keys: [...keys, name], text }] : [],
    ),
  );
}

/** As Helm ends when a template itself calls `fail` or `required`; what ran the template is not told then. */
const ending = /execution error at \(.*?\): (.*?)(?: *Use --debug.*)?$/;

/** As Helm's `tpl` fails: on a text that it cannot parse, or while it runs it. */
const failure =
  /error calling tpl: (?:cannot parse template|error during tpl function execution for) ("(?:[^"\\]|\\.)*"): (.*?)(?: *Use --debug.*)?$/;

/** A text that Go quoted; JSON quotes all but a few control characters alike. */
function textOf(quoted: string): string | undefined {
  try {
    return JSON.parse(quoted);
  } catch {
    return undefined;
  }
}

function at(content: unknown, keys: readonly string[]): object {
  let found = content;
  for (const key of keys) found = (found as Record<string, unknown> | null | undefined)?.[key];
  return typeof found === "object" && found !== null ? found : {};
}
