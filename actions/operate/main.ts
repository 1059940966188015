import { main } from "../core/action.ts";
import { step } from "./step.ts";

await main(step, { ownReport: true });
