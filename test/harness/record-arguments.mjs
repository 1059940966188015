// Preloaded into each Node process of an action: appends the argument list of every child process to the file named in
// the query of this module's own address, so that tests can look for secrets in them.
import childProcess from "node:child_process";
import { appendFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const file = new URL(import.meta.url).searchParams.get("file");
const record = (command) => appendFileSync(file, `${JSON.stringify(command)}\n`);

// spawn, exec, execFile and fork all end here.
const spawn = childProcess.ChildProcess.prototype.spawn;
childProcess.ChildProcess.prototype.spawn = function recorded(options) {
  record([options.file, ...(options.args ?? []).slice(1)]);
  return spawn.call(this, options);
};

for (const name of ["spawnSync", "execFileSync", "execSync"]) {
  const original = childProcess[name];
  childProcess[name] = (command, ...rest) => {
    record([command, ...(Array.isArray(rest[0]) ? rest[0] : [])]);
    return original(command, ...rest);
  };
}

syncBuiltinESMExports();
