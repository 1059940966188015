import assert from "node:assert/strict";
import { test } from "node:test";
import { findMachine, type Machine, type Status } from "./client.ts";

const machine = (name: string, ip: string): Machine => ({
  HostName: name,
  DNSName: `${name}.tailnet.test.`,
  TailscaleIPs: [ip],
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
