import type { Client } from "../api/client.ts";
import { endingOf, spoken } from "../api/conclusions.ts";
import { rejected } from "../api/faults.ts";
import { lookAtRun, type WorkflowRun } from "../api/github.ts";

/** How long a run that was just started may be out of sight. */
const untilVisible = 60_000;

/** Told of each new state of a run, and of what is worth a warning. */
export interface Listener {
  state(status: string): void;
  warn(message: string): void;
}

/**
 * Looks at a run as often as the limits allow, until it is over.
 *
 * @throws FairleadError GITHUB_REJECTED when it is gone, or may not be seen any more.
 */
export async function watchRun(client: Client, repository: string, id: number, tell: Listener): Promise<WorkflowRun> {
  const { clock, pacer, signal } = client;
  using _ = pacer.watch();
  const start = clock.now();
  let etag: string | undefined;
  let status = "";
  for (;;) {
    await clock.sleep(pacer.lookInterval(), signal);
    const look = await lookAtRun(client, repository, id, etag);
    etag = look.etag;
    if ("absent" in look && clock.now() - start > untilVisible) {
      throw rejected(`Run ${id} of ${repository} is not to be seen; it may have been deleted.`);
    }
    if ("same" in look) pacer.looked(false);
    if (!("run" in look) || look.run === undefined) continue;
    const ending = endingOf(look.run);
    if (ending.over) {
      if (!ending.known) tell.warn(`GitHub ended ${look.run.url} as "${ending.conclusion}", which is not known here.`);
      return look.run;
    }
    if (look.run.status === status) {
      pacer.looked(true);
      continue;
    }
    status = look.run.status;
    tell.state(spoken(status));
    if (!ending.known) tell.warn(`GitHub says of ${look.run.url} that it is "${status}", which is not known here.`);
  }
}
