/** What a workflow file says about being dispatched. */
export interface DispatchTrigger {
  /** Inputs by their names. */
  readonly inputs: Readonly<Record<string, DeclaredInput>>;
}

/** One declared input. */
export interface DeclaredInput {
  readonly required?: boolean;
  readonly default?: unknown;
  readonly type?: string;
  readonly options?: readonly unknown[];
}

/** Reads the trigger `workflow_dispatch` of a workflow file; undefined when it has none, or is no workflow. */
export async function dispatchTrigger(text: string): Promise<DispatchTrigger | undefined> {
  const { load } = await import("js-yaml");
  let document: unknown;
  try {
    document = load(text);
  } catch {
    return undefined;
  }
  const on = isMapping(document) ? document["on"] : undefined;
  if (on === "workflow_dispatch" || (Array.isArray(on) && on.includes("workflow_dispatch"))) return { inputs: {} };
  if (!isMapping(on) || !("workflow_dispatch" in on)) return undefined;
  const trigger = on["workflow_dispatch"];
  const inputs = isMapping(trigger) && isMapping(trigger["inputs"]) ? trigger["inputs"] : {};
  return {
    inputs: Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, isMapping(input) ? input : {}])),
  };
}

/** What is wrong with some inputs for a workflow, in words; empty when GitHub will take them. */
export function problemsWithInputs(
  { inputs: declared }: DispatchTrigger,
  given: Readonly<Record<string, string>>,
): string[] {
  const undeclared = Object.keys(given).filter((name) => declared[name] === undefined);
  const missing = Object.entries(declared)
    .filter(([name, { required, default: value }]) => required === true && value === undefined && !given[name])
    .map(([name]) => name);
  const wrong = Object.entries(given).filter(([name, value]) => {
    const options = declared[name]?.type === "choice" ? declared[name].options : undefined;
    return options !== undefined && !options.map(String).includes(value);
  });
  return [
    ...(undeclared.length > 0 ? [`does not declare the inputs ${undeclared.join(", ")}`] : []),
    ...(missing.length > 0 ? [`needs the inputs ${missing.join(", ")}`] : []),
    ...wrong.map(([name, value]) => `does not offer "${value}" for its input ${name}`),
  ];
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
