import { post } from "../core/action.ts";
import { finishInterrupted } from "./interruption.ts";

await post(finishInterrupted);
