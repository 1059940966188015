import assert from "node:assert/strict";
import { test } from "node:test";
import { formatDuration, parseDuration } from "./duration.ts";

test("durations are read as Go and Helm write them", () => {
  const cases: [string, number | undefined][] = [
    ["500ms", 500],
    ["90s", 90_000],
    ["3m", 180_000],
    ["1h30m", 5_400_000],
    ["1.5h", 5_400_000],
    ["0s", 0],
    ["3", undefined],
    ["3 m", undefined],
    ["m", undefined],
    ["-3m", undefined],
    ["3min", undefined],
    ["1.5.5s", undefined],
    ["", undefined],
  ];
  for (const [text, milliseconds] of cases) assert.equal(parseDuration(text), milliseconds, text);
});

test("durations are shown as a person reads them", () => {
  const cases: [number, string][] = [
    [0, "0 ms"],
    [850.4, "850 ms"],
    [4_240, "4.2 s"],
    [59_900, "59.9 s"],
    [59_999, "1 min"],
    [60_000, "1 min"],
    [200_000, "3 min 20 s"],
    [119_600, "2 min"],
  ];
  for (const [milliseconds, text] of cases) assert.equal(formatDuration(milliseconds), text);
});
