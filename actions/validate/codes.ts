import type { Explained } from "../core/errors.ts";

/**
 * Every code that `validate` itself gives a problem, beside those of the chart's rules (`chart/codes.ts`). `docs/errors.md` is
 * generated from this table.
 */
export const manifestCodes = {
  FILE_BINARY: { cause: "A file that the manifest names holds no UTF-8 text.", fix: "Put it into the image." },
  FILE_BYTE_ORDER_MARK: { cause: "The file starts with a byte order mark.", fix: "Save it as UTF-8 without one." },
  FILE_CONTROL_CHARACTER: {
    cause: "The file holds a character that YAML does not allow.",
    fix: "Write it as an escape in quotes.",
  },
  FILE_EMPTY: {
    cause: "The file is empty, or holds comments only.",
    fix: "Write a manifest, or take the file off the list.",
  },
  FILE_ENCODING: { cause: "The file is not UTF-8.", fix: "Save it as UTF-8." },
  FILE_MISSING: { cause: "There is no such file.", fix: "Correct the path." },
  FILE_NO_MAPPING: {
    cause: "The file holds a list or a single value in place of a mapping.",
    fix: "Start it with `metadata:` and `spec:`.",
  },
  FILE_OUTSIDE: {
    cause: "The path leads to a file outside of the repository, or into `.git`, which is not read.",
    fix: "Put the file into the repository.",
  },
  FILE_TOO_LARGE: {
    cause: "The file has more than 1 MiB, or the files that a manifest names have more than 4 MiB together.",
    fix: "Put large files into the image.",
  },
  FILE_UNREADABLE: { cause: "The file cannot be read.", fix: "See the reason in the message; a folder is no file." },
  YAML_ALIAS_BOMB: {
    cause: "The aliases stand for more than 100,000 values.",
    fix: "Write out what is repeated, or repeat less.",
  },
  YAML_ANCHOR: {
    cause: "An alias has no anchor before it, or stands inside of what it repeats.",
    fix: "Correct its name, or move the anchor before it.",
  },
  YAML_BOOLEAN_KEY: { cause: "Helm reads the key as true or false.", fix: "Write it in quotes." },
  YAML_BOOLEAN_WORD: {
    cause: "Helm reads yes, no, on, off, y and n as true and false, editors as text.",
    fix: "Write true or false, or quotes.",
  },
  YAML_INVALID: {
    cause: "The text is no YAML.",
    fix: "Go by the message; else look at the place, and at the line before it.",
  },
  YAML_KEY_NOT_TEXT: {
    cause: "A key is missing, or is a list or a mapping.",
    fix: "Write the key as one word, or in quotes.",
  },
  YAML_KEY_TWICE: {
    cause: "A mapping has the same key twice; readers differ in which one they take.",
    fix: "Keep one of them.",
  },
  YAML_MERGE: {
    cause: "The merge key << stands before something that is no mapping.",
    fix: "Write the alias of a mapping after it.",
  },
  YAML_MISREAD: {
    cause: "Text was copied from a page that was read in the wrong encoding, such as â€œ in place of a quote.",
    fix: "Type the character anew.",
  },
  YAML_NUMBER_INFINITE: {
    cause: "A number is infinite or none at all, as .inf and .nan, which Helm cannot pass on.",
    fix: "Write another number, or quotes for text.",
  },
  YAML_NUMBER_OCTAL: {
    cause: "Helm reads a number with a zero in front as octal.",
    fix: "Write it in quotes, or without the zero.",
  },
  YAML_NUMBER_TEXT: {
    cause: "Text that looks like a number loses its digits, as 1.10 or 0755.",
    fix: "Write it in quotes.",
  },
  YAML_SEVERAL_DOCUMENTS: {
    cause: "The file holds several documents, which Helm would mix.",
    fix: "Make a file of each.",
  },
  YAML_SPACE: {
    cause: "A space that is not that of the keyboard, such as a no-break space, is a part of a key or a text.",
    fix: "Type a space in its place.",
  },
  YAML_TAG: {
    cause: "A tag such as !!binary or !!set stands for what readers of YAML understand differently.",
    fix: "Remove it, and write the value as text, list or mapping.",
  },
  YAML_TAB: { cause: "A line is indented with a tab.", fix: "Indent with spaces." },
  YAML_TOO_DEEP: { cause: "Values are nested more than 100 levels deep.", fix: "Nest them less." },
  APP_COMPONENT_NEAR: {
    cause:
      "A warning: a component that only an environment has is called nearly as one of `spec`, and has no image of its own.",
    fix: "Correct the name; if another component is meant, say its `image`.",
  },
  APP_KEY_MISSING: { cause: "A key is missing.", fix: "Add it." },
  APP_KEY_UNKNOWN: {
    cause: "A key is misspelt, or stands in the wrong place.",
    fix: "Go by the message, which names what is known there.",
  },
  APP_NOTICE: {
    cause: "Only worth knowing: an older spelling, or what this environment leaves out.",
    fix: "Nothing has to be done.",
  },
  APP_OBJECT_INVALID: {
    cause: "A rendered object does not fit the schema of the chosen version of Kubernetes, or of its custom resource.",
    fix: "Correct the key that the place shows; `kubernetes-version` says what is checked against.",
  },
  APP_OBJECT_TWICE: {
    cause: "Two objects of the same kind and name are rendered, one of which would be lost.",
    fix: "Give one of them another name.",
  },
  APP_RENDER_FAILED: {
    cause: "Helm refused the manifest although nothing was found wrong with it.",
    fix: "Go by Helm's words; if they make no sense, report it.",
  },
  APP_SERVICE_NO_POD: {
    cause: "The selector of a Service fits no pod of the application.",
    fix: "Correct the selector that a patch sets.",
  },
  APP_TEMPLATE_INVALID: {
    cause: "A text of `manifests` is no template that Helm can run.",
    fix: "Close every `{{ … }}`, and use what `.App` has: `name`, `environment`, `release`, `namespace` and `labels`.",
  },
  APP_VALUE_INVALID: {
    cause: "A value does not have the form, the size or the length that is allowed.",
    fix: "Go by the message, which says what is.",
  },
  APP_VALUE_NOT_ALLOWED: {
    cause: "A value is none of those that are allowed.",
    fix: "Take one that the message lists.",
  },
  APP_VALUE_TYPE: {
    cause: "A value is of another type, as text in place of a number.",
    fix: "Write it with or without quotes, as the message says.",
  },
} as const satisfies Readonly<Record<string, Explained>>;
