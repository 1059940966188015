import assert from "node:assert/strict";
import { test } from "node:test";
import { parseReference } from "./registry.ts";

const digest = `sha256:${"a".repeat(64)}`;

const references: [string, string, string, string][] = [
  ["registry.example.com/team/web:1.2", "registry.example.com", "team/web", "1.2"],
  [`10.0.0.1:5000/web@${digest}`, "10.0.0.1:5000", "web", digest],
  [`registry.example.com/web:1@${digest}`, "registry.example.com", "web", digest],
  ["localhost:5000/web", "localhost:5000", "web", "latest"],
  ["localhost/web", "localhost", "web", "latest"],
  ["node:24", "registry-1.docker.io", "library/node", "24"],
  ["acme/web", "registry-1.docker.io", "acme/web", "latest"],
];
for (const [reference, host, repository, version] of references) {
  test(`${reference} is ${repository} ${version.slice(0, 12)} at ${host}`, () => {
    assert.deepEqual(parseReference(reference), { host, repository, version });
  });
}
