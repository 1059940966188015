// Bundles every action into dist/: one entry per main and post, shared chunks, heavy parts apart.
import { existsSync, globSync } from "node:fs";
import { builtinModules } from "node:module";
import { basename, dirname, join } from "node:path";
import { type Plugin, rolldown } from "rolldown";

const root = join(import.meta.dirname, "..");

/** Entries by their name in `dist/`: `actions/<room>/main.ts` is `<room>`, its `post.ts` is `<room>-post`. */
function entries(): Record<string, string> {
  const found: Record<string, string> = { fairlead: join(root, "scripts/fairlead.ts") };
  for (const main of globSync("actions/*/main.ts", { cwd: root }).sort()) {
    const room = dirname(main);
    found[basename(room)] = join(root, main);
    const post = join(root, room, "post.ts");
    if (existsSync(post)) found[`${basename(room)}-post`] = post;
  }
  return found;
}

/**
 * `@actions/core` brings an HTTP client for its OIDC helper and a process starter for its facts about the platform, which
 * no action calls; they would double every start-up.
 */
const withoutUnusedHelpers: Plugin = {
  name: "without-unused-helpers",
  resolveId: (id, importer) =>
    importer?.includes("@actions/core/") && /^@actions\/(http-client|exec)\b/.test(id)
      ? join(import.meta.dirname, "unused-helpers.ts")
      : null,
};

/** Node's own modules, but for the one that the bundler's own runtime needs before anything else. */
const builtins = new Set(builtinModules.filter((name) => name !== "module"));

/**
 * Takes Node's own modules as they are: for an `import`, Node makes a module around them and reads every property for
 * that, which for `node:fs` alone loads all of its streams. A `require` gets them as they are anyway.
 */
const bareBuiltins: Plugin = {
  name: "bare-builtins",
  resolveId(id, _importer, { kind }) {
    const name = id.replace(/^node:/, "");
    return kind === "import-statement" && builtins.has(name) ? `\0builtin:${name}` : null;
  },
  load: (id) => (id.startsWith("\0builtin:") ? textOfBuiltin(id.slice("\0builtin:".length)) : null),
};

/** What `node:crypto` exports under the name of a function. */
const notFunctions = new Set(["constants", "webcrypto", "subtle", "fips"]);

/**
 * A module with the exports of a built-in one; what nobody imports of it is shaken off. `node:crypto`, which costs a
 * fifth of a start, is loaded when the first of its functions is called.
 */
function textOfBuiltin(name: string): string {
  const got = `process.getBuiltinModule("node:${name}")`;
  const names = Object.keys(process.getBuiltinModule(name) ?? {}).filter((each) => each !== "default");
  const isLate = (each: string) => name === "crypto" && /^[a-z]/.test(each) && !notFunctions.has(each);
  return [
    `const $all = /* @__PURE__ */ ${got};`,
    "const $read = (name) => $all[name];",
    `const $late = (name) => (...values) => ${got}[name](...values);`,
    ...names.map((each) => `export const ${each} = /* @__PURE__ */ ${isLate(each) ? "$late" : "$read"}("${each}");`),
    "export default $all;",
  ].join("\n");
}

/** What every action loads is one file: each further one costs a start about as much as what is in it. */
const everyAction =
  /\/@actions\/core\/|\/actions\/core\/(action|context|duration|errors|direct|files|http|inputs|masking|retry|runner|suggest|summary)\.ts$|builtin:util$/;

const bundle = await rolldown({
  input: entries(),
  cwd: root,
  platform: "node",
  plugins: [withoutUnusedHelpers, bareBuiltins],
});
const { output } = await bundle.write({
  dir: join(root, "dist"),
  cleanDir: true,
  format: "esm",
  entryFileNames: "[name].mjs",
  chunkFileNames: "chunks/[name]-[hash].mjs",
  minify: true,
  keepNames: true,
  comments: false,
  codeSplitting: { groups: [{ name: "core", test: everyAction }] },
});
await bundle.close();

const bytes = output.reduce((sum, file) => sum + (file.type === "chunk" ? file.code.length : 0), 0);
console.log(`dist: ${output.length} files, ${Math.round(bytes / 1024)} KiB`);
