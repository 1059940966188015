import assert from "node:assert/strict";
import { test } from "node:test";
import { findMachine, hasTaker, isTailnetAddress, type Machine, readAnswers, type Status } from "./client.ts";

const machine = (name: string, ip: string): Machine => ({
  HostName: name,
  DNSName: `${name}.tailnet.test.`,
  TailscaleIPs: [ip],
  AllowedIPs: [`${ip}/32`],
  CurAddr: "",
  Relay: "",
  Online: true,
});

const status: Status = {
  Version: "1.100.0",
  BackendState: "Running",
  Self: machine("runner", "100.64.0.2"),
  Health: [],
  CurrentTailnet: { MagicDNSSuffix: "tailnet.test", MagicDNSEnabled: true },
  Peer: { "nodekey:1": machine("cluster", "100.64.0.1"), "nodekey:2": machine("registry", "100.64.0.3") },
};

test("a machine is found by address, name and full name", () => {
  for (const host of ["100.64.0.3", "registry", "Registry.tailnet.test", "registry.tailnet.test."]) {
    assert.equal(findMachine(status, host)?.HostName, "registry", host);
  }
});

test("an address that the tailnet does not show is no machine", () => {
  assert.equal(findMachine(status, "100.64.0.9"), undefined);
  assert.equal(findMachine({ ...status, Peer: null }, "registry"), undefined);
});

test("the ranges that only a tailnet has are Tailscale's", () => {
  for (const address of ["100.64.0.1", "100.127.255.255", "fd7a:115c:a1e0::1"])
    assert.ok(isTailnetAddress(address), address);
  for (const address of ["100.63.255.255", "100.128.0.0", "10.0.0.1", "fd7a:115c:a1e1::1", "cluster"]) {
    assert.ok(!isTailnetAddress(address), address);
  }
});

test("an address behind a machine has a taker, one that nobody has does not", () => {
  const router = {
    ...machine("router", "100.64.0.5"),
    AllowedIPs: ["100.64.0.5/32", "10.1.0.0/16", "fd7a:115c:a1e0:b1a::/64"],
  };
  const routed = { ...status, Peer: { "nodekey:3": router } };
  for (const address of ["100.64.0.5", "10.1.2.3", "fd7a:115c:a1e0:b1a::7"])
    assert.ok(hasTaker(routed, address), address);
  assert.ok(!hasTaker(routed, "100.64.0.6"));
});

test("answers of the tailnet's resolver are read from what `tailscale dns query` prints", () => {
  const known = `DNS query for "cluster.tailnet.test" (A) using internal resolver:

Forwarding to resolver: 100.100.100.100

Response code: RCodeSuccess

Name                   TTL  Class      Type   Body
----                   ---  -----      ----   ----
cluster.tailnet.test.  600  ClassINET  TypeA  100.64.0.1
`;
  const sixth = known.replace("TypeA  100.64.0.1", "TypeAAAA  fd7a:115c:a1e0::1");
  assert.deepEqual(readAnswers([known, sixth]), { addresses: ["100.64.0.1", "fd7a:115c:a1e0::1"], code: "Success" });
  const unknown = "Response code: RCodeNameError\n\nNo answers were returned.\n";
  assert.deepEqual(readAnswers([unknown, unknown]), { addresses: [], code: "NameError" });
});
