import { post } from "../core/action.ts";
import { leave } from "../tailnet/run.ts";

await post(leave);
