import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Context } from "../core/context.ts";
import { createMasker } from "../core/masking.ts";
import { Obstacle, type Stretch } from "./attempt.ts";
import type { Machine, Status } from "./client.ts";
import { diagnose, explainUnanswered, shortNetcheck } from "./diagnosis.ts";
import { parseProbe } from "./probe.ts";

const cluster: Machine = {
  HostName: "cluster",
  DNSName: "cluster.tailnet.test.",
  TailscaleIPs: ["100.64.0.1", "fd7a:115c:a1e0::1"],
  AllowedIPs: ["100.64.0.1/32", "fd7a:115c:a1e0::1/128"],
  CurAddr: "",
  Relay: "fra",
  Online: true,
};

const statusWith = (machine: Machine, magicDns = true): Status => ({
  Version: "1.100.0",
  BackendState: "Running",
  Self: cluster,
  Health: [],
  CurrentTailnet: { MagicDNSSuffix: "tailnet.test", MagicDNSEnabled: magicDns },
  Peer: { "nodekey:1": machine },
});

function sentence(
  at: Stretch,
  reason: string,
  { probe = "https://100.64.0.1:6443/readyz", machine = cluster, magicDns = true, netcheck = "* UDP: true" } = {},
) {
  const unanswered = { probe: parseProbe(probe), obstacle: new Obstacle(at, reason), took: 5_000 };
  return explainUnanswered(unanswered, { status: statusWith(machine, magicDns), netcheck });
}

const byName = { probe: "https://cluster.tailnet.test:6443/readyz" };
const cases = [
  [
    "MagicDNS off",
    "name",
    "NameError",
    { ...byName, magicDns: false },
    /Switch MagicDNS on .*, or use its address 100\.64\.0\.1/,
  ],
  [
    "a resolver that is not asked",
    "name",
    "NameError",
    byName,
    /`accept-dns: true`.* or use its address 100\.64\.0\.1/,
  ],
  [
    "a name that nobody has",
    "name",
    "NameError",
    { probe: "https://other.test/" },
    /No machine .* has the name other\.test\. Check the name/,
  ],
  [
    "an address out of date",
    "connection",
    "timeout",
    { probe: "100.64.0.9:6443" },
    /has the address 100\.64\.0\.9\. .*out of date.*access rules/,
  ],
  [
    "a machine that is off",
    "connection",
    "timeout",
    { machine: { ...cluster, Online: false } },
    /offline\. Start the machine "cluster"/,
  ],
  ["a server that is down", "connection", "connection was refused", {}, /Nothing listens on port 6443 there/],
  ["access rules", "connection", "nothing came back", {}, /access rules give this machine, by its tags, port 6443/],
  [
    "a relay alone",
    "connection",
    "nothing came back",
    { netcheck: "* UDP: false" },
    /no UDP through, so all goes over the relay/,
  ],
  ["another protocol", "tls", "wrong version number", {}, /does not speak TLS .*Check the port/],
  [
    "a certificate",
    "certificate",
    "its certificate is for 10.0.0.1",
    {},
    /is for 10\.0\.0\.1, not for 100\.64\.0\.1\. .*`--tls-san`/,
  ],
  [
    "a server that is not ready",
    "answer",
    "HTTP 500",
    {},
    /takes connections, but its answer is HTTP 500\. Look at the server/,
  ],
] as const;

for (const [what, at, reason, setting, expected] of cases) {
  test(`${what} is told by how far the probe got`, () => {
    const error = sentence(at, reason, setting);
    assert.equal(error.code, "TAILNET_UNREACHABLE");
    assert.match(error.sentence, expected);
    assert.match(error.sentence, /gave no good answer in 5\.0 s/);
    assert.match(error.details ?? "", /^Machine: .*\nNetcheck of this runner:\n\* UDP: /);
  });
}

test("a tailscaled that is gone hides neither the probe nor where it ended", async (t) => {
  const unanswered = {
    probe: parseProbe("cluster:6443"),
    obstacle: new Obstacle("connection", "refused"),
    took: 5_000,
  };
  const folder = await mkdtemp(join(tmpdir(), "fairlead-diagnosis-"));
  t.after(() => rm(folder, { recursive: true }));
  const program = join(folder, "tailscale");
  await writeFile(program, "#!/bin/sh\necho 'it is not running' >&2; exit 1\n", { mode: 0o755 });
  const context = { environment: process.env, masker: createMasker(() => {}), signal: AbortSignal.timeout(60_000) };
  const { code, sentence } = await diagnose(unanswered, { program, folder }, context as unknown as Context);
  assert.equal(code, "TAILNET_UNREACHABLE");
  assert.match(sentence, /no connection to cluster:6443 came about \(refused\)\. Tailscale itself does not answer/);
});

test("a relay is no fault where UDP goes through", () => {
  assert.doesNotMatch(sentence("connection", "nothing came back").sentence, /relay: check/);
});

test("of a netcheck the lines stay that bear on the way", () => {
  const report = `
2026/01/02 03:04:05 portmap: monitor: gateway and self IP changed

Report:
	* Time: 2026-01-02T03:04:05Z
	* UDP: false
	* IPv4: (no addr found)
	* IPv6: no, but OS has support
	* MappingVariesByDestIP:
	* PortMapping:
	* Nearest DERP: Frankfurt
	* DERP latency:
		- fra: 10ms   (Frankfurt)
`;
  assert.equal(
    shortNetcheck(report),
    "* UDP: false\n* IPv4: (no addr found)\n* IPv6: no, but OS has support\n* MappingVariesByDestIP:\n* Nearest DERP: Frankfurt",
  );
});
