import { main } from "../core/action.ts";
import { step } from "../operate/step.ts";

// The same as `operation: rollback`, under the name that people look for at night.
await main((environment, context) => step({ ...environment, INPUT_OPERATION: "rollback" }, context), {
  ownReport: true,
});
