import assert from "node:assert/strict";
import { test } from "node:test";
import { outdatedDocs } from "./docs.ts";

test("the generated documentation is up to date (`npm run docs` writes it)", () => {
  assert.deepEqual([...outdatedDocs().keys()], []);
});
