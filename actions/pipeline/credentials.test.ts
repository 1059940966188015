import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { type TestContext, test } from "node:test";
import { recordingContext } from "../../test/context.ts";
import { startInfisical } from "../../test/fakes/infisical/server.ts";
import type { Cluster } from "../validate/application.ts";
import { findCredentials } from "./credentials.ts";
import { pipelineInputs } from "./inputs.ts";

const random = () => randomBytes(18).toString("base64url");

/** Looks credentials up as the root action does, where the facts about the cluster say so. */
async function lookUp(t: TestContext, facts: Partial<Cluster["infisical"]>, clientSecret?: string) {
  const identity = { clientId: randomUUID(), clientSecret: random(), projects: ["team"] };
  const environments = { prod: { "/ci": { secrets: { KUBECONFIG_BASE64: random() } }, "/bare": { secrets: {} } } };
  const projects = [
    { id: randomUUID(), slug: "team", environments },
    { id: randomUUID(), slug: "closed", environments },
  ];
  const infisical = await startInfisical({ generation: "current", projects, identities: [identity] });
  t.after(() => infisical.close());
  const { context } = await recordingContext(t);
  const inputs = pipelineInputs({
    INPUT_MANIFEST: "manifest.yaml",
    "INPUT_LOCK-TIMEOUT": "1m",
    "INPUT_ROLLBACK-ON-FAILURE": "true",
    INPUT_VERIFY: "true",
    "INPUT_DRY-RUN": "false",
    "INPUT_INFISICAL-CLIENT-ID": identity.clientId,
    "INPUT_INFISICAL-CLIENT-SECRET": clientSecret ?? identity.clientSecret,
  });
  const where = { url: infisical.url, project: "team", environment: "prod", path: "/ci", ...facts };
  return await findCredentials(inputs, { infisical: where } as Cluster, context);
}

test("credentials come from the team's folder", async (t) => {
  assert.ok((await lookUp(t, {})).require("KUBECONFIG_BASE64"));
});

for (const [what, facts, code, fix, clientSecret] of [
  ["without secrets", { path: "/bare" }, "INFISICAL_EMPTY", "Correct `cluster.infisical.path`, or add the secrets"],
  ["that is missing", { path: "/none" }, "INFISICAL_EMPTY", "Correct `cluster.infisical.path`, or add the secrets"],
  ["of no environment", { environment: "prdo" }, "INFISICAL_REJECTED", "Correct `cluster.infisical.environment`"],
  ["of no project", { project: "taem" }, "INFISICAL_REJECTED", "Correct `cluster.infisical.project`"],
  ["that is closed", { project: "closed" }, "INFISICAL_DENIED", "Add the identity .* `cluster.infisical.project`"],
  ["of no server", { url: "infisical" }, "INPUT_INVALID", "Correct it in the file of the input `cluster`"],
  [
    "at a wrong secret",
    {},
    "INFISICAL_DENIED",
    "Correct `infisical-client-id` and `infisical-client-secret`",
    random(),
  ],
] as const) {
  test(`a folder ${what} is told with what a user of the root action can change`, async (t) => {
    await assert.rejects(
      lookUp(t, facts, clientSecret),
      (thrown: Error & Record<"code" | "sentence" | "fix", string>) => {
        assert.equal(thrown.code, code, thrown.stack);
        assert.match(thrown.fix, new RegExp(fix));
        // These are inputs of the secrets action alone.
        assert.doesNotMatch(
          thrown.sentence,
          /`(allow-empty|names|paths|path|project|environment|url|client-id|timeout)`/,
        );
        return true;
      },
    );
  });
}
