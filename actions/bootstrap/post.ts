import { post } from "../core/action.ts";
import { undo as revokeInfisicalToken } from "../secrets/session.ts";
import { undo } from "./runs/cancel.ts";

await post(revokeInfisicalToken, undo);
