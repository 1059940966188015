import { post } from "../core/action.ts";

await post();
