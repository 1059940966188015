// `actions/deploy` with a lock that does not outlive its run for long, so that the next run need not wait.
import { main } from "../../../actions/core/action.ts";
import { step } from "../../../actions/deploy/step.ts";

await main((environment, context) => step(environment, context, { lease: 4_000 }), { ownReport: true });
