import { tokensOf } from "./tokens.ts";

/** Deeper nesting would end the stacks of the readers and of what works on the values. */
export const deepest = 100;

/**
 * Where a text of YAML is nested too deep. It is told from the tokens alone, in which a bracket in a comment or a text is no
 * bracket: the parser calls itself for every level.
 *
 * @returns offset of the first token that is too deep.
 */
export function tooDeepAt(text: string): number | undefined {
  /** Of the lines around this one. */
  const indents: number[] = [];
  let line = startOfLine;
  let brackets = 0;
  for (const { type, source, offset } of tokensOf(text)) {
    if (type === "space" && line.isEmpty) line = { ...line, indent: source.length };
    if (type === "newline") line = startOfLine;
    if (type === "space" || type === "newline" || type === "comment") continue;
    if (type === "flow-seq-start" || type === "flow-map-start") brackets++;
    else if (type === "flow-seq-end" || type === "flow-map-end") brackets = Math.max(0, brackets - 1);
    else if (brackets === 0) {
      if (line.isEmpty) {
        while ((indents.at(-1) ?? -1) >= line.indent) indents.pop();
        indents.push(line.indent);
      }
      if (opening.has(type)) line = { ...line, opened: line.opened + 1 };
    }
    // The first sign of a line opens the level that its indentation counts.
    if (indents.length + Math.max(0, line.opened - 1) + brackets > deepest) return offset;
    // The text of a block ends with its line.
    line = type === "text" && source.endsWith("\n") ? startOfLine : { ...line, isEmpty: false };
  }
  return undefined;
}

const startOfLine = { isEmpty: true, indent: 0, opened: 0 };

/** Signs that open a level outside of brackets, several in one line. */
const opening: ReadonlySet<string | null> = new Set(["seq-item-ind", "explicit-key-ind", "map-value-ind"]);
