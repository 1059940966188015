import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Ajv } from "ajv";
import { parse } from "yaml";
import { bundledChart } from "../core/helm.ts";
import { explainer, followedKeywords } from "./explain.ts";
import { keywordJudge, ownKeywords } from "./keywords.ts";
import { languageOf, type Schema } from "./language.ts";
import { patched } from "./merge-patch.ts";

const faultsOf = keywordJudge();
const read = (file: string) => JSON.parse(readFileSync(join(import.meta.dirname, file), "utf8"));
const manifestSchema: Schema = read("../../chart/values.schema.json");
const { whole, differences } = read("recorded/kubernetes-objects.json");
const custom = read("recorded/custom-resources.json");
/** The definitions of every version of Kubernetes, and those of custom resources. */
const objectSchemas: readonly Schema[] = [
  ...Object.values(differences).map((difference) => patched(whole.definitions, Object(difference).definitions ?? {})),
  {
    ...custom.definitions,
    ...Object.fromEntries(Object.entries<{ schema: Schema }>(custom.kinds).map(([kind, { schema }]) => [kind, schema])),
  },
].map((definitions) => ({ definitions }));

describe("a keyword judges as ajv does:", () => {
  const values = [
    null,
    true,
    0,
    1,
    -3,
    2.5,
    4,
    "",
    "ab",
    "😀😀",
    "abcd",
    [],
    [1, 1],
    [{ a: 1 }, { a: 1 }],
    {},
    { a: 1 },
  ];
  const limits: Readonly<Record<string, readonly unknown[]>> = {
    type: ["null", "boolean", "integer", "number", "string", "array", "object", ["string", "null"]],
    enum: [["ab", null], [{ a: 1 }], [1, true]],
    const: ["ab", null, { a: 1 }, [1, 1]],
    minimum: [0, 2.5],
    maximum: [0, 2.5],
    exclusiveMinimum: [0, 2.5],
    exclusiveMaximum: [0, 2.5],
    multipleOf: [2, 0.5],
    minLength: [0, 2, 3],
    maxLength: [0, 2, 3],
    minItems: [0, 2],
    maxItems: [0, 1],
    minProperties: [0, 1],
    maxProperties: [0, 1],
    uniqueItems: [true, false],
    pattern: ["^[a-z]{2}$", "^\\P{L}*$"],
    required: [["a"], ["a", "b"]],
  };
  for (const keyword of ownKeywords) {
    test(keyword, () => {
      const verdicts = new Set<boolean>();
      for (const limit of limits[keyword] ?? []) {
        const validate = new Ajv({ strict: false }).compile({ [keyword]: limit });
        for (const value of values) {
          const expected = validate(value);
          verdicts.add(expected);
          assert.equal(
            faultsOf({ [keyword]: limit }, value).length === 0,
            expected,
            `${JSON.stringify(value)} under ${JSON.stringify(limit)}`,
          );
        }
      }
      assert.equal(verdicts.size, 2, "both verdicts were seen");
    });
  }
});

/** Every keyword of a schema, at any depth, with those that hold names as keys left out. */
function* keywordsIn(schema: unknown): Generator<string> {
  if (Array.isArray(schema)) for (const part of schema) yield* keywordsIn(part);
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return;
  for (const [keyword, content] of Object.entries(schema)) {
    yield keyword;
    if (["properties", "patternProperties", "definitions"].includes(keyword)) {
      for (const part of Object.values(content as object)) yield* keywordsIn(part);
    } else if (!["enum", "const", "default", "examples"].includes(keyword)) yield* keywordsIn(content);
  }
}

test("no schema that we carry holds a keyword that would be passed over", () => {
  const silent = ["$schema", "$id", "definitions", "title", "description", "default", "examples"];
  const known = new Set([...ownKeywords, ...followedKeywords, ...silent]);
  for (const schema of [manifestSchema, ...objectSchemas]) {
    assert.deepEqual(
      [...new Set(keywordsIn(schema))].filter((keyword) => !known.has(keyword) && !keyword.startsWith("x-")),
      [],
    );
  }
});

/** Copies of a value in each of which one value, at any depth, is another one, or has one key more or less. */
function* variants(value: unknown): Generator<unknown> {
  yield* [null, "", "a b", -1, 70_000, 1.5, true, [], {}, [null], { zzz: 1 }];
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) for (const other of variants(item)) yield value.with(index, other);
  } else if (typeof value === "object" && value !== null) {
    yield { ...value, zzz: 1 };
    for (const [key, inner] of Object.entries(value)) {
      const { [key as keyof typeof value]: _, ...rest } = value;
      yield rest;
      for (const other of variants(inner)) yield { ...value, [key]: other };
    }
  }
}

describe("a manifest is refused exactly when ajv refuses it:", () => {
  const validate = new Ajv({ strict: false, logger: false }).compile(manifestSchema);
  const explain = explainer(languageOf(manifestSchema));
  const root = join(bundledChart(), "..");
  for (const file of globSync("{chart/ci,examples/*/.deploy}/*.yaml", { cwd: root }).sort()) {
    test(`${file}, and with any one value changed`, () => {
      const manifest: unknown = parse(readFileSync(join(root, file), "utf8"));
      let refused = 0;
      for (const variant of [manifest, ...variants(manifest)]) {
        const findings = explain(variant);
        if (findings.length > 0) refused++;
        if (validate(variant) === findings.length > 0) {
          assert.fail(
            `${JSON.stringify(variant)}: ${JSON.stringify(findings)}, ajv: ${JSON.stringify(validate.errors)}`,
          );
        }
      }
      assert.ok(refused > 20, `only ${refused} were refused`);
    });
  }
});
