import type { Context } from "../core/context.ts";
import { FairleadError } from "../core/errors.ts";
import { writeSecretsFile } from "./file.ts";
import { refuseText, unwritableError } from "./formats.ts";
import type { Destination, Source } from "./inputs.ts";
import { type Named, nameOf } from "./selection.ts";
import { takesOver } from "./takes-over.ts";
import { noteVariables } from "./traces.ts";

/** Infisical allows any name; a line break or `=` in one would write other entries into the runner's files. */
const plainName = /^[A-Za-z_][A-Za-z0-9_.-]*$/;

const ownOutputs = new Set(["count", "names", "file"]);

/** What Linux takes for one variable, its name and the `=` included (MAX_ARG_STRLEN, execve(2)), less the final NUL. */
const longestVariable = 128 * 1024 - 1;
/** What GitHub takes for one output. */
const longestOutput = 1024 * 1024;

/** What decides where secrets go, and under which names. */
export type Delivery = Destination & Pick<Source, "names" | "prefix">;

/**
 * Hands masked secrets to the following steps, and warns once about those that it leaves out for their names. Gives the
 * path of the file, if one was written.
 *
 * @throws FairleadError SECRET_UNWRITABLE with every value that would not arrive unchanged; INPUT_INVALID when a name
 *   was asked for that would take over the runner, or the file is there already.
 */
export async function exportSecrets(
  secrets: readonly Named[],
  delivery: Delivery,
  context: Context,
): Promise<string | undefined> {
  if (delivery.export === "none") return undefined;
  const usable = leaveOut(secrets, delivery, context);
  if (delivery.export === "file") return await writeSecretsFile(usable, delivery, context);
  if (delivery.export === "env") await exportVariables(usable, delivery.overwrite, context);
  else exportOutputs(usable, context);
  return undefined;
}

/** What may carry the name that it has; the others are told once. */
function leaveOut(secrets: readonly Named[], delivery: Delivery, { runner }: Context): readonly Named[] {
  const { isFit, reason } = fitnessFor(delivery);
  const unfit = secrets.filter(({ name }) => !isFit(name));
  if (unfit.length === 0) return secrets;
  const asked = new Set((delivery.names?.wanted ?? []).map((choice) => nameOf(choice, delivery.prefix ?? "")));
  const shown = unfit.map(({ name }) => JSON.stringify(name)).join(", ");
  if (unfit.some(({ name }) => asked.has(name))) {
    throw new FairleadError({
      code: "INPUT_INVALID",
      message: `\`names\` asks for secrets that are ${reason}: ${shown}.`,
      fix: "Give them another name, by a line `KEY as NAME`, or leave them out.",
    });
  }
  runner.annotate("warning", `Secrets ${reason}: ${shown}.`, "Secrets left out");
  return secrets.filter(({ name }) => isFit(name));
}

function fitnessFor(delivery: Delivery): { isFit: (name: string) => boolean; reason: string } {
  if (delivery.export === "outputs") {
    const reason = "not set as outputs, because these are not plain names or are outputs of this action";
    return { isFit: (name) => plainName.test(name) && !ownOutputs.has(name.toLowerCase()), reason };
  }
  const why = "because variables of these names would take over the runner";
  // What a file cannot hold is an error, and no program runs with the keys of a JSON object as variables.
  if (delivery.export === "file") {
    return { isFit: (name) => delivery.fileFormat === "json" || !takesOver(name), reason: `not written, ${why}` };
  }
  return {
    isFit: (name) => plainName.test(name) && !takesOver(name),
    reason: `not exported, ${why} or are not plain names`,
  };
}

async function exportVariables(secrets: readonly Named[], overwrite: boolean, context: Context): Promise<void> {
  const { runner, environment } = context;
  const isKept = ({ name }: Named) => !overwrite && environment[name] !== undefined;
  const fresh = secrets.filter((secret) => !isKept(secret));
  refuseUnwritable(fresh, ({ name, value }) => {
    const isLong = Buffer.byteLength(`${name}=${value}`) > longestVariable;
    return isLong ? "it is longer than the 128 KiB that a variable can hold" : refuseText(value);
  });
  const kept = secrets.filter(isKept).map(({ name }) => name);
  if (kept.length > 0) runner.info(`Kept, because the job has them already (see \`overwrite\`): ${kept.join(", ")}`);
  await noteVariables(
    fresh.map(({ name }) => name),
    context,
  );
  for (const { name, value } of fresh) runner.exportVariable(name, value);
}

function exportOutputs(secrets: readonly Named[], { runner }: Context): void {
  refuseUnwritable(secrets, ({ value }) =>
    value.length > longestOutput ? "it is longer than the 1 MiB that an output can hold" : refuseText(value),
  );
  for (const { name, value } of secrets) runner.setOutput(name, value);
}

function refuseUnwritable(secrets: readonly Named[], refuse: (secret: Named) => string | undefined): void {
  const unwritable = secrets.flatMap((secret) => {
    const reason = refuse(secret);
    return reason === undefined ? [] : [{ name: secret.name, reason }];
  });
  if (unwritable.length > 0) throw unwritableError(unwritable, "handed on");
}
