import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type IdTokens, startIdTokens } from "../fakes/id-tokens/server.ts";
import type { Generation } from "../fakes/infisical/behaviours.ts";
import { type Infisical, startInfisical } from "../fakes/infisical/server.ts";
import type { Folder } from "../fakes/infisical/store.ts";
import { createJob, type Job } from "../harness/job.ts";
import type { JobResult, StepOptions, StepResult } from "../harness/types.ts";

/** Directory of the action. */
const room = join(import.meta.dirname, "../../actions/secrets");
/** An action that runs what its input says. */
export const printer = join(import.meta.dirname, "../harness/fixtures/scripted");

/** A value that no program shows by chance. */
export function random(): string {
  return randomBytes(24).toString("base64url");
}

type Words = Readonly<Record<string, string>>;

/** A server with a project, and who may read it. */
export interface Scene {
  readonly infisical: Infisical;
  /** Inputs of a step that reads the folder `/ci` with a stored secret. */
  readonly with: Words;
  /** The same for a job that logs in as itself, with the variables that it needs. */
  readonly asJob: { readonly with: Words; readonly env: Words };
  readonly jobs: IdTokens;
  readonly projectId: string;
  /** What lies in Infisical's folder `/ci`. */
  readonly stored: Readonly<Record<"TOKEN" | "PRIVATE_KEY" | "KUBECONFIG_BASE64" | "DOCKER_REGISTRY_USERNAME", string>>;
  /** Every secret: values, the lines and fields in them, and the identity's own. */
  readonly secrets: readonly string[];
}

/** Starts the stand-ins for one test, with more folders if need be. */
export async function scene(
  t: TestContext,
  {
    folders = {},
    generation,
  }: { readonly folders?: Readonly<Record<string, Folder>>; readonly generation?: Generation } = {},
): Promise<Scene> {
  const [token, line, clusterToken] = [random(), random(), random()];
  const kubeconfig = `apiVersion: v1\nkind: Config\nusers:\n  - name: ci\n    user:\n      token: ${clusterToken}\n`;
  const stored = {
    TOKEN: token,
    PRIVATE_KEY: `-----BEGIN KEY-----\n${line}\n}\n-----END KEY-----\n`,
    KUBECONFIG_BASE64: Buffer.from(kubeconfig).toString("base64"),
    DOCKER_REGISTRY_USERNAME: "deploy",
  };
  const jobs = await startIdTokens();
  const audience = "https://infisical.example.com";
  const oidc = { identityId: randomUUID(), key: jobs.publicKey, audience, subject: jobs.subject };
  const identity = { clientId: randomUUID(), clientSecret: random(), projects: ["shop"], oidc };
  const all = { "/ci": { secrets: stored }, "/bare": { secrets: {} }, ...folders };
  const project = { id: randomUUID(), slug: "shop", environments: { prod: all } };
  const infisical = await startInfisical({
    projects: [project],
    identities: [identity],
    ...(generation === undefined ? {} : { generation }),
  });
  // They throw when they were asked anything that the real servers would not understand.
  t.after(() => Promise.all([infisical.close(), jobs.close()]));
  const where = { url: infisical.url, project: "shop", paths: "/ci" };
  return {
    infisical,
    with: { ...where, "client-id": identity.clientId, "client-secret": identity.clientSecret },
    asJob: {
      with: { ...where, "identity-id": oidc.identityId, "oidc-audience": audience },
      env: jobs.variables,
    },
    jobs,
    projectId: project.id,
    stored,
    secrets: [token, line, clusterToken, stored.KUBECONFIG_BASE64, identity.clientSecret],
  };
}

/**
 * Runs the built action, then what is given for while the job lasts, then the post steps; and checks what holds however it
 * ended: no secret got out, nothing is left, every token is revoked, and every variable is blank.
 */
export async function runIn(
  { infisical, jobs, secrets }: Pick<Scene, "infisical" | "jobs" | "secrets">,
  options: StepOptions,
  meanwhile: (job: Job, step: StepResult) => Promise<unknown> = async () => {},
): Promise<{ step: StepResult; job: JobResult }> {
  const guarded = [...secrets];
  await using job = createJob({ secrets: guarded });
  // The post step blanks the variables, so they are kept as the following steps see them.
  const first = await job.run(room, options);
  const env = { ...first.env };
  await meanwhile(job, first);
  guarded.push(...infisical.tokens, ...jobs.tokens, jobs.requestToken);
  const result = await job.finish();
  assert.deepEqual(result.leftBehind, []);
  assert.deepEqual(result.orphans, []);
  assert.deepEqual(infisical.liveTokens(), []);
  const [step] = result.steps;
  assert.ok(step);
  for (const name of Object.keys(env)) assert.equal(step.env[name], "", `${name} outlived the job`);
  return { step: { ...step, env }, job: result };
}

/** A step that failed as it should: with exactly one error, no stack, and nothing handed on. */
export function assertFailed(step: StepResult, code: string, says: RegExp): void {
  assert.deepEqual(step.exitCodes, { main: 1, post: 0 }, step.log);
  const [error, ...others] = step.annotations;
  assert.deepEqual(others, []);
  assert.deepEqual([error?.level, error?.properties["title"]], ["error", code]);
  assert.match(error?.message ?? "", says);
  assert.doesNotMatch(step.log, /\n\s+at /);
  assert.deepEqual([step.env, step.outputs], [{}, {}]);
}
