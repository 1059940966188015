import { CST, Lexer } from "yaml";

/** A sign, a text or a space of YAML, and where it stands. */
export interface Token {
  /** As the library calls it; `text` for a text without quotes. */
  readonly type: string | null;
  readonly source: string;
  readonly offset: number;
}

/** Takes YAML apart, however broken it is. Nothing in it calls itself, so that no nesting is too deep. */
export function* tokensOf(text: string): Generator<Token> {
  let offset = 0;
  let isText = false;
  for (const source of new Lexer().lex(text)) {
    const type: string | null = isText ? "text" : CST.tokenType(source);
    isText = type === "scalar";
    // What only tells the parser about the next one stands nowhere in the text.
    if (type === "scalar" || type === "doc-mode" || type === "flow-error-end") continue;
    yield { type, source, offset };
    offset += source.length;
  }
}
