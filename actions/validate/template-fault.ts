import type { Finding } from "./problem.ts";

/**
 * What is wrong with a text of `manifests` that Helm could not run as a template, told from Helm's words, which quote the text
 * and not its key. Undefined for any other failure.
 *
 * @param content of the manifest, in which the text is looked for, in the environment first.
 */
export function templateFault(message: string, content: unknown, environment: string): Finding | undefined {
  const [, quoted, reason = ""] = failure.exec(message.replaceAll("\n", " ")) ?? [];
  if (quoted === undefined) return undefined;
  const text = textOf(quoted);
  const places = [
    ["environments", environment, "manifests"],
    ["spec", "manifests"],
  ];
  const found = places
    .map((keys) => ({ keys, objects: at(content, keys) }))
    .flatMap(({ keys, objects }) => Object.entries(objects).map(([name, value]) => ({ keys: [...keys, name], value })))
    .find(({ value }) => value === text);
  // `gotpl` is what Helm calls a text that has no file.
  const what = reason.replace(/^template: gotpl:(\d+)(?::\d+)?: (?:executing "gotpl" at )?/, "line $1: ");
  const keys = found?.keys ?? ["spec", "manifests"];
  return {
    code: "APP_TEMPLATE_INVALID",
    keys,
    target: "value",
    message: `this is no template that Helm can run: ${what}`,
    hint,
  };
}

const hint = "`.App` has name, environment, release, namespace and labels";

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
