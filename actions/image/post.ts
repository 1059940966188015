import { post } from "../core/action.ts";

// The login and the secrets lie in the folder of the step, which goes.
await post();
