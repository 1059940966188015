import { parseDuration } from "./duration.ts";
import { FairleadError } from "./errors.ts";
import { suggest } from "./suggest.ts";

/** The environment of a process: where the runner puts the inputs of an action. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Turns the text of an input into a value; throws an `Error` whose message completes "`name` …". */
export type Parse<T> = (text: string) => T;

interface Declaration<T> {
  readonly parse: Parse<T>;
  readonly required: boolean;
}

/** What an action reads: camelCase keys, each for the kebab-case input of that name. */
export type Declarations = Readonly<Record<string, Declaration<unknown>>>;

/** The typed values of a set of declarations. */
export type Values<D extends Declarations> = {
  readonly [K in keyof D]: D[K] extends Declaration<infer T> ? T : never;
};

/** An input that must be given, or that has a default in `action.yml`. */
export function required<T>(parse: Parse<T>): Declaration<T> {
  return { parse, required: true };
}

/** An input that may be left out; empty counts as left out. */
export function optional<T>(parse: Parse<T>): Declaration<T | undefined> {
  return { parse, required: false };
}

/** Text as it is given. */
export const text: Parse<string> = (value) => value;

/** `true` or `false`, as YAML 1.2's core schema writes them. */
export const boolean: Parse<boolean> = (value) => {
  if (/^(true|True|TRUE)$/.test(value)) return true;
  if (/^(false|False|FALSE)$/.test(value)) return false;
  throw new Error(`is "${value}", but must be true or false`);
};

/** A whole number, zero or more. */
export const integer: Parse<number> = (value) => {
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw new Error(`is "${value}", but must be a whole number`);
};

/** Milliseconds. */
export const duration: Parse<number> = (value) => {
  const milliseconds = parseDuration(value);
  if (milliseconds !== undefined && milliseconds > 0) return milliseconds;
  throw new Error(`is "${value}", but must be a duration such as 90s, 3m or 1h`);
};

/**
 * The address of a server. One that holds a user or a password is refused: addresses get into logs, error messages and
 * the arguments of programs. The value is not repeated, since a slip of the pen in it may be a password, too.
 */
export const webAddress: Parse<string> = (value) => {
  const url = URL.parse(value);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new Error("is not a web address such as https://example.com");
  if (url.username || url.password) throw new Error("must not hold a user or a password: an address is no secret");
  return value;
};

/** The non-empty lines, trimmed; a line that starts with `#` is a comment. */
export const lines: Parse<readonly string[]> = (value) =>
  value
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));

/** Names apart by blanks, commas or line breaks. */
export const names: Parse<readonly string[]> = (value) => value.split(/[\s,]+/).filter((name) => name !== "");

/** Lines of `name=value`. */
export const pairs: Parse<Readonly<Record<string, string>>> = (value) => {
  const entries = lines(value).map((line) => {
    const at = line.indexOf("=");
    // The line itself may be a secret, so only its number of characters is told.
    if (at < 1) throw new Error(`has a line without "name=" in front (${line.length} characters)`);
    return [line.slice(0, at).trim(), line.slice(at + 1).trim()] as const;
  });
  return Object.fromEntries(entries);
};

/** One of a few words. */
export function choice<const T extends string>(...words: readonly T[]): Parse<T> {
  return (value) => {
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    const near = suggest(value, words);
    throw new Error(`is "${value}", but must be one of ${words.join(", ")}${near ? ` (did you mean ${near}?)` : ""}`);
  };
}

/**
 * Reads the inputs of an action once, from the variables `INPUT_<NAME>` that the runner sets
 * (upper case, blanks become `_`, hyphens stay).
 *
 * @throws FairleadError INPUT_INVALID that lists every problem, with the likely misspelling.
 */
export function readInputs<const D extends Declarations>(environment: Environment, declarations: D): Values<D> {
  const names = Object.keys(declarations).map(kebabCase);
  const misspelt = findMisspelt(environment, names);
  const problems = misspelt.map(({ given, meant }) => `\`${given}\` is not an input (did you mean \`${meant}\`?)`);
  const values: Record<string, unknown> = {};
  for (const [key, { parse, required }] of Object.entries(declarations)) {
    const name = kebabCase(key);
    const value = (environment[variableOf(name)] ?? "").trim();
    if (value !== "") {
      try {
        values[key] = parse(value);
      } catch (thrown) {
        problems.push(`\`${name}\` ${(thrown as Error).message}`);
      }
    } else if (required && !misspelt.some(({ meant }) => meant === name)) {
      problems.push(`\`${name}\` is missing`);
    }
  }
  if (problems.length > 0) throw invalidInputs(problems);
  return values as Values<D>;
}

/** The error for inputs that are wrong, alone or together; each problem completes "`name` …". */
export function invalidInputs(problems: readonly string[]): FairleadError {
  return new FairleadError({
    code: "INPUT_INVALID",
    message: `${problems.join("; ")}.`,
    fix: "Correct the `with:` of this step.",
  });
}

function findMisspelt(environment: Environment, names: readonly string[]): { given: string; meant: string }[] {
  const declared = new Set(names.map(variableOf));
  return Object.keys(environment)
    .filter((variable) => variable.startsWith("INPUT_") && !declared.has(variable))
    .map((variable) => variable.slice("INPUT_".length).toLowerCase())
    .flatMap((given) => {
      // Other tools leave INPUT_ variables behind, so only a near miss is taken for a mistake.
      const meant = suggest(given.replaceAll("_", "-"), names);
      return meant === undefined ? [] : [{ given, meant }];
    });
}

function variableOf(name: string): string {
  return `INPUT_${name.replaceAll(" ", "_").toUpperCase()}`;
}

function kebabCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
