/** A workflow command that a step printed: `::name key=value,key=value::message`. */
export interface Command {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly message: string;
}

// The runner's list; a line that names another word is an ordinary line (actions/runner, ActionCommandManager.cs).
const known = new Set([
  "add-mask",
  "add-matcher",
  "add-path",
  "debug",
  "echo",
  "endgroup",
  "error",
  "group",
  "notice",
  "remove-matcher",
  "save-state",
  "set-env",
  "set-output",
  "stop-commands",
  "warning",
]);

/** Reads one line of output as a workflow command; undefined when it is an ordinary line. */
export function parseCommand(line: string): Command | undefined {
  const [, name = "", properties = "", message = ""] = /^\s*::([^\s:]+)(?:\s+(.*?))?::(.*)$/.exec(line) ?? [];
  if (!known.has(name.toLowerCase())) return undefined;
  return { name: name.toLowerCase(), properties: parseProperties(properties), message: unescapeData(message) };
}

function parseProperties(text: string): Record<string, string> {
  const pairs = text.split(",").map((pair) => {
    const at = pair.indexOf("=");
    return [pair.slice(0, at).trim(), unescapeProperty(pair.slice(at + 1))] as const;
  });
  return Object.fromEntries(pairs.filter(([name, value]) => name !== "" && value !== ""));
}

// "%25" comes last, or "%250A" would become a line break (actions/runner, ActionCommand.cs).
function unescapeData(text: string): string {
  return text.replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll("%25", "%");
}

function unescapeProperty(text: string): string {
  return text
    .replaceAll("%0D", "\r")
    .replaceAll("%0A", "\n")
    .replaceAll("%3A", ":")
    .replaceAll("%2C", ",")
    .replaceAll("%25", "%");
}
