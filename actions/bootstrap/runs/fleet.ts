import { mapSome } from "../../core/map-some.ts";
import type { Client } from "../api/client.ts";
import type { Outcome, Target } from "../target.ts";
import { type DeployPolicy, deployOne } from "./deploy.ts";

/**
 * Deploys all targets: one wave after the other, all owners of a wave at the same time, and of each owner at most so many
 * at a time. What fails stops nothing else.
 *
 * @returns an outcome for every target, in their order.
 */
export async function deployAll(
  targets: readonly Target[],
  clientOf: (target: Target) => Client,
  concurrency: number,
  policy: DeployPolicy,
): Promise<Outcome[]> {
  const outcomes = new Map<Target, Outcome>();
  for (const target of targets) clientOf(target).pacer.expect(1);
  const waves = [...new Set(targets.map(({ wave }) => wave))].sort((left, right) => left - right);
  for (const wave of waves) {
    const ofWave = targets.filter((target) => target.wave === wave);
    const owners = Map.groupBy(ofWave, ({ owner }) => owner.toLowerCase());
    const work = async (target: Target) => {
      outcomes.set(target, await deployOne(clientOf(target), target, policy));
    };
    await Promise.all([...owners.values()].map((ofOwner) => mapSome(ofOwner, concurrency, work)));
  }
  return targets.flatMap((target) => outcomes.get(target) ?? []);
}
