import { post } from "../core/action.ts";
import { undo as revokeToken } from "../secrets/session.ts";
import { finishInterrupted } from "./recovery/interruption.ts";

await post(revokeToken, finishInterrupted);
