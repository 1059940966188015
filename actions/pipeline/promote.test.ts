import assert from "node:assert/strict";
import { test } from "node:test";
import type { FairleadError } from "../core/errors.ts";
import type { Revision, RunMark } from "../deploy/releases/revision.ts";
import type { Build, Component } from "../validate/application.ts";
import { pipelineInputs } from "./inputs.ts";
import { checkDirection, chooseRevision, imagesFor, type Promoted, promotion } from "./promote.ts";

const commit = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d";
const other = "ffffffff5e6f708192a3b4c5d6e7f8091a2b3c4d";
const build = { context: "." } as Build;
const component = (built: boolean) => (built ? { build } : {}) as Component;

const promoted: Promoted = {
  from: { environment: "staging", release: "staging-web", namespace: "staging-web" },
  to: { environment: "prod", components: { web: component(true), cache: component(false) } },
};

function revision(number: number, about: Partial<Revision>): Revision {
  const made: RunMark = { repository: "acme/web", workflow: "Deploy", number: 40 + number, commit };
  return {
    number,
    status: "superseded",
    ours: true,
    verified: true,
    createdAt: 0,
    madeBy: made,
    ...about,
  };
}

const digest = `registry.example.com/web@sha256:${"0".repeat(64)}`;

/** What is thrown: always refused, and with what to do. */
function refusal(work: () => unknown): string {
  try {
    work();
  } catch (thrown) {
    const { code, sentence } = thrown as FairleadError;
    assert.equal(code, "PROMOTION_REFUSED", String(thrown));
    return sentence;
  }
  throw new Error("it was not refused");
}

test("reads the environment, and whether any commit will do", () => {
  assert.deepEqual(promotion("staging"), { environment: "staging", anyCommit: false });
  assert.deepEqual(promotion("staging@any"), { environment: "staging", anyCommit: true });
  for (const value of ["@any", "staging@1", "two words", "a@any@any"]) assert.throws(() => promotion(value), /must be/);
});

test("an image of one's own and a promoted one exclude each other, and so do an environment and itself", () => {
  const given = { INPUT_PROMOTE: "staging", INPUT_IMAGE: digest, INPUT_MANIFEST: "m", "INPUT_LOCK-TIMEOUT": "1m" };
  const flags = { "INPUT_ROLLBACK-ON-FAILURE": "true", INPUT_VERIFY: "true", "INPUT_DRY-RUN": "false" };
  assert.throws(() => pipelineInputs({ ...given, ...flags }), /`promote` and `image`/);
  const { environment } = promoted.from;
  assert.throws(() => checkDirection({ ...promoted, to: { ...promoted.to, environment } }), /name another environment/);
  checkDirection(promoted);
});

test("takes the newest revision that was seen healthy, and only one of this commit", () => {
  const failed = revision(4, { verified: false, status: "failed" });
  const choose = (revisions: Revision[], wanted: string | undefined = commit) =>
    chooseRevision(revisions, promoted, wanted).number;
  assert.equal(choose([failed, revision(3, {}), revision(2, {})]), 3);
  assert.match(
    refusal(() => choose([])),
    /There is no release staging-web in namespace staging-web\. Deploy to staging/,
  );
  assert.match(
    refusal(() => choose([failed])),
    /None of the 1 revisions of staging-web/,
  );
  const said = refusal(() => choose([failed, revision(3, {})], other));
  assert.match(said, /3, was made from commit 1a2b3c4 by run 43 of acme\/web \(Deploy\), not from commit fffffff/);
  assert.match(said, /promote: staging@any/);
  assert.equal(chooseRevision([revision(3, {})], promoted, undefined).number, 3);
  assert.match(
    refusal(() => choose([revision(3, { madeBy: undefined })])),
    /made by a run that is not known/,
  );
});

test("takes the images of the components that are deployed here, by digest only", () => {
  assert.deepEqual(imagesFor(promoted, 3, { web: digest, worker: digest }), { web: digest });
  assert.match(
    refusal(() => imagesFor(promoted, 3, { worker: digest })),
    /no image for web, which prod deploys \(it has: worker\)/,
  );
  assert.match(
    refusal(() => imagesFor(promoted, 3, { web: "registry.example.com/web:1.2" })),
    /deployed by tag \(registry\.example\.com\/web:1\.2\)/,
  );
});
