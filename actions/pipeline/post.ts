import { post } from "../core/action.ts";
import { undo as revokeToken } from "../secrets/session.ts";
import { leave } from "../tailnet/run.ts";

await post(async (context) => {
  // Both are done, whatever becomes of the other.
  const ends = await Promise.allSettled([leave(context), revokeToken(context)]);
  for (const end of ends) if (end.status === "rejected") throw end.reason;
});
