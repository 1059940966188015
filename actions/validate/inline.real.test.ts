import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { parseAllDocuments } from "yaml";
import { ensureTools } from "../../test/cluster/toolchain.ts";
import { recordingContext } from "../../test/context.ts";
import { openHelm } from "../core/helm.ts";
import { readManifest } from "./manifest.ts";
import { renderObjects, resolveApplication, sourceOf } from "./resolve.ts";

const { helm } = await ensureTools(["helm"]);
const PATH = [dirname(helm), process.env["PATH"]].join(delimiter);

/** Renders a manifest of a checkout with the given files, and gives its ConfigMaps by name. */
async function configMaps(test: TestContext, manifest: string, files: Readonly<Record<string, string>>) {
  const { context } = await recordingContext(test, { environment: { PATH } });
  for (const [name, text] of Object.entries({ ...files, ".deploy/manifest.yaml": manifest })) {
    mkdirSync(dirname(join(context.workspace, name)), { recursive: true });
    writeFileSync(join(context.workspace, name), text);
  }
  const source = await sourceOf(await readManifest(".deploy/manifest.yaml", context), undefined, context);
  const opened = await openHelm(context);
  const application = await resolveApplication(source, "prod", {}, opened);
  const objects = parseAllDocuments(await renderObjects(source, "prod", opened)).map((document) => document.toJS());
  const maps = objects.filter(({ kind }) => kind === "ConfigMap").map(({ metadata, data }) => [metadata.name, data]);
  return { application, maps: Object.fromEntries(maps) as Record<string, Record<string, string>>, objects };
}

test("Helm gets the texts of files unchanged, in every scope, and the manifest as it is written", async (test) => {
  const texts = {
    "conf/all.toml": "number = 007\n\ttab: yes # é 🐳\r\n{{ .Values }} ${HOME} \u2028\ufeff\u0001\n\n",
    "conf/web.txt": "no line break",
    "conf/prod.yaml": "a: 1\n---\nb: [2]\n",
    "conf/large.txt": `${"0123456789abcdef".repeat(64)}\n`.repeat(900),
  };
  const manifest = `
apiVersion: jterrazz.com/v1
metadata: {name: shop}
spec:
  config:
    relay: {conf.yaml: {file: conf/web.txt}, digits: "1.10", big: {file: conf/large.txt}}
  defaults:
    files: {/etc/all.toml: {file: conf/all.toml, mode: "0440"}}
  components:
    web:
      image: web:1.10
      files: {/etc/web.txt: {file: ./conf/web.txt}, /etc/inline: 'written here'}
      env: {CONF: {config: relay/conf.yaml}, BIG: {config: relay/big}}
environments:
  staging:
  prod:
    config: {relay: {conf.yaml: {file: conf/prod.yaml}}}
    components: {web: {files: {/etc/web.txt: {file: conf/all.toml}}}}
`;
  const { maps, application, objects } = await configMaps(test, manifest, texts);
  assert.deepEqual(maps["shop-relay"], {
    "conf.yaml": texts["conf/prod.yaml"],
    ...{ digits: "1.10", big: texts["conf/large.txt"] },
  });
  const files = Object.entries(maps["shop-web-files"] ?? {}).map(([name, text]) => [name.slice(9), text]);
  assert.deepEqual(Object.fromEntries(files), {
    "all.toml": texts["conf/all.toml"],
    ...{ "web.txt": texts["conf/all.toml"], inline: "written here" },
  });
  assert.equal(application.components["web"]?.image, "web:1.10");
  const { volumes } = objects.find(({ kind }) => kind === "Deployment").spec.template.spec;
  const modes = volumes.find(({ name }: { name: string }) => name === "files").configMap.items;
  assert.deepEqual(modes.map(({ mode }: { mode?: number }) => mode).sort(), [0o440, undefined, undefined]);
});
