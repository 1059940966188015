import { post } from "../core/action.ts";
import { undo as revokeToken } from "../secrets/session.ts";
import { leave } from "../tailnet/run.ts";

await post(async (context) => {
  await Promise.allSettled([leave(context), revokeToken(context)]);
});
