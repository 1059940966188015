import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { accepts } from "../actions/validate/compiled-schema.ts";
import { acceptsCode } from "./compile-schema.ts";

const folder = mkdtempSync(join(tmpdir(), "fairlead-schema-"));
after(() => rmSync(folder, { recursive: true }));
const schemaFile = join(import.meta.dirname, "../chart/values.schema.json");

/** Loads generated code, which finds ajv's own helpers as the bundler does: from this repository. */
async function load(): Promise<(content: unknown) => boolean> {
  const file = join(folder, "accepts.mjs");
  const here = JSON.stringify(import.meta.url);
  const start = `import { createRequire } from "node:module"; const require = createRequire(${here});\n`;
  writeFileSync(file, start + acceptsCode(schemaFile).replace('"use strict";', ""));
  return (await import(pathToFileURL(file).href)).accepts;
}

test("the generated code judges as the schema does", async () => {
  const generated = await load();
  const manifest = (spec: unknown) => ({ metadata: { name: "web" }, spec, environments: { prod: null } });
  const wrong: object[] = [
    { prot: 1 },
    { port: "1" },
    { health: "x" },
    { ingress: [{ host: "a" }] },
    { env: { A: {} } },
  ];
  for (const spec of [{}, { port: 1 }, { image: "a:1" }, { ingress: [{ host: "a", public: true }] }, ...wrong]) {
    assert.equal(generated(manifest(spec)), accepts(manifest(spec)), JSON.stringify(spec));
    assert.equal(generated(manifest(spec)), !wrong.includes(spec), JSON.stringify(spec));
  }
});

test("the generated code is the same every time, and carries no prose", () => {
  const code = acceptsCode(schemaFile);
  assert.equal(acceptsCode(schemaFile), code);
  assert.ok(!code.includes("The Service listens on"));
});
