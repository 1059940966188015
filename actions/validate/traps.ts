import { isMap, isScalar, isSeq, type Node, type Scalar } from "yaml";
import { keyText, type YamlDocument, type YamlFault } from "./document.ts";
import { type Forms, type Language, typesOf } from "./language.ts";
import { misreadLetters, oddSpace, oddSpaceAtEnd } from "./letters.ts";
import { booleanWords, keepsDigits, numberOf, numberWords, truthOf } from "./scalars.ts";
import { show } from "./words.ts";

/** A trap, and the keys that lead to it. */
export interface Trap extends YamlFault {
  readonly keys: readonly string[];
}

/**
 * Finds values and keys that are written without quotes and mean something else to Helm than what stands there:
 * words that become true or false, and numbers that lose digits where text is meant; and text that was copied wrong.
 */
export function findTraps(document: YamlDocument, language: Language): Trap[] {
  const traps = new Map<Node, Trap>();
  const note = (node: Scalar, keys: readonly string[], trap: Pick<Trap, "code" | "message" | "hint"> | undefined) => {
    if (trap !== undefined && !traps.has(node)) traps.set(node, { ...trap, keys, span: document.spanOfNode(node) });
  };
  const walk = (given: unknown, forms: Forms, keys: readonly string[]): void => {
    const node = document.targetOf(given);
    if (isScalar(node))
      note(
        node,
        keys,
        valueTrap(plainText(node), forms) ?? spaceTrap(plainText(node), oddSpaceAtEnd) ?? copyTrap(node),
      );
    else if (isSeq(node)) {
      for (const [index, item] of node.items.entries()) walk(item, language.items(forms), [...keys, String(index)]);
    } else if (isMap(node)) {
      for (const { key, value } of node.items) {
        const name = keyText(key);
        if (name === "<<") for (const part of mergedParts(value, document)) walk(part, forms, keys);
        else {
          if (isScalar(key))
            note(key, [...keys, name], keyTrap(plainText(key)) ?? spaceTrap(plainText(key), oddSpace) ?? copyTrap(key));
          walk(value, language.child(forms, name), [...keys, name]);
        }
      }
    }
  };
  walk(document.root, language.top, []);
  return [...traps.values()];
}

function mergedParts(value: unknown, document: YamlDocument): readonly unknown[] {
  const source = document.targetOf(value);
  return isSeq(source) ? source.items : [source];
}

function plainText(node: Scalar): string | undefined {
  return node.type === "PLAIN" ? node.source : undefined;
}

function spaceTrap(text: string | undefined, odd: RegExp) {
  if (text === undefined || !odd.test(text)) return undefined;
  const code = oddSpace.exec(text)?.[0].codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0");
  const message = `the space U+${code} is a letter to YAML, and a part of ${show(text)}`;
  return { code: "YAML_SPACE", message, hint: "type a space in its place, or put the text in quotes" };
}

function copyTrap({ value }: Scalar) {
  const found = typeof value === "string" ? misreadLetters(value) : undefined;
  if (found === undefined) return undefined;
  const message = `\`${found.wrong}\` is \`${found.right}\` in UTF-8, read as another encoding`;
  return { code: "YAML_MISREAD", message, hint: `write \`${found.right}\`, or what it stands for in ASCII` };
}

function keyTrap(text: string | undefined) {
  if (text === undefined) return undefined;
  if (booleanWords.test(text)) {
    const message = `Helm reads the key \`${text}\` as \`${truthOf(text)}\``;
    return { code: "YAML_BOOLEAN_KEY", message, hint: `write it in quotes: "${text}"` };
  }
  if (!numberWords.test(text) || keepsDigits(text)) return undefined;
  const message = `Helm reads the key \`${text}\` as \`${numberOf(text)}\``;
  return { code: "YAML_NUMBER_TEXT", message, hint: `write it in quotes: "${text}"` };
}

function valueTrap(text: string | undefined, forms: Forms) {
  if (text !== undefined && notFinite.test(text)) {
    const message = `${text} is a number that Helm cannot pass on`;
    return { code: "YAML_NUMBER_INFINITE", message, hint: `write "${text}" for text` };
  }
  const types = typesOf(forms);
  if (text === undefined || types.size === 0) return undefined;
  if (booleanWords.test(text)) return wordTrap(text, types);
  return numberWords.test(text) ? numberTrap(text, types) : undefined;
}

/** Numbers of YAML that JSON does not have. */
const notFinite = /^(?:[-+]?\.inf|\.nan)$/i;

function wordTrap(text: string, types: ReadonlySet<string>) {
  const truth = truthOf(text);
  const hint = types.has("string")
    ? `write "${text}" for text${types.has("boolean") ? `, or ${truth}` : ""}`
    : `write ${truth}`;
  return { code: "YAML_BOOLEAN_WORD", message: `Helm reads ${text} as ${truth}, other readers as text`, hint };
}

function numberTrap(text: string, types: ReadonlySet<string>) {
  const quoted = `write it in quotes: "${text}"`;
  if (isText(types)) {
    if (keepsDigits(text)) return undefined;
    return { code: "YAML_NUMBER_TEXT", message: `${text} is read as the number ${numberOf(text)}`, hint: quoted };
  }
  const octal = /^[-+]?0[0-9_]/.test(text) || text.includes("_");
  if (!octal) return undefined;
  const hint = `write ${numberOf(text)}, or without the zero in front`;
  return { code: "YAML_NUMBER_OCTAL", message: `Helm reads ${text} as ${numberOf(text)}`, hint };
}

/** Where a string is allowed the value is text, but for quantities (a string or any number), in which 0.50 is 0.5. */
function isText(types: ReadonlySet<string>): boolean {
  return types.has("string") && !(types.has("number") && !types.has("boolean"));
}
