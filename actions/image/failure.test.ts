import assert from "node:assert/strict";
import { test } from "node:test";
import { buildError, mayHeal, readFailure } from "./failure.ts";

// Shortened output of buildx 0.37.2 with BuildKit 0.33.1; test/e2e/image.real.test.ts sees the whole of it.
const outputs = {
  step: `#5 [2/2] RUN make
#5 0.052 make: *** no rule
#5 ERROR: process "/bin/sh -c make" did not complete successfully: exit code: 3
------
 > [2/2] RUN make:
0.052 make: *** no rule
------
Dockerfile:3
--------------------
   3 | >>> RUN make
--------------------
ERROR: failed to build: failed to solve: process "/bin/sh -c make" did not complete successfully: exit code: 3`,
  refused: `#8 ERROR: failed to push registry.test/app:1: unexpected status from HEAD request to http://registry.test/v2/app/blobs/sha256:5dbe: 401 Unauthorized
------
 > exporting to image:
------
ERROR: failed to build: failed to solve: failed to push registry.test/app:1: unexpected status from HEAD request to http://registry.test/v2/app/blobs/sha256:5dbe: 401 Unauthorized`,
  unreachable: `ERROR: failed to build: failed to solve: failed to push registry.test/app:1: failed to do request: Head "http://registry.test/v2/": dial tcp 10.0.0.1:443: connect: connection refused`,
  busy: `ERROR: failed to build: failed to solve: failed to push registry.test/app:1: unexpected status from PUT request to http://registry.test/v2/: 503 Service Unavailable`,
  base: `#2 ERROR: failed to do request
------
 > [internal] load metadata for registry.test/base:1:
------
Dockerfile:1
ERROR: failed to build: failed to solve: registry.test/base:1: failed to resolve source metadata for registry.test/base:1: failed to do request: Head "http://registry.test/v2/base/manifests/1": dial tcp: lookup registry.test: no such host`,
  syntax: `Dockerfile:1
ERROR: failed to build: failed to solve: dockerfile parse error on line 1: unknown instruction: FRM (did you mean FROM?)`,
  builder: `ERROR: no builder "mine" found`,
  silentBuilder: `------
 > [internal] waiting for connection:
------
ERROR: context deadline exceeded`,
};

const read = (name: keyof typeof outputs) => readFailure(outputs[name].split("\n"));

test("a failing step is named with its line and its exit code", () => {
  const { lastLines, ...failure } = read("step");
  assert.deepEqual(failure, {
    kind: "step",
    reason: 'process "/bin/sh -c make" did not complete successfully: exit code: 3',
    step: "[2/2] RUN make",
    exitCode: 3,
    line: 3,
  });
  assert.match(lastLines, /no rule/);
});

test("kinds of failure are told apart", () => {
  const kinds = Object.keys(outputs).map((name) => [name, read(name as keyof typeof outputs).kind]);
  assert.deepEqual(Object.fromEntries(kinds), {
    step: "step",
    refused: "refused",
    unreachable: "unreachable",
    busy: "unreachable",
    base: "build",
    syntax: "build",
    builder: "builder",
    silentBuilder: "builder",
  });
});

test("only what may heal is tried again", () => {
  const healing = Object.keys(outputs).filter((name) => mayHeal(read(name as keyof typeof outputs)));
  assert.deepEqual(healing, ["unreachable", "busy", "base"]);
});

test("a step that prints a network error is still a failing step", () => {
  const failure = readFailure([
    'ERROR: failed to build: failed to solve: process "/bin/sh -c curl" did not complete successfully: exit code: 7: connection refused',
  ]);
  assert.equal(failure.kind, "step");
  assert.equal(mayHeal(failure), false);
});

test("the error of a step says where it is", () => {
  const error = buildError(read("step"), "api/Dockerfile", "registry.test/app", undefined);
  assert.equal(error.code, "IMAGE_BUILD_FAILED");
  assert.equal(
    error.message,
    'The image was not built: the step "[2/2] RUN make" of api/Dockerfile ended with exit code 3.',
  );
  assert.deepEqual(error.place, { file: "api/Dockerfile", line: 3 });
});

test("a refused push names the settings, an unreachable registry the address", () => {
  const refused = buildError(read("refused"), "Dockerfile", "registry.test/app", undefined);
  assert.equal(refused.code, "IMAGE_PUSH_FAILED");
  assert.match(refused.sentence, /401 Unauthorized.*`username` and `password`/);
  const unreachable = buildError(read("unreachable"), "Dockerfile", "registry.test/app", undefined);
  assert.equal(unreachable.code, "IMAGE_PUSH_FAILED");
  assert.match(unreachable.sentence, /connection refused.*`registry`/);
});
