/**
 * Reads the content of GITHUB_OUTPUT, GITHUB_ENV or GITHUB_STATE: lines `name=value`, or `name<<delimiter`, lines,
 * `delimiter`.
 *
 * @throws Error with the runner's sentence when the file does not parse (actions/runner, FileCommandManager.cs).
 */
export function parsePairs(content: string): Record<string, string> {
  // On Linux a carriage return is part of a value.
  const lines = content.split("\n");
  const pairs: Record<string, string> = {};
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? "";
    if (line === "") continue;
    const equals = line.indexOf("=");
    const heredoc = line.indexOf("<<");
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      if (equals === 0) throw new Error(`Invalid format '${line}'. Name must not be empty`);
      pairs[line.slice(0, equals)] = line.slice(equals + 1);
    } else if (heredoc >= 0) {
      const name = line.slice(0, heredoc);
      const delimiter = line.slice(heredoc + 2);
      if (name === "" || delimiter === "") {
        throw new Error(`Invalid format '${line}'. Name must not be empty and delimiter must not be empty`);
      }
      const end = lines.indexOf(delimiter, index + 1);
      if (end < 0) throw new Error(`Invalid value. Matching delimiter not found '${delimiter}'`);
      pairs[name] = lines.slice(index + 1, end).join("\n");
      index = end;
    } else {
      throw new Error(`Invalid format '${line}'`);
    }
  }
  return pairs;
}

/** Reads GITHUB_ENV: as {@link parsePairs}, but the runner refuses to store NODE_OPTIONS. */
export function parseVariables(content: string): Record<string, string> {
  const pairs = parsePairs(content);
  if ("NODE_OPTIONS" in pairs)
    throw new Error("Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.");
  return pairs;
}

/** Puts the lines of GITHUB_PATH in front of earlier ones: the latest comes first, and nothing is there twice. */
export function prependPaths(earlier: readonly string[], content: string): string[] {
  return content
    .split(/\r?\n/)
    .filter((line) => line !== "")
    .reduce((paths, line) => [line, ...paths.filter((path) => path !== line)], [...earlier]);
}
