import assert from "node:assert/strict";
import { test } from "node:test";
import { describeProbe, parseProbe } from "./probe.ts";

test("a probe is host:port or an https address", () => {
  assert.deepEqual(parseProbe("cluster:6443"), { host: "cluster", port: 6443 });
  assert.deepEqual(parseProbe("[fd7a::1]:6443"), { host: "fd7a::1", port: 6443 });
  assert.deepEqual(parseProbe("https://api.test"), { host: "api.test", port: 443, path: "/" });
  assert.deepEqual(parseProbe("https://api.test:6443/livez?verbose"), {
    host: "api.test",
    port: 6443,
    path: "/livez?verbose",
  });
});

for (const wrong of [
  "cluster",
  "cluster:0",
  "cluster:70000",
  ":6443",
  "http://cluster:6443",
  "cluster:6443/path",
  "a b:1",
]) {
  test(`"${wrong}" is no probe`, () => {
    assert.throws(() => parseProbe(wrong), /each line must be host:port or https/);
  });
}

test("a probe is described as it was written", () => {
  for (const written of ["cluster:6443", "[fd7a::1]:6443", "https://api.test:6443/livez"]) {
    assert.equal(describeProbe(parseProbe(written)), written);
  }
});
