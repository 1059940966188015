import { post } from "../core/action.ts";
import { leave } from "./run.ts";

await post(leave);
