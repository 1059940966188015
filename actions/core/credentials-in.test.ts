import assert from "node:assert/strict";
import { test } from "node:test";
import { credentialsIn } from "./credentials-in.ts";

for (const [what, value, parts] of [
  ["a password in an address", "postgres://app:s3cr%21t@db:5432/shop", ["s3cr%21t", "s3cr!t"]],
  ["a password with the end of one in it", "postgres://app:s3c@ret77@db:5432/a?mail=b@c", ["s3c", "s3c@ret77"]],
  ["a password without a user", "redis://:hunter22@cache:6379", ["hunter22"]],
  ["a password with the letters of an address", "amqp://app:a/b:c@queue", ["a/b:c"]],
  ["a password in a connection string", "host=db user=app password='two words' port=1", ["two words"]],
  ["the key of an endpoint", "https://rpc.example.com/v2/Ab3dEf6hIj9lMn2pQr5tUv8x", ["Ab3dEf6hIj9lMn2pQr5tUv8x"]],
  ["the key in front of a host", "https://Ab3dEf6hIj9lMn2pQr5tUv8x@errors.example.com/7", ["Ab3dEf6hIj9lMn2pQr5tUv8x"]],
  ["nothing in a plain address", "https://shop.example.com/reports/2026/november?page=2", []],
] as const) {
  test(`found inside a value: ${what}`, () => {
    assert.deepEqual([...new Set(credentialsIn(value))], parts);
  });
}
