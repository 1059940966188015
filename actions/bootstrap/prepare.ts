import type { Context } from "../core/context.ts";
import { FairleadError } from "../core/errors.ts";
import { invalidInputs } from "../core/inputs.ts";
import { clientOf, type OwnerClient, openClients, together } from "./access/clients.ts";
import type { Connection } from "./api/client.ts";
import { tryPermission } from "./api/github.ts";
import { type Credentials, clusterFacts, findCredentials } from "./credentials.ts";
import type { BootstrapInputs } from "./inputs.ts";
import { type Line, repositoryFile } from "./plan/list.ts";
import type { ReadManifests } from "./plan/manifests.ts";
import { existingReleases, splitMissing } from "./plan/missing.ts";
import { type Surveyed, survey } from "./plan/survey.ts";
import { planTargets } from "./plan/targets.ts";
import { clusterOf, preflight } from "./preflight.ts";
import { noteToken } from "./runs/cancel.ts";
import type { Outcome, Target } from "./target.ts";

/** What is known before the first dispatch. */
export interface Prepared {
  readonly targets: readonly Target[];
  readonly others: readonly Outcome[];
  readonly clients: ReadonlyMap<string, OwnerClient>;
}

/**
 * Everything up to the first dispatch: credentials, preconditions, refs, workflows, permissions.
 *
 * @throws FairleadError SECRET_MISSING, GITHUB_REJECTED, PREFLIGHT_FAILED, INPUT_INVALID.
 */
export async function prepare(
  inputs: BootstrapInputs,
  connection: Connection,
  readManifests: ReadManifests,
  context: Context,
): Promise<Prepared> {
  const lines = await linesOf(inputs, context);
  const owners = namesOnce([...lines.map(({ owner }) => owner), ...inputs.owners]);
  const facts = await clusterFacts(inputs, context);
  const credentials = await findCredentials(inputs, owners, facts, context);
  const made = (token: string, owner: string) => {
    context.masker.add(token);
    noteToken({ apiUrl: inputs.apiUrl, owner: owner.toLowerCase(), token }, context);
  };
  const source = { tokens: credentials.tokens, app: inputs.app, made };
  const [clients] = await Promise.all([
    openClients(connection, owners, source),
    preflight(inputs, credentials, facts, context),
  ]);
  const discovered = new Set(inputs.owners.map((owner) => owner.toLowerCase()));
  const surveyed = await survey(clients, {
    ...{ lines, owners: inputs.owners, topic: inputs.topic, readManifests },
    // Only a look at everything has the time for what nobody asked for.
    alsoTold: inputs.dryRun ? owners.filter((owner) => !discovered.has(owner.toLowerCase())) : [],
    releases: inputs.only === "missing",
  });
  const plan = await planTargets(surveyed, (owner) => clientOf(clients, owner), {
    ...{ workflow: inputs.workflow, ref: inputs.ref, environments: inputs.environments, inputs: inputs.inputs },
  });
  if (!inputs.wait && new Set(plan.targets.map(({ wave }) => wave)).size > 1) {
    throw invalidInputs(["`wait` is false, but a wave waits for the one before"]);
  }
  await requirePermissions(plan.targets, clients);
  const selected = await select(plan.targets, surveyed, inputs, credentials, context);
  return { targets: selected.missing, others: [...selected.skipped, ...plan.others], clients };
}

async function linesOf({ repositories, owners }: BootstrapInputs, { workspace }: Context): Promise<readonly Line[]> {
  const lines = "file" in repositories ? await repositoryFile(repositories.file, workspace) : repositories;
  if (lines.length + owners.length > 0) return lines;
  throw invalidInputs(["neither `repositories` nor `owners` says what to deploy"]);
}

function namesOnce(names: readonly string[]): string[] {
  return [...new Map(names.map((name) => [name.toLowerCase(), name])).values()];
}

/** Asks for each owner whether the token may dispatch at all, before any of them is used. */
async function requirePermissions(
  targets: readonly Target[],
  clients: ReadonlyMap<string, OwnerClient>,
): Promise<void> {
  const firsts = [...Map.groupBy(targets, ({ owner }) => owner.toLowerCase()).values()].flatMap(
    ([first]) => first ?? [],
  );
  const refused = await Promise.all(
    firsts.map(async ({ owner, repository, workflow }) => {
      try {
        await tryPermission(clientOf(clients, owner), repository, workflow);
        return [];
      } catch (thrown) {
        if (thrown instanceof FairleadError && thrown.code === "GITHUB_REJECTED") return [thrown];
        throw thrown;
      }
    }),
  );
  if (refused.flat().length > 0) throw together(refused.flat());
}

async function select(
  targets: readonly Target[],
  surveyed: readonly Surveyed[],
  { only }: BootstrapInputs,
  credentials: Credentials,
  context: Context,
) {
  if (only !== "missing") return { missing: targets, skipped: [] };
  return splitMissing(targets, surveyed, await existingReleases(await clusterOf(credentials, context)));
}
