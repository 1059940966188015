// The build puts code in place of this module that ajv generated from the same schema, so that no action compiles it
// when it starts (scripts/compile-schema.ts).
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { bundledChart } from "../core/helm.ts";

const schema = JSON.parse(readFileSync(join(bundledChart(), "values.schema.json"), "utf8"));

/** Whether a manifest fits the schema of the chart that travels with the actions. */
export const accepts: (content: unknown) => boolean = new Ajv({ strict: false }).compile(schema);
