import assert from "node:assert/strict";
import { test } from "node:test";
import type { Application, Build } from "../validate/application.ts";
import { buildsOf, destinationOf, secretsOf } from "./images.ts";

const build = (changes: Partial<Build> = {}): Build => ({
  context: ".",
  file: "Dockerfile",
  args: {},
  repository: "registry.example.com/web",
  ...changes,
});

function application(components: Readonly<Record<string, Build | undefined>>): Application {
  const entries = Object.entries(components).map(([name, made]) => [
    name,
    { kind: "Deployment", image: "x", ...(made === undefined ? {} : { build: made }) },
  ]);
  return { components: Object.fromEntries(entries) } as Application;
}

test("components that are made in the same way share one build, those with an image of their own have none", () => {
  const made = buildsOf(
    application({
      web: build(),
      jobs: build({ repository: "registry.example.com/jobs" }),
      docs: build({ target: "docs" }),
      database: undefined,
    }),
  );
  assert.deepEqual(
    made.map(({ components, build: { target } }) => [components, target]),
    [
      [["web", "jobs"], undefined],
      [["docs"], "docs"],
    ],
  );
});

for (const [repository, registry, name] of [
  ["registry.example.com/team/web", "registry.example.com/team", "web"],
  ["registry.example.com/team-b/web", "registry.example.com", "team-b/web"],
  ["ghcr.io/acme/web", "ghcr.io", "acme/web"],
  ["localhost/web", "localhost", "web"],
  ["acme/web", "docker.io", "acme/web"],
] as const) {
  test(`${repository} is pushed to ${registry}`, () => {
    assert.deepEqual(destinationOf(repository, "registry.example.com/team"), { registry, name });
  });
}

test("the secrets of a build come from the variables of the step", () => {
  const secrets = { npm: "NPM_TOKEN", NETRC: "NETRC" };
  const environment = { NPM_TOKEN: "one", NETRC: "two", OTHER: "three" };
  assert.deepEqual(secretsOf(build({ secrets }), environment), { npm: "one", NETRC: "two" });
  assert.deepEqual(secretsOf(build(), environment), {});
});

test("a build is not done without a secret that it needs", () => {
  const secrets = { npm: "NPM_TOKEN", netrc: "NETRC" };
  assert.throws(() => secretsOf(build({ secrets }), { NPM_TOKEN: "", OTHER: "x" }), {
    code: "SECRET_MISSING",
    message: /NPM_TOKEN, NETRC/,
  });
});
