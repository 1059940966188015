// What manifests say about their environments, as the chart itself resolves them with the real Helm.
import assert from "node:assert/strict";
import { delimiter, dirname } from "node:path";
import { it, type TestContext } from "node:test";
import { ensureTools } from "../../../test/cluster/toolchain.ts";
import { recordingContext } from "../../../test/context.ts";
import { FairleadError } from "../../core/errors.ts";
import { chartReader } from "./manifests.ts";

const { helm } = await ensureTools(["helm"]);
const none = { cluster: undefined, toolMirror: undefined };

async function readAll(test: TestContext, texts: Readonly<Record<string, string>>, releases: boolean) {
  const environment = { ...process.env, PATH: [dirname(helm), process.env["PATH"]].join(delimiter) };
  const { context } = await recordingContext(test, { environment });
  return await chartReader(context, none)(new Map(Object.entries(texts)), releases);
}

const manifest = (name: string, environments: string, more = "", metadata = "") =>
  `apiVersion: jterrazz.com/v1\nkind: Application\nmetadata: {name: ${name}${metadata}}\nspec: {port: 3000${more}}\nenvironments: ${environments}\n`;

it("tells which push deploys what, of many at once, however they are written", async (test) => {
  const read = await readAll(
    test,
    {
      "acme/plain": manifest("plain", "{staging: {}, prod: {}, preview: {deploy: {branch: next}}, other: {}}"),
      "acme/more": manifest("more", "{prod: {deploy: {tag: 'release-*'}}}"),
      "acme/anchors": `x-same: &same {replicas: 1}\n${manifest("anchors", "{staging: *same}")}`,
      "acme/files": manifest("files", "{staging: {}}", ", files: {/etc/app.conf: {file: app.conf}}"),
    },
    false,
  );
  assert.deepEqual(Object.fromEntries(read), {
    "acme/plain": {
      environments: {
        staging: { deploy: { branch: "" } },
        prod: { deploy: { tag: "v*" } },
        preview: { deploy: { branch: "next" } },
        other: { deploy: {} },
      },
    },
    "acme/more": { environments: { prod: { deploy: { tag: "release-*" } } } },
    "acme/anchors": { environments: { staging: { deploy: { branch: "" } } } },
    "acme/files": { environments: { staging: { deploy: { branch: "" } } } },
  });
});

it("tells the names of releases where they are asked for", async (test) => {
  const read = await readAll(
    test,
    {
      "acme/usual": manifest("usual", "{staging: {}, prod: {}}"),
      "acme/named": manifest("named", "{prod: {}}", "", ", release: special, namespace: place"),
    },
    true,
  );
  const releases = [...read].map(([repository, declared]) => {
    assert.ok(!(declared instanceof FairleadError));
    const names = Object.values(declared.environments).map(({ release }) => `${release?.namespace}/${release?.name}`);
    return [repository, ...names];
  });
  assert.deepEqual(releases, [
    ["acme/usual", "prod-usual/prod-usual", "staging-usual/staging-usual"],
    ["acme/named", "place/special"],
  ]);
});

it("says of one that cannot be read what is wrong, and reads the others", async (test) => {
  const read = await readAll(
    test,
    { "acme/good": manifest("good", "{staging: {}}"), "acme/broken": "metadata: [", "acme/list": "- a\n- b\n" },
    false,
  );
  for (const name of ["acme/broken", "acme/list"]) {
    const broken = read.get(name);
    assert.ok(broken instanceof FairleadError, name);
    assert.match(broken.message, new RegExp(`^The manifest of ${name} cannot be read: `));
  }
  assert.ok(!(read.get("acme/good") instanceof FairleadError));
});
