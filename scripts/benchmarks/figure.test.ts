import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Figure, isMet, median, ratioOf, renderFigure, totalOf } from "./figure.ts";

const lint = { command: "helm lint", values: [80, 100, 90], count: 1_000 };
const figure: Figure = {
  name: "1,000 manifests",
  measured: { command: "fairlead", values: [1_000, 900, 5_000] },
  against: lint,
};

describe("a figure", () => {
  test("is judged by the middle of its runs, whatever one of them met", () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 3]), 2.5);
    assert.equal(totalOf(figure.measured), 1_000);
    assert.equal(ratioOf(figure), 1 / 90);
  });

  test("that was not measured is no figure", () => {
    assert.throws(() => median([]), /nothing was measured/);
    assert.throws(() => isMet({ name: "x", measured: figure.measured, ratioAtMost: 1 }), /compared with nothing/);
  });

  test("is missed when its ratio or its time is too high", () => {
    assert.equal(isMet(figure), true);
    assert.equal(isMet({ ...figure, ratioAtMost: 1 / 90 }), true);
    assert.equal(isMet({ ...figure, ratioAtMost: 1 / 91 }), false);
    assert.equal(isMet({ ...figure, atMost: 1_000 }), true);
    assert.equal(isMet({ ...figure, atMost: 999 }), false);
  });

  test("is told with both values, their spread and what they are compared with", () => {
    assert.equal(
      renderFigure({ ...figure, ratioAtMost: 1 / 100 }),
      [
        "1,000 manifests: 1/90  MISSED: at most 1/100",
        "    1.00 s (median of 3, 900 ms to 5.00 s)  fairlead",
        "  / 90.00 s (1000 × median of 3, 80 ms to 100 ms)  helm lint",
      ].join("\n"),
    );
  });

  test("may be of something else than time", () => {
    const memory: Figure = {
      name: "memory",
      measured: { command: "deploy", values: [90, 110], unit: "MiB" },
      atMost: 99,
    };
    assert.equal(
      renderFigure(memory),
      "memory: 100 MiB  MISSED: at most 99 MiB\n    100 MiB (median of 2, 90 MiB to 110 MiB)  deploy",
    );
  });
});
