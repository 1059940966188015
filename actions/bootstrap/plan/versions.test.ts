import assert from "node:assert/strict";
import { it } from "node:test";
import { newestTag } from "./versions.ts";

const cases: readonly [newest: string, ...others: string[]][] = [
  ["v1.10.0", "v1.9.0", "v1.2.30"],
  ["v2.0.0", "v2.0.0-rc.1", "v2.0.0-beta.9"],
  ["v2.0.0-rc.10", "v2.0.0-rc.9", "v1.9.9"],
  ["v3", "v2.9.9", "v2"],
  ["release-1.2.0", "release-1.1.9"],
  ["v1.0.0", "nightly", "latest"],
  ["build-12", "build-9"],
  ["2026-11-21", "2026-11-3"],
];

for (const [newest, ...others] of cases) {
  it(`takes ${newest} over ${others.join(" and ")}, in whatever order they come`, () => {
    assert.equal(newestTag([newest, ...others]), newest);
    assert.equal(newestTag([...others, newest]), newest);
  });
}

it("takes none of none", () => assert.equal(newestTag([]), undefined));
