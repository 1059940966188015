import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Context } from "../core/context.ts";
import { createMasker } from "../core/masking.ts";
import { connectionTo } from "./connection.ts";

const cluster = { DNSName: "cluster.tailnet.test.", TailscaleIPs: ["100.64.0.1"] };
const status = (address: string) => JSON.stringify({ Peer: { one: { ...cluster, CurAddr: address } } });
const known = { host: "100.64.0.1", port: 6443 };

for (const [what, probe, before, after, expected] of [
  ["a path that is direct", known, "192.0.2.1:41641", "", "direct"],
  ["a path that becomes direct", known, "", "192.0.2.1:41641", "direct"],
  ["a path that stays relayed", known, "", "", "relay"],
  ["a machine that the tailnet does not show", { host: "10.0.0.1", port: 6443 }, "", "", undefined],
  ["no probe", undefined, "", "", undefined],
] as const) {
  test(`${what}: ${expected ?? "nothing is said"}`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "fairlead-connection-"));
    t.after(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, "before"), status(before));
    await writeFile(join(folder, "after"), status(after));
    const program = join(folder, "tailscale");
    // A ping fails where no direct way is found, as the real one does.
    const script = 'case "$2" in ping) mv after before; exit 1;; status) cat before;; esac';
    await writeFile(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const context = { environment: process.env, masker: createMasker(() => {}), signal: AbortSignal.timeout(60_000) };
    assert.equal(await connectionTo(probe, { program, folder }, context as unknown as Context), expected);
  });
}
