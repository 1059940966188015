import { post } from "../core/action.ts";
import { leave } from "./leave.ts";

await post(leave);
