import type { Context } from "../core/context.ts";
import { execute } from "../core/process.ts";
import type { Started } from "./started.ts";

/** The rules that lead packets to Tailscale's own table (its router_linux.go, `baseIPRules`). */
const routing = [
  ["5210", "table", "main"],
  ["5230", "table", "default"],
  ["5250", "type", "unreachable"],
  ["5270", "table", "52"],
].map((rule) => ["rule", "del", "pref", ...rule]);

/** The rules that keep Tailscale's mark with a connection (its linuxfw, `AddConnmarkSaveRule`). */
const marking = [
  ["PREROUTING", "-m conntrack --ctstate RELATED,ESTABLISHED -m connmark ! --mark 0x0/0xff0000", "--restore-mark"],
  ["OUTPUT", "-m conntrack --ctstate NEW -m mark ! --mark 0x0/0xff0000", "--save-mark"],
].map(([chain = "", match = "", action = ""]) => {
  const target = ["-j", "CONNMARK", action, "--nfmask", "0xff0000", "--ctmask", "0xff0000"];
  return ["-t", "mangle", "-D", chain, ...match.split(" "), ...target];
});

/**
 * Takes away what a tailscaled that was killed has left on the machine; its network card and routes went with it. Its own
 * `--cleanup` puts the resolver and most of the packet filter back, the rest is done here.
 *
 * @throws FairleadError TOOL_FAILED, TIMEOUT, of `--cleanup`.
 */
export async function cleanUp({ cleanUp: command, elevation, folder }: Started, context: Context): Promise<void> {
  if (command.length === 0) return;
  const run = async ([program = "", ...args]: readonly string[]) =>
    await execute(program, args, { ...context, workingDirectory: folder, timeout: 10_000 });
  await run(command);
  const others = [
    ...["-4", "-6"].flatMap((family) => routing.map((rule) => ["ip", family, ...rule])),
    ...["iptables", "ip6tables"].flatMap((program) => marking.map((rule) => [program, ...rule])),
  ];
  // Not each of them is there on every machine, nor in every version of Tailscale.
  for (const other of others) await run([...elevation, ...other]).catch(() => {});
}
