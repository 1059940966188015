import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { parse } from "yaml";
import { bootstrap } from "./bootstrap.ts";

const file = join(import.meta.dirname, "../../actions/bootstrap/action.yml");
const { inputs }: { inputs: Record<string, { default?: string }> } = parse(readFileSync(file, "utf8"));

/** Inputs that a terminal gives in another way: as arguments, or in the environment. */
const elsewhere = ["repositories", "tokens", "app-private-key", "tool-mirror"];

it("has an option for every input of the action, and no other but those of a terminal", () => {
  const options = [...bootstrap.usage.matchAll(/^ +(?:-h, )?--(?:no-)?([a-z-]+)/gm)].map(([, name]) => name ?? "");
  const wanted = Object.keys(inputs).filter((name) => !elsewhere.includes(name) && !name.startsWith("infisical-"));
  assert.deepEqual(options.sort(), [...wanted, "help", "json"].sort());
});

it("tells the defaults of the action", () => {
  for (const name of ["workflow", "concurrency", "timeout"]) {
    assert.match(bootstrap.usage, new RegExp(`--${name} .*${inputs[name]?.default} by default`));
  }
});
