import { invalidInputs, lines, type Parse } from "../core/inputs.ts";
import type { Component } from "../validate/application.ts";

/** Image references by component; the name `*` stands for every component whose image is built. */
export type Images = Readonly<Record<string, string>>;

const reference = /^[\w][\w.:/@-]*$/;

/** Reads one reference for all components that are built, or lines `component=reference`. */
export const images: Parse<Images> = (value) => {
  const given = lines(value);
  const [only = ""] = given;
  if (given.length === 1 && reference.test(only)) return { "*": only };
  const entries = given.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)] as const);
  const whole =
    entries.length > 0 && entries.every(([name, image]) => /^[a-z0-9-]+$/.test(name) && reference.test(image));
  if (!whole) throw new Error("must be one image reference, or lines component=reference");
  return Object.fromEntries(entries);
};

/** The references that are given by name. */
export function named({ "*": _, ...images }: Images): Images {
  return images;
}

/**
 * The reference of each component: one without a name goes to every component that is built, and leaves alone those
 * that bring an image of their own.
 *
 * @throws FairleadError INPUT_INVALID when there is no such component, rather than to deploy something else.
 */
export function imagesByComponent(
  images: Images,
  { components }: { readonly components: Readonly<Record<string, Pick<Component, "image" | "build">>> },
): Images {
  const { "*": shared } = images;
  if (shared === undefined) return images;
  const built = Object.entries(components).filter(([, { build }]) => build !== undefined);
  if (built.length > 0) return { ...Object.fromEntries(built.map(([name]) => [name, shared])), ...named(images) };
  const names = Object.keys(components).join(", ");
  throw invalidInputs([
    `\`image\` is for no component, because all (${names}) bring their own: write component=reference`,
  ]);
}
