import assert from "node:assert/strict";
import { test } from "node:test";
import { proxyFor } from "./proxy.ts";

const proxy = "http://proxy.example.com:3128";
const through = (url: string, environment: Readonly<Record<string, string>>) =>
  proxyFor(new URL(url), environment)?.href.replace(/\/$/, "");

test("the proxy of an address is that of its scheme", () => {
  const both = { HTTPS_PROXY: proxy, http_proxy: "other:80" };
  assert.equal(through("https://example.com", both), proxy);
  assert.equal(through("http://example.com", both), "http://other");
  assert.equal(through("http://example.com", { HTTPS_PROXY: proxy }), undefined);
  assert.equal(through("https://example.com", { HTTPS_PROXY: "", https_proxy: proxy }), proxy);
  assert.equal(through("https://example.com", {}), undefined);
});

test("the machine itself is asked without one", () => {
  for (const host of ["localhost", "127.0.0.1", "127.9.9.9", "[::1]"])
    assert.equal(through(`https://${host}:6443`, { HTTPS_PROXY: proxy }), undefined, host);
});

for (const [entry, spared, others] of [
  ["*", ["example.com", "10.0.0.1"], []],
  ["example.com", ["example.com", "api.example.com"], ["notexample.com", "example.com.evil"]],
  [" .example.com ", ["api.example.com"], ["example.com", "notexample.com"]],
  ["*.example.com", ["api.example.com"], ["example.com"]],
  ["EXAMPLE.com:8443", ["example.com:8443", "api.example.com:8443"], ["example.com"]],
  ["example.com:443", ["example.com"], ["example.com:8443"]],
  ["10.0.0.1", ["10.0.0.1"], ["10.0.0.11"]],
  ["10.0.0.0/8", ["10.1.2.3:6443"], ["11.0.0.1", "10.example.com"]],
  ["10.0.0.0/8:6443", ["10.1.2.3:6443"], ["10.1.2.3"]],
  ["fd7a:115c:a1e0::/48", ["[fd7a:115c:a1e0::1]"], ["[fd7b::1]", "10.0.0.1"]],
  ["fd00::1", ["[fd00::1]"], ["[fd00::2]"]],
  ["[fd00::1]:6443", ["[fd00::1]:6443"], ["[fd00::1]"]],
  ["", [], ["example.com", "10.0.0.1"]],
  ["300.0.0.0/8,,10.0.0.0/99,10.0.0.0/x", [], ["example.com", "10.0.0.1", "10.0.0.0"]],
] as const) {
  test(`NO_PROXY "${entry}"`, () => {
    const environment = { HTTPS_PROXY: proxy, NO_PROXY: `first.example,${entry}` };
    for (const host of spared) assert.equal(through(`https://${host}`, environment), undefined, host);
    for (const host of others) assert.equal(through(`https://${host}`, environment), proxy, host);
  });
}

test("what is no address is told without showing it", () => {
  assert.throws(() => through("https://example.com", { HTTPS_PROXY: "http://user:secret@[" }), {
    code: "INPUT_INVALID",
    message: "The variable HTTPS_PROXY holds no address of a proxy.",
  });
});
