import assert from "node:assert/strict";
import { it } from "node:test";
import type { PlainRequest } from "../../core/connection.ts";
import { existingReleases, splitMissing } from "./missing.ts";

const target = (repository: string, environments: string[]) => {
  return { owner: "acme", repository, workflow: "deploy.yml", ref: "main", environments, wave: 1 };
};

it("reads all pages of the releases that have a revision in use", async () => {
  const asked: PlainRequest["query"][] = [];
  const page = (names: readonly string[], next: string) => ({
    metadata: { continue: next },
    items: names.map((name) => ({ metadata: { namespace: `ns-${name}`, labels: { name } } })),
  });
  const pages = [page(["one", "two"], "second"), page(["three"], "third"), page(["four"], "")];
  const read = async <T>({ query }: PlainRequest) => {
    asked.push(query);
    return pages[asked.length - 1] as T;
  };
  const releases = await existingReleases({ read });
  assert.deepEqual([...releases], ["ns-one/one", "ns-two/two", "ns-three/three", "ns-four/four"]);
  assert.deepEqual(
    asked.map((query) => query?.["continue"]),
    [undefined, "second", "third"],
  );
  assert.ok(asked.every((query) => query?.["labelSelector"] === "owner=helm,status=deployed"));
});

it("deploys what lacks a release of one of its environments, and what no manifest tells of", () => {
  const release = (name: string) => ({ release: { name, namespace: name } });
  const environments = { staging: release("staging-a"), preview: release("preview-a") };
  const repository = { name: "acme/a", defaultBranch: "main", archived: false, topics: [] };
  const surveyed = [
    { line: { owner: "acme", repository: "acme/a" }, discovered: false, repository, declared: { environments } },
  ];
  const targets = [target("acme/a", ["staging"]), target("acme/a", ["staging", "preview"]), target("acme/b", [])];
  const { missing, skipped } = splitMissing(targets, surveyed, new Set(["staging-a/staging-a"]));
  assert.deepEqual(missing, targets.slice(1));
  assert.deepEqual(
    skipped.map(({ repository: name, environment, reason }) => [name, environment, reason]),
    [["acme/a", "staging", "Its release is there."]],
  );
});
