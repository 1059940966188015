// Preloaded into each Node process of an action: appends what happens to it and to each Helm that changes a release, as
// lines of JSON, to the file named in the query of this module's own address.
import childProcess from "node:child_process";
import { appendFileSync } from "node:fs";

const file = new URL(import.meta.url).searchParams.get("file");
const { pid } = process;
const record = (event) => appendFileSync(file, `${JSON.stringify({ pid, event })}\n`);

const spawn = childProcess.ChildProcess.prototype.spawn;
childProcess.ChildProcess.prototype.spawn = function recorded(options) {
  const command = options.args?.find((word) => ["upgrade", "rollback", "uninstall"].includes(word));
  if (command !== undefined) this.once("exit", () => record(`helm ${command} ends`));
  const result = spawn.call(this, options);
  if (command !== undefined) record(`helm ${command} starts`);
  return result;
};

record("begins");
process.once("exit", () => record("ends"));
