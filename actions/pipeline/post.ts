import { post } from "../core/action.ts";
import { finishInterrupted } from "../deploy/interruption.ts";
import { undo as revokeToken } from "../secrets/session.ts";
import { leave } from "../tailnet/run.ts";

await post(async (context) => {
  // Both are done, whatever becomes of the other.
  const ends = await Promise.allSettled([
    revokeToken(context),
    // The way to the cluster is needed until the deploy is finished.
    finishInterrupted(context).finally(() => leave(context)),
  ]);
  for (const end of ends) if (end.status === "rejected") throw end.reason;
});
