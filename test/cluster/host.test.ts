import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { missingPackages } from "./host.ts";

test("a machine lacks the packages of the programs that no folder of its PATH holds", () => {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-host-"));
  try {
    for (const program of ["git", "ip", "openssl"]) writeFileSync(join(folder, program), "");
    for (const program of ["git", "openssl"]) chmodSync(join(folder, program), 0o755);
    assert.deepEqual(missingPackages(`/nowhere:${folder}`), ["iproute2", "python3"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
