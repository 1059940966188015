import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { cached } from "../cluster/cache.ts";
import { unpackPackages } from "../cluster/debian.ts";
import { sudoPackage } from "../cluster/versions.ts";
import type { runAction } from "../harness/job.ts";
import { apiPort, assertLoggedOut, openTailnetSite, type TailnetSite, withKey } from "./tailnet-site.ts";

let site: TailnetSite;
let sudo: string;

before(async () => {
  site = await openTailnetSite("tailnet-sudo");
  sudo = await cached(`sudo-${sudoPackage}`, console.log, (folder) =>
    unpackPackages(folder, [["sudo", sudoPackage]], console.log),
  );
});

after(async () => await site?.[Symbol.asyncDispose]());

// A machine on which `nobody` may use sudo, seen by this one process alone: what it needs lies below /opt, where a user
// without rights may look, and sudo's settings lie over those of the machine.
const asNobody = `set -e
sudo=$1 repository=$2 node=$3 tailnet=$4
mount -t tmpfs tmpfs /opt
mount -t tmpfs tmpfs /run
mkdir /opt/bin /opt/etc /opt/work /opt/repository /opt/node /opt/tailnet
cp --preserve=mode "$sudo/usr/bin/sudo" /opt/bin/
cp -R "$sudo/etc/pam.d" /opt/etc/
echo 'nobody ALL=(ALL) NOPASSWD: ALL' > /opt/etc/sudoers
mount -t overlay overlay -o lowerdir=/etc,upperdir=/opt/etc,workdir=/opt/work /etc
mount -t overlay overlay -o "lowerdir=$sudo/usr/libexec:/usr/libexec" /usr/libexec
mount --bind "$repository" /opt/repository
mount --bind "$node" /opt/node
mount --bind "$tailnet" /opt/tailnet
exec setpriv --reuid=65534 --regid=65534 --clear-groups \\
  env -i HOME=/tmp PATH=/usr/bin:/bin /opt/node/bin/node /opt/repository/test/e2e/run-action.ts`;

type Step = Awaited<ReturnType<typeof runAction>>;

async function runAsNobody(
  given: Readonly<Record<string, string>>,
  path: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Step> {
  const options = { env: { ...env, PATH: path }, secrets: [site.tailnet.authKey], with: given };
  const folders = [
    sudo,
    join(import.meta.dirname, "../.."),
    dirname(dirname(process.execPath)),
    dirname(site.tools.tailscale),
  ];
  const { rawOutput } = await site.within(
    ["unshare", "--mount", "--", "sh", "-c", asNobody, "sh", ...folders],
    JSON.stringify({ directory: "/opt/repository/actions/tailnet", options }),
  );
  return JSON.parse(rawOutput);
}

const programs = "/opt/tailnet:/usr/sbin:/usr/bin:/sbin:/bin";

const given = (more: Readonly<Record<string, string>>) =>
  withKey(site.tailnet, {
    mode: "tun",
    "accept-dns": "false",
    probe: `https://${site.tailnet.clusterAddress}:${apiPort}/`,
    ...more,
  });

test("a user with sudo joins with the whole machine, and leaves as completely as root does", async () => {
  const rules = (await site.within(["ip", "rule"])).output;
  const step = await runAsNobody(given({ hostname: "with-sudo" }), `/opt/bin:${programs}`);
  const { conclusion, annotations, leftBehind, orphans } = step;
  assert.equal(conclusion, "success", step.log);
  assert.deepEqual({ annotations, leftBehind, orphans }, { annotations: [], leftBehind: [], orphans: [] });
  assert.equal((await site.within(["ip", "rule"])).output, rules);
  assert.doesNotMatch((await site.within(["ip", "-brief", "link"])).output, /tailscale/);
  await assertLoggedOut(site, "with-sudo");
  // What runs as root could not be killed when it hangs.
  const [up = []] = step.commands.filter((command) => command.includes("up"));
  assert.ok(!up.includes("sudo"), up.join(" "));
});

test("what sudo starts knows the machine's proxy, and goes through it alone", async () => {
  // Nothing listens there.
  const env = { http_proxy: `http://${site.network.address}:9` };
  const step = await runAsNobody(
    given({ hostname: "no-way", timeout: "5s", retries: "0" }),
    `/opt/bin:${programs}`,
    env,
  );
  assert.match(step.annotations[0]?.message ?? "", new RegExp(`proxy.*${site.network.address}:9.*refused`), step.log);
  assert.deepEqual([step.leftBehind, step.orphans], [[], []]);
});

test("a user without sudo joins in userspace, and is told so for the whole machine", async () => {
  const refused = await runAsNobody(given({ hostname: "no-sudo" }), programs);
  assert.match(refused.annotations[0]?.message ?? "", /tailscaled did not start: .*`mode: userspace`/);
  const step = await runAsNobody(given({ mode: "userspace" }), programs);
  assert.equal(step.conclusion, "success", step.log);
  assert.deepEqual([step.leftBehind, step.orphans], [[], []]);
});
