import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { apiPort, openTailnetSite, type TailnetSite, withKey } from "../../test/e2e/tailnet-site.ts";
import { readActionFile } from "../../test/harness/action-file.ts";
import type { Figure } from "./figure.ts";
import { each, inTurn, type Measured } from "./measure.ts";
import type { Bench, Subject } from "./subject.ts";
import { emptyProgram } from "./validate.ts";

/** How much longer than a script with the same programs the whole life in a tailnet may take. */
const whole = 1.5;
/** How much longer than an empty program its start may take. */
const start = 1.6;
/** Milliseconds until a server that is down is told, joining and Node's own start included. */
const refused = 7_500;

/** `actions/tailnet` on a real control plane: joining, proving the way, leaving. */
export const tailnet: Subject = async function* (bench) {
  await using site = await openTailnetSite("tailnet-bench");
  const [ours, byHand] = await inTurn(bench.rounds, life(site, bench), script(site, bench));
  if (ours === undefined || byHand === undefined) throw new Error("nothing was measured");
  yield { name: "join, prove and leave, against a script", measured: ours, against: byHand, ratioAtMost: whole };
  yield* beginning(bench);
  const down = { ...life(site, bench, 6444), accept: [1], check: tells, shown: "actions/tailnet, the API server down" };
  yield { name: "an API server that is down, up to the error", measured: await each([down], 1), atMost: refused };
};

/** Up to the verdict that there are no inputs. */
async function* beginning(bench: Bench): AsyncGenerator<Figure> {
  const { scripts } = readActionFile(join(bench.root, "actions/tailnet"));
  const without = {
    command: [process.execPath, scripts.main ?? ""],
    workingDirectory: bench.root,
    environment: { RUNNER_TEMP: bench.folder, GITHUB_STATE: join(bench.folder, "state") },
    accept: [1],
    shown: "actions/tailnet without inputs",
  };
  const [nothing, begun] = await inTurn(bench.rounds * 3, emptyProgram(bench), without);
  if (nothing === undefined || begun === undefined) throw new Error("nothing was measured");
  yield { name: "the start, against an empty program", measured: begun, against: nothing, ratioAtMost: start };
}

function tells(output: string): void {
  if (!/::error title=TAILNET_UNREACHABLE::.*refused/.test(output)) throw new Error(`it said ${output}`);
}

/** The step as the runner starts it, with its post step. */
function life({ tailnet: given, tools }: TailnetSite, bench: Bench, port = apiPort): Measured {
  const { inputs, scripts } = readActionFile(join(bench.root, "actions/tailnet"));
  const probe = `https://${given.clusterAddress}:${port}/readyz`;
  const all = { ...inputs, ...withKey(given, { probe, timeout: "1m" }) };
  const variables = Object.entries(all).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]);
  const folder = join(bench.folder, "runner");
  mkdirSync(folder, { recursive: true });
  const file = join(bench.folder, "life.sh");
  writeFileSync(
    file,
    `: > "$GITHUB_STATE"
"${process.execPath}" "${scripts.main}"
code=$?
folder=$(sed -n 's/^folder=//p' "$GITHUB_STATE")
STATE_folder=$folder "${process.execPath}" "${scripts.post}"
# What was not left would go on for ever.
test -n "$folder" && test ! -e "$folder" || exit 3
exit "$code"
`,
  );
  return {
    // Other shells drop variables with a hyphen in their name.
    command: ["bash", file],
    workingDirectory: bench.root,
    environment: {
      ...Object.fromEntries(variables),
      ...{ RUNNER_TEMP: folder, GITHUB_STATE: join(folder, "STATE"), GITHUB_OUTPUT: "" },
      PATH: `${dirname(tools.tailscale)}:${process.env["PATH"]}`,
    },
    check(output) {
      if (!/readyz answered after/.test(output)) throw new Error(`it said ${output}`);
    },
    shown: "actions/tailnet and its post step",
  };
}

/** The same by hand, as somebody would write it who is careful. */
function script({ tailnet: given, tools }: TailnetSite, bench: Bench): Measured {
  const folder = join(bench.folder, "by-hand");
  mkdirSync(folder, { recursive: true });
  const file = join(bench.folder, "by-hand.sh");
  writeFileSync(join(folder, "key"), given.authKey, { mode: 0o600 });
  writeFileSync(
    file,
    `set -e
cd ${folder}
client="${tools.tailscale} --socket=sock"
TS_LOGS_DIR=. ${tools.tailscaled} --state=mem: --statedir=. --socket=sock --tun=userspace-networking \\
  --outbound-http-proxy-listen=127.0.0.1:10999 --no-logs-no-support 2>log &
daemon=$!
until $client status --json >/dev/null 2>&1; do sleep 0.05; done
$client up --auth-key=file:key --hostname=by-hand --login-server=${given.controlUrl} --timeout=20s
until curl -ksS -m 5 -o answer --proxy http://127.0.0.1:10999 https://${given.clusterAddress}:${apiPort}/readyz; do sleep 0.25; done
$client logout
kill $daemon
# What a signal ended did not succeed.
wait $daemon || true
`,
  );
  return { command: ["sh", file], workingDirectory: bench.root, shown: "tailscaled, tailscale up, curl and logout" };
}
