import { post } from "../core/action.ts";
import { undo } from "./session.ts";
import { removeTraces } from "./traces.ts";

await post(undo, removeTraces);
