import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { checkSize } from "./size.ts";

const object = (text: string) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "big" }, data: { text } });
const check = (text: string) => checkSize({ values: { text }, rendered: text }, [object(text)]);

test("what does not fit into Helm's Secret is told with the object that is to blame", () => {
  // What is in the values as well as in an object counts twice, since gzip does not look back that far.
  const [found, ...others] = check(randomBytes(450 * 1_024).toString("base64"));
  assert.match(found?.cause ?? "", /takes 1\d{3} KiB or more.*ConfigMap big \(600 KiB\)/);
  assert.deepEqual(others, []);
});

test("what is large but can be compressed fits", () => {
  assert.deepEqual(check("text ".repeat(1_000_000)), []);
  assert.deepEqual(check(randomBytes(100 * 1_024).toString("hex")), []);
});
