import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { bundledChart } from "../core/helm.ts";
import { fileReferences, inlineFiles } from "./inline.ts";
import { type Forms, keysOf, type Language } from "./language.ts";
import { openManifest } from "./manifest.ts";
import { readLanguage } from "./schema.ts";

const folder = mkdtempSync(join(tmpdir(), "fairlead-inline-"));
after(() => rmSync(folder, { recursive: true }));
const workspace = join(folder, "checkout");
const root = join(workspace, "shop");
for (const path of [".deploy", "config", ".git"]) mkdirSync(join(root, path), { recursive: true });
const write = (path: string, content: string | Buffer) => writeFileSync(join(root, path), content);

/** The one finding for a file that a manifest names, as `CODE message; hint`. */
function refusalOf(file: string): string {
  const { findings, overlay } = inlineFiles({ spec: { files: { "/a": { file } } } }, root, workspace);
  assert.equal(overlay, undefined);
  return findings.map(({ code, message, hint }) => `${code} ${message}; ${hint}`).join("\n");
}

describe("files that a manifest names", () => {
  test("are laid over it where it names them, whatever the scope", () => {
    write("config/a.toml", "a = 1\n");
    write(".deploy/b.sql", "select 1;\n");
    const content = {
      spec: { files: { "/a": { file: "config/a.toml", mode: "0755" }, "/b": "text" }, config: { db: { init: 1 } } },
      environments: { prod: { config: { db: { init: { file: "./.deploy/b.sql" } } } }, staging: null },
    };
    const { overlay, files, findings } = inlineFiles(content, root, workspace);
    assert.deepEqual(findings, []);
    assert.deepEqual(files, [".deploy/b.sql", "config/a.toml"]);
    assert.deepEqual(JSON.parse(JSON.stringify(overlay)), {
      spec: { files: { "/a": { content: "a = 1\n", file: null } } },
      environments: { prod: { config: { db: { init: "select 1;\n" } } } },
    });
  });

  test("leave a manifest without any as it is", () => {
    const content = { spec: { build: { file: "Dockerfile" }, config: { db: { metadata: { name: "a" } } } } };
    assert.deepEqual(inlineFiles(content, root, workspace), { files: [], findings: [] });
  });

  test("may be in the repository above the folder of the manifest", () => {
    writeFileSync(join(workspace, "shared.txt"), "shared");
    const { overlay } = inlineFiles({ spec: { files: { "/a": { file: "../shared.txt" } } } }, root, workspace);
    assert.equal(JSON.stringify(overlay), '{"spec":{"files":{"/a":{"content":"shared","file":null}}}}');
  });

  test("keep every character of their text", () => {
    const text = "\ufeffline\r\n\ttab \u2028 \u0085 \u007f 🐳\n\n";
    write("odd.txt", text);
    const content = { spec: { config: { a: { b: { file: "odd.txt" } } } } };
    const { overlay } = inlineFiles(content, root, workspace);
    assert.deepEqual(JSON.parse(JSON.stringify(overlay)), { spec: { config: { a: { b: text } } } });
  });

  test("are refused outside of the repository, links followed, and inside of .git", () => {
    writeFileSync(join(folder, "secret"), "secret");
    symlinkSync(join(folder, "secret"), join(root, "link"));
    symlinkSync(folder, join(root, "way"));
    write(".git/config", "token");
    symlinkSync(".git/config", join(root, "innocent"));
    for (const file of [join(folder, "secret"), "../../secret", "link", "way/secret", "../../absent"]) {
      assert.match(refusalOf(file), /^FILE_OUTSIDE `.*` is outside of the repository; name a file of the repo/, file);
    }
    for (const file of [".git/config", "innocent"]) assert.match(refusalOf(file), /^FILE_OUTSIDE `.*` belongs to git/);
  });

  test("are refused when no ConfigMap can hold them", () => {
    write("large", "x".repeat(1024 * 1024 + 1));
    assert.match(refusalOf("large"), /^FILE_TOO_LARGE `large` has 1048577 bytes; at most 1048576 fit;/);
    write("picture.png", Buffer.from([0x89, 0x50, 0x4e, 0x47]));
    write("zero", "a\0b");
    assert.match(refusalOf("picture.png"), /^FILE_BINARY `picture.png` holds no UTF-8 text; put it into the image/);
    assert.match(refusalOf("zero"), /^FILE_BINARY/);
    assert.match(refusalOf("config"), /^FILE_UNREADABLE `config` is no file/);
  });

  test("are refused when they are too much together", () => {
    write("most", "x".repeat(1024 * 1024));
    const files = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`/${index}`, { file: "most" }]));
    const { findings } = inlineFiles({ spec: { files } }, root, workspace);
    assert.deepEqual(
      findings.map(({ code, keys }) => `${code} ${keys.join(" ")}`),
      ["FILE_TOO_LARGE spec files /4 file"],
    );
  });

  test("that are missing are looked for nearby", () => {
    write("config/relay.yaml", "");
    write(".deploy/seed.sql", "");
    assert.match(refusalOf("config/rely.yaml"), /^FILE_MISSING .* does not exist; did you mean `config\/relay.yaml`\?/);
    assert.match(refusalOf("confg/relay.yaml"), /did you mean `config\/relay.yaml`\?/);
    assert.match(refusalOf("seed.sql"), /did you mean `\.deploy\/seed.sql`\? paths are relative to the folder/);
    assert.match(refusalOf("nothing/like/it"), /; paths are relative to the folder that holds \.deploy$/);
    assert.match(refusalOf("config/relay.yaml/x"), /^FILE_MISSING/);
  });

  test("never reach an object's prototype by the name of a key", () => {
    const content = JSON.parse('{"spec": {"config": {"__proto__": {"polluted": {"file": "config/a.toml"}}}}}');
    const { overlay } = inlineFiles(content, root, workspace);
    assert.equal(JSON.stringify(overlay), '{"spec":{"config":{"__proto__":{"polluted":"a = 1\\n"}}}}');
    assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
  });
});

test("a file that is missing is a problem at its line and column", async () => {
  write(".deploy/manifest.yaml", "metadata: {name: shop}\nspec:\n  files:\n    /etc/a:\n      file: config/a.tml\n");
  const { manifest, problems } = await openManifest("shop/.deploy/manifest.yaml", workspace);
  assert.equal(manifest?.root, root);
  assert.deepEqual(problems, [
    {
      ...{ file: "shop/.deploy/manifest.yaml", line: 5, column: 13, endLine: 5, endColumn: 25 },
      ...{ code: "FILE_MISSING", path: "spec.files./etc/a.file", environment: "" },
      ...{ message: "`config/a.tml` does not exist", hint: "did you mean `config/a.toml`?" },
    },
  ]);
});

test("every place where the schema takes a file is known", async () => {
  const places = inlinePlaces(await readLanguage(bundledChart()));
  assert.ok(places.length >= 8, "the schema marks them with x-inline");
  for (const keys of places) {
    const content = keys.reduceRight<unknown>((inner, key) => ({ [key]: inner }), "name.txt");
    const found = fileReferences(content).map((reference) => [...reference.keys, "file"].join("."));
    assert.deepEqual(found, [keys.join(".")]);
  }
});

/** The keys to every value that the schema marks; `any` stands for a name of the user's. */
function inlinePlaces(language: Language): string[][] {
  const below = (forms: Forms, keys: readonly string[]): string[][] => {
    if (forms.some((form) => form["x-inline"] === true)) return [[...keys]];
    if (forms.length === 0 || keys.length > 8) return [];
    return [...keysOf(forms), "any"].flatMap((key) => below(language.child(forms, key), [...keys, key]));
  };
  return below(language.top, []);
}
