import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "node:test";
import { parse } from "yaml";
import { chartFolder, helms, helmTest } from "./helm.testing.ts";

/** What the chart says of each version of Helm: a chart of nothing but that judgement is rendered with the versions as values. */
function verdicts(versions: readonly string[]): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-version-"));
  try {
    mkdirSync(join(folder, "templates"));
    writeFileSync(join(folder, "Chart.yaml"), "apiVersion: v2\nname: versions\nversion: 1.0.0\n");
    copyFileSync(join(chartFolder, "templates/_helm.tpl"), join(folder, "templates/_helm.tpl"));
    writeFileSync(
      join(folder, "templates/all.yaml"),
      `{{- range .Values.versions }}\n{{ . | quote }}: {{ include "fairlead.helmFault" . | quote }}\n{{- end }}\n`,
    );
    const input = JSON.stringify({ versions });
    const run = spawnSync(helms["4"], ["template", "release", folder, "--values", "-"], { encoding: "utf8", input });
    assert.equal(run.status, 0, run.stderr);
    return parse(run.stdout);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("Helm's version", () => {
  helmTest("is refused where Helm loses nulls", () => {
    const refused = ["v3.17.3", "v3.19.5", "v3.20.0", "v4.0.0", "v4.1.0", "v4.1.2"];
    for (const [version, verdict] of Object.entries(verdicts(refused))) {
      assert.match(verdict, /^APP_HELM_VERSION: this is Helm v[0-9.]+, which loses the nulls/, version);
    }
  });

  helmTest("is taken otherwise, unknown ones included", () => {
    const taken = ["v3.20.1", "v3.21.4", "v4.1.3", "v4.2.0-rc.1", "v4.2.4+g123", "v5.0.0", "v4.2", "dev"];
    assert.deepEqual(verdicts(taken), Object.fromEntries(taken.map((version) => [version, ""])));
  });
});
