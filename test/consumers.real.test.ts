import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { helmTest, type Values } from "../chart/helm.testing.ts";
import { allKeys, surroundings, withValue } from "../chart/keys.testing.ts";
import { type Made, openManyChart } from "../chart/many.testing.ts";
import {
  afterFailure,
  built,
  checked,
  checkedByItself,
  credentialsAsked,
  filesPutIn,
  followed,
  type Look,
  namespacesApplied,
  patience,
  reported,
  secretsDelivered,
  tailnetJoined,
  tokensAsked,
} from "./consumers.ts";
import { recordingContext } from "./context.ts";

// Every key that only an action reads (`x-consumer: action` in the schema) changes what that action does. The chart resolves
// values without the key and with the schema's example for it, and the code of the action gets both.

interface Consumer {
  readonly look: Look;
  /** Where the key matters, when chart/keys.testing.ts does not say it for this. */
  readonly beside?: Values;
  /** In place of the schema's example. */
  readonly example?: unknown;
}

const prod = { metadata: { name: "old" }, environments: { prod: {} }, environment: "prod" };
const twoParts = {
  api: { port: 80, env: { RELAY_URL: "http://a" } },
  web: { port: 81, env: { RELAY_URL: "http://b" } },
};
const check = (home: Values) => ({ ...prod, spec: { port: 80, verify: { home } } });

const consumers: Readonly<Record<string, Consumer>> = {
  "metadata.release": { look: afterFailure },
  "deploy.release": { look: afterFailure },
  "environments.prod.metadata.release": { look: afterFailure },
  "environments.prod.deploy.branch": { look: followed },
  "environments.prod.deploy.tag": { look: followed },
  "environments.prod.branch": { look: followed },
  "environments.prod.tag": { look: followed, example: "main" },
  "cluster.ingress.zones": { look: reported, example: ["example.org"] },
  "cluster.infisical.path": { look: credentialsAsked },
  "cluster.infisical.bootstrapPath": { look: tokensAsked },
  "cluster.infisical.environment": { look: credentialsAsked },
  "cluster.tailnet.controlUrl": { look: tailnetJoined },
  "cluster.tailnet.tags": { look: tailnetJoined },
  "cluster.tailnet.registry": { look: tailnetJoined },
  "cluster.build.args": { look: built },
  "cluster.nodes": { look: checkedByItself },
  "spec.health.crashRestarts": { look: patience },
  "spec.files./etc/app.file": { look: filesPutIn, example: "settings.toml" },
  "spec.config.minio.host.file": { look: filesPutIn, example: "host.txt" },
  "spec.build.context": { look: built },
  "spec.build.file": { look: built },
  "spec.build.target": { look: built },
  "spec.build.args": { look: built },
  "spec.build.secrets": { look: built },
  "spec.build.platforms": { look: built },
  "spec.config.minio.metadata.required": { look: reported, example: ["bucket"] },
  "spec.namespaces.other.podSecurity": { look: namespacesApplied },
  "spec.podSecurity": { look: namespacesApplied },
  "spec.rollback": { look: afterFailure },
  "spec.hints": { look: afterFailure },
  "spec.secrets.postgres.keys": {
    look: secretsDelivered,
    beside: {
      ...prod,
      spec: { port: 80, secrets: { postgres: { path: "/db" } } },
      cluster: { secrets: { delivery: "sync" } },
    },
  },
  "spec.same": { look: reported, beside: { ...prod, spec: { components: twoParts } } },
  "spec.verify.home.http": { look: checked, beside: check({ http: "/" }) },
  "spec.verify.home.run": { look: checked, beside: check({ run: "true" }) },
  "spec.verify.home.logs": { look: checked, beside: check({ logs: "old" }) },
  "spec.verify.home.component": {
    look: checked,
    beside: { ...prod, spec: { components: twoParts, verify: { home: { http: "/" } } } },
    example: "web",
  },
  "spec.verify.home.pods": { look: checked, beside: check({ run: "true" }) },
  "spec.verify.home.expect.status": { look: checked },
  "spec.verify.home.expect.text": { look: checked },
  "spec.verify.home.expect.pattern": { look: checked },
  "spec.verify.home.expect.config": { look: checked },
  "spec.verify.home.expect.secret": { look: checked },
  "spec.verify.home.timeout": { look: checked },
  "spec.verify.home.optional": { look: checked },
};

/** Keys whose action does not exist yet: how its code would take each up, so that an entry that is out of date is found. */
const awaiting: Readonly<Record<string, RegExp>> = {
  "cluster.build.cache": /build\.cache|--cache-from/,
};

const keys = allKeys().filter(({ forAction }) => forAction);
const cases = keys
  .filter(({ path }) => path in consumers)
  .map(({ path, examples }) => {
    const { look, beside = surroundings(path), example = examples[0] } = consumers[path] as Consumer;
    return { path, look, before: beside, after: withValue(beside, path, example) };
  });

let rendering: Promise<readonly Made[]> | undefined;

/** What the chart makes of all cases; two for each. */
function renderAll(): Promise<readonly Made[]> {
  rendering ??= openManyChart().then((opened) => {
    using chart = opened;
    return chart.render(cases.flatMap(({ before, after }) => [before, after]));
  });
  return rendering;
}

test("every key that only an action reads has a case or awaits its action, and no case is for another", () => {
  const stated = [...Object.keys(consumers), ...Object.keys(awaiting)];
  assert.deepEqual(stated.sort(), keys.map(({ path }) => path).sort());
});

for (const [index, { path, look, before, after }] of cases.entries()) {
  helmTest(`${path} changes what its action does`, async (test) => {
    const made = await renderAll();
    const [without, having] = made.slice(2 * index, 2 * index + 2) as [Made, Made];
    const see = async (seen: Parameters<Look>[0]) => await look(seen, (await recordingContext(test)).context);
    const one = await see({ values: before, made: without });
    assert.deepEqual(await see({ values: before, made: without }), one, "what is seen depends on more than the key");
    assert.notDeepEqual(await see({ values: after, made: having }), one);
  });
}

test("what awaits its action is read by none yet", () => {
  const root = join(import.meta.dirname, "..");
  const files = globSync("actions/*/**/*.ts", { cwd: root }).filter(
    (file) => !/\.test(ing)?\.ts$/.test(file) && file !== "actions/validate/application.ts",
  );
  const sources = files.map((file) => readFileSync(join(root, file), "utf8"));
  const read = Object.entries(awaiting).filter(([, code]) => sources.some((source) => code.test(source)));
  assert.deepEqual(
    read.map(([path]) => path),
    [],
  );
});
