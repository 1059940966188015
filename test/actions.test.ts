import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import type { FairleadError } from "../actions/core/errors.ts";
import type { Environment } from "../actions/core/inputs.ts";
import { operations } from "../actions/operate/inputs.ts";

interface ActionFile {
  name: string;
  description: string;
  inputs?: Record<string, { description: string; required?: boolean; default?: unknown }>;
  outputs?: Record<string, { description: string }>;
  runs: Record<string, unknown>;
}

const root = join(import.meta.dirname, "..");
const files = globSync("{action.yml,actions/*/action.yml}", { cwd: root }).sort();

/** Actions that are another one with some of its inputs given, which they do not declare. */
const shortcuts: Readonly<Record<string, { readonly room: string; readonly given: Record<string, string> }>> = {
  rollback: { room: "operate", given: { operation: "rollback" } },
};

/** The room behind an action file; the root action runs the pipeline. */
function roomOf(file: string): string {
  return file === "action.yml" ? "pipeline" : basename(dirname(file));
}

/** The one function of a room that reads its inputs. */
async function readerOf(room: string): Promise<(environment: Environment) => unknown> {
  const module: Record<string, unknown> = await import(`../actions/${room}/inputs.ts`);
  const readers = Object.entries(module).filter(([name, value]) => /Inputs$/.test(name) && typeof value === "function");
  assert.equal(readers.length, 1, `actions/${room}/inputs.ts must export one function named …Inputs`);
  return readers[0]?.[1] as (environment: Environment) => unknown;
}

/** Reads with the inputs given, and tells which ones were looked at and what was said about them. */
async function read(name: string, wanted: Record<string, string>) {
  const { room, given } = { ...(shortcuts[name] ?? { room: name }), given: { ...shortcuts[name]?.given, ...wanted } };
  const looked = new Set<string>();
  const variables = Object.entries(given).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]);
  const environment = new Proxy<Environment>(Object.fromEntries(variables), {
    get(target, variable: string) {
      if (variable.startsWith("INPUT_")) looked.add(variable.slice("INPUT_".length).toLowerCase());
      return target[variable];
    },
  });
  const reader = await readerOf(room);
  try {
    reader(environment);
    return { looked, problems: [] };
  } catch (thrown) {
    assert.equal((thrown as FairleadError).code, "INPUT_INVALID", String(thrown));
    return { looked, problems: (thrown as Error).message.replace(/\.$/, "").split("; ") };
  }
}

test("there are actions to check", () => {
  assert.ok(files.length >= 6, files.join(", "));
});

for (const file of files) {
  const action: ActionFile = parse(readFileSync(join(root, file), "utf8"));
  const inputs = Object.entries(action.inputs ?? {});
  const room = roomOf(file);

  test(`${file} runs the built files of its room on Node 24, the post step always`, () => {
    const dist = file === "action.yml" ? "dist" : "../../dist";
    const behind = shortcuts[room]?.room ?? room;
    const hasPost = existsSync(join(root, "actions", behind, "post.ts"));
    const post = hasPost ? { post: `${dist}/${behind}-post.mjs` } : {};
    const { "post-if": condition = "always()", ...runs } = action.runs;
    assert.deepEqual(runs, { using: "node24", main: `${dist}/${room}.mjs`, ...post });
    assert.equal(condition, "always()");
  });

  test(`${file} declares exactly the inputs that ${room} reads`, async () => {
    const { looked } = await read(room, {});
    const declared = inputs.map(([name]) => name);
    if (room in shortcuts)
      assert.deepEqual(
        declared.filter((name) => !looked.has(name)),
        [],
      );
    else assert.deepEqual([...looked].sort(), declared.sort());
  });

  test(`${file} says which inputs are required, and its defaults are valid`, async () => {
    const defaults = inputs.flatMap(([name, { default: value }]) =>
      value === undefined ? [] : [[name, String(value)]],
    );
    const { problems } = await read(room, Object.fromEntries(defaults));
    const missing = inputs.filter(([, { required }]) => required).map(([name]) => `\`${name}\` is missing`);
    // Where one of several inputs is wanted, none of them is required.
    const certain = problems.filter((problem) => !/ is missing, or /.test(problem));
    assert.deepEqual(certain.sort(), missing.sort());
  });

  test(`${file} describes everything that it declares`, () => {
    assert.ok(action.name && action.description);
    for (const [name, { description }] of [...inputs, ...Object.entries(action.outputs ?? {})]) {
      assert.ok(description?.trim(), `${name} has no description`);
    }
  });
}

test("the form for operations offers each of them, and gives inputs that there are", () => {
  const file = "examples/hello/.github/workflows/operate.yml";
  const { on, jobs } = parse(readFileSync(join(root, file), "utf8"));
  const form: Record<string, { options?: string[] }> = on.workflow_dispatch.inputs;
  assert.deepEqual(form["operation"]?.options, operations);
  const step = jobs.operate.steps.find(({ uses }: { uses: string }) => uses === "./actions/operate");
  const action: ActionFile = parse(readFileSync(join(root, "actions/operate/action.yml"), "utf8"));
  assert.deepEqual(
    Object.keys(step.with).filter((name) => action.inputs?.[name] === undefined),
    [],
  );
  // The others are settings of a workflow, and no choice of a person at night.
  const left = Object.keys(action.inputs ?? {}).filter((name) => step.with[name] === undefined);
  assert.deepEqual(left, ["lock-timeout", "tool-mirror"]);
  assert.deepEqual(
    Object.keys(form).filter((name) => step.with[name] !== `\${{ inputs.${name} }}`),
    [],
  );
});
