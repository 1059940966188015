import { listRevisions } from "../releases/read.ts";
import type { Watched } from "../rollout.ts";

/**
 * Lets Helm make a revision. That it is `deployed` is the last thing that Helm writes of it (helm 4.2 and 3.21,
 * pkg/action/upgrade.go and rollback.go): where a Helm that failed has written that, all is done but for the answer, which
 * was lost on the way.
 *
 * @param number the revision that Helm makes.
 * @throws what `helm` throws, where the revision is not done or the step was stopped.
 */
export async function outlastLostAnswer<T>(
  { cluster, application: { namespace, release }, context: { signal, runner } }: Watched,
  number: number,
  helm: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await helm();
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    const [newest] = await listRevisions(cluster, namespace, release).catch(() => []);
    if (newest?.number !== number || newest.status !== "deployed") throw thrown;
    runner.info(`Helm did not hear that revision ${number} is deployed, which it is`);
    return undefined;
  }
}
