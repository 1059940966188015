import { FairleadError } from "../core/errors.ts";
import { lines, type Parse } from "../core/inputs.ts";
import { suggest } from "../core/suggest.ts";
import type { SettingNames } from "./settings.ts";

/** One secret as Infisical has it. */
export interface Found {
  readonly key: string;
  readonly value: string;
  /** Absolute path of the folder that it lies in, or that it is imported into. */
  readonly folder: string;
}

/** A secret with the name under which it is handed on. */
export interface Named extends Found {
  readonly name: string;
}

/** One line of `names`. */
export interface Choice {
  readonly key: string;
  /** Only the key of this folder; of every folder if left out. */
  readonly folder: string | undefined;
  /** The name that it gets. */
  readonly name: string | undefined;
}

/** Which secrets are taken, and their names. */
export interface Selection {
  /** All when empty. */
  readonly wanted: readonly Choice[];
  readonly unwanted: readonly Choice[];
}

/** Where secrets were looked for, in words, and what the user calls the settings that say so. */
export interface Origin {
  readonly place: string;
  readonly settings: Pick<SettingNames, "names" | "path">;
}

/** Everything, under its own name. */
export const everything: Selection = { wanted: [], unwanted: [] };

/** Reads lines of `KEY`, `KEY as NAME`, `!KEY`; a key may have its folder in front, as in `/database/PASSWORD`. */
export const selection: Parse<Selection> = (value) => {
  const choices = lines(value).map((line) => {
    const isUnwanted = line.startsWith("!");
    const [, place = "", name] = /^(.*?)(?:\s+as\s+(\S+))?$/.exec(isUnwanted ? line.slice(1).trim() : line) ?? [];
    if (isUnwanted && name !== undefined) throw new Error(`has "${line}", which leaves out and renames at once`);
    const slash = place.startsWith("/") ? place.lastIndexOf("/") : -1;
    const key = place.slice(slash + 1);
    if (key === "") throw new Error(`has "${line}", which names no secret`);
    const folder = slash < 0 ? undefined : place.slice(0, slash) || "/";
    return { isUnwanted, key, folder, name };
  });
  return {
    wanted: choices.filter(({ isUnwanted }) => !isUnwanted).map(({ key, folder, name }) => ({ key, folder, name })),
    unwanted: choices.filter(({ isUnwanted }) => isUnwanted).map(({ key, folder, name }) => ({ key, folder, name })),
  };
};

/** The name that a choice gives its secret: the one after `as` as it is, else the key behind the prefix. */
export function nameOf({ key, name }: Choice, prefix: string): string {
  return name ?? `${prefix}${key}`;
}

/**
 * Takes what was chosen, and names it. A key keeps its own name, whatever folder it lies in.
 *
 * @throws FairleadError SECRET_MISSING for every chosen key that is not there; SECRET_COLLISION where two secrets would
 *   get one name.
 */
export function select(
  found: readonly Found[],
  { wanted, unwanted }: Selection,
  prefix: string,
  origin: Origin,
): readonly Named[] {
  const kept = found.filter((secret) => !unwanted.some((choice) => isMeant(secret, choice)));
  const chosen = wanted.length > 0 ? wanted : kept.map(({ key, folder }) => ({ key, folder, name: undefined }));
  const byKey = Map.groupBy(kept, ({ key }) => key);
  const pairs = chosen.map((choice) => ({
    choice,
    secrets: (byKey.get(choice.key) ?? []).filter((secret) => isMeant(secret, choice)),
  }));
  const missing = pairs.filter(({ secrets }) => secrets.length === 0).map(({ choice }) => choice);
  if (missing.length > 0) throw notThere(missing, found, origin);
  const named = pairs.flatMap(({ choice, secrets }) =>
    secrets.map((secret) => ({ ...secret, name: nameOf(choice, prefix) })),
  );
  const collisions = [...Map.groupBy(named, ({ name }) => name)].filter(([, secrets]) => secrets.length > 1);
  if (collisions.length > 0) throw colliding(collisions, origin);
  return named;
}

function isMeant(secret: Found, { key, folder }: Choice): boolean {
  return secret.key === key && (folder === undefined || folder === secret.folder);
}

function notThere(missing: readonly Choice[], found: readonly Found[], origin: Origin): FairleadError {
  const { place, settings } = origin;
  const keys = [...new Set(found.map(({ key }) => key))];
  const told = missing.map((choice) => {
    const near = suggest(choice.key, keys);
    return `${placeOf(choice)}${near && near !== choice.key ? ` (did you mean ${near}?)` : ""}`;
  });
  return new FairleadError({
    code: "SECRET_MISSING",
    message: `Infisical has no ${told.join(" and no ")} in ${place}.`,
    fix: `Correct ${settings.names} or ${settings.path}, or add it in Infisical.`,
  });
}

function colliding(collisions: readonly (readonly [string, readonly Named[]])[], { settings }: Origin): FairleadError {
  const told = collisions.map(([name, secrets]) => `${name} (${secrets.map(placeOf).join(", ")})`);
  const [first] = collisions[0]?.[1] ?? [];
  return new FairleadError({
    code: "SECRET_COLLISION",
    message: `Several secrets would get the same name: ${told.join("; ")}.`,
    fix:
      settings.names === undefined
        ? "Leave one of them in Infisical."
        : `Rename or leave out all but one with ${settings.names}, for instance by a line \`${first ? placeOf(first) : ""} as OTHER\`.`,
  });
}

function placeOf({ key, folder }: Choice | Found): string {
  return folder === undefined ? key : `${folder === "/" ? "" : folder}/${key}`;
}
