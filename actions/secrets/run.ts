import type { Context } from "../core/context.ts";
import { FairleadError, messageOf } from "../core/errors.ts";
import { exportSecrets } from "./export.ts";
import { listSecrets, login, type Server, serverOf } from "./infisical.ts";
import type { SecretsInputs } from "./inputs.ts";
import { maskSecretValue } from "./mask.ts";
import { remember, undo } from "./session.ts";

/** What was read. The values are masked already. */
export interface SecretsResult {
  readonly values: ReadonlyMap<string, string>;
  readonly count: number;
  /** In alphabetical order. */
  readonly names: readonly string[];
}

/**
 * Reads one folder of secrets from Infisical, masks every value, and hands them on as `inputs.export` says.
 *
 * @throws FairleadError INFISICAL_UNREACHABLE, INFISICAL_DENIED, INFISICAL_REJECTED, INFISICAL_EMPTY; each names the
 *   setting to change.
 */
export async function run(inputs: SecretsInputs, context: Context): Promise<SecretsResult> {
  context.masker.add(inputs.clientSecret);
  const server = serverOf(inputs);
  const values = await read(server, inputs, context);
  if (values.size === 0 && !inputs.allowEmpty) throw empty(server, inputs);
  for (const [name, value] of values) await maskSecretValue(name, value, context.masker);
  const names = [...values.keys()].sort();
  context.runner.info(
    `Infisical: ${names.length} secrets from project ${inputs.project}, environment ${inputs.environment}, folder ${inputs.path}${names.length > 0 ? `: ${names.join(", ")}` : ""}`,
  );
  exportSecrets(values, inputs, context);
  return { values, count: names.length, names };
}

async function read(server: Server, inputs: SecretsInputs, context: Context): Promise<ReadonlyMap<string, string>> {
  const token = await login(server, inputs.clientId, inputs.clientSecret, context);
  await remember({ url: inputs.url, token }, context);
  try {
    return await listSecrets(server, token, inputs, context);
  } finally {
    // What was read counts, so a fault here is left to the post step, which tries again and warns.
    await undo(context).catch((thrown) => context.runner.debug(context.masker.redact(messageOf(thrown))));
  }
}

function empty({ settings }: Server, { project, environment, path }: SecretsInputs): FairleadError {
  return new FairleadError({
    code: "INFISICAL_EMPTY",
    message: `Infisical has no secret in project "${project}", environment "${environment}", folder "${path}"; it answers the same when the folder or the environment does not exist.`,
    fix: `Correct ${settings.environment} or ${settings.path}, or add the secrets in Infisical (\`allow-empty\` accepts none).`,
  });
}
