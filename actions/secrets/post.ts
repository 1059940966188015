import { post } from "../core/action.ts";
import { undo } from "./session.ts";

await post(undo);
