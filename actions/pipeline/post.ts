import { post } from "../core/action.ts";
import { finishInterrupted } from "../deploy/recovery/interruption.ts";
import { undo as revokeToken } from "../secrets/session.ts";
import { leave } from "../tailnet/leave.ts";

// The way to the cluster is needed until the deploy is finished.
await post(revokeToken, (context) => finishInterrupted(context).finally(() => leave(context)));
