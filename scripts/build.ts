// Bundles every action into dist/: one entry per main and post, shared chunks, heavy parts apart.
import { existsSync, globSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { rolldown } from "rolldown";

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

/** `@actions/core` brings an HTTP client for its OIDC helper, which no action calls; it would double every start-up. */
const withoutOidcHelper = {
  name: "without-oidc-helper",
  resolveId: (id: string, importer: string | undefined) =>
    importer?.includes("@actions/core/") && id.startsWith("@actions/http-client")
      ? join(import.meta.dirname, "no-http-client.ts")
      : null,
};

const bundle = await rolldown({
  input: entries(),
  cwd: root,
  platform: "node",
  plugins: [withoutOidcHelper],
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
});
await bundle.close();

const bytes = output.reduce((sum, file) => sum + (file.type === "chunk" ? file.code.length : 0), 0);
console.log(`dist: ${output.length} files, ${Math.round(bytes / 1024)} KiB`);
