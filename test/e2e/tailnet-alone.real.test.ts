// Who on a runner gets into the tailnet that a step of the job has joined.
import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { startBuildKit } from "../cluster/buildkit.ts";
import { ensureDebianPrograms } from "../cluster/debian.ts";
import { run } from "../cluster/run.ts";
import type { JobResult } from "../harness/job.ts";
import { apiPort, jobOn, openTailnetSite, room, type TailnetSite, withKey } from "./tailnet-site.ts";

let site: TailnetSite;
/** Folder of the checkout, and of the builder's configuration. */
let workspace: string;
let buildxConfig: string;
let buildx: string;

before(async () => {
  site = await openTailnetSite("tailnet-alone");
  const debian = await ensureDebianPrograms(console.log);
  const builder = await startBuildKit(site.network, debian, console.log);
  buildx = builder.buildx;
  workspace = mkdtempSync(join(tmpdir(), "checkout-"));
  buildxConfig = mkdtempSync(join(tmpdir(), "buildx-"));
  await run([buildx, "create", "--name", "test-builder", "--driver", "remote", builder.endpoint], {
    environment: { ...process.env, BUILDX_CONFIG: buildxConfig },
  });
  copyFileSync(join(debian.root, "bin/busybox"), join(workspace, "busybox"));
  writeFileSync(join(workspace, "Dockerfile"), dockerfile);
});

after(async () => {
  await site?.[Symbol.asyncDispose]();
  for (const folder of [workspace, buildxConfig]) rmSync(folder, { recursive: true, force: true });
});

// The first connection shows that builds have the network of this machine, without which the second would prove nothing.
const dockerfile = `FROM scratch
COPY busybox /bin/busybox
SHELL ["/bin/busybox", "sh", "-c"]
ARG MODE
ARG MACHINE
ARG CLUSTER
RUN busybox nc -w 5 $MACHINE ${apiPort} -e /bin/busybox true
RUN busybox nc -w 5 $CLUSTER ${apiPort} -e /bin/busybox true
`;

/**
 * A job that joins and proves its way to the cluster, in which another program connects to the cluster and an image is
 * built that does, all in one network.
 */
async function runJob(mode: "tun" | "userspace"): Promise<JobResult> {
  const host = site.tailnet.clusterAddress;
  const given = { mode, "accept-dns": "false", probe: `https://${host}:${apiPort}/readyz` };
  const buildArguments = `MODE=${mode}\nMACHINE=${site.network.address}\nCLUSTER=${host}`;
  const steps = [
    { directory: room, with: withKey(site.tailnet, given) },
    { directory: join(import.meta.dirname, "fixtures/dial"), with: { host, port: String(apiPort) } },
    {
      directory: join(import.meta.dirname, "../../actions/image"),
      with: {
        registry: "localhost:1",
        name: mode,
        builder: "test-builder",
        push: "false",
        "build-args": buildArguments,
      },
    },
  ];
  const options = jobOn(site, site.tailnet.authKey);
  const PATH = [dirname(buildx), options.env?.["PATH"]].join(delimiter);
  const env = { ...options.env, PATH, BUILDX_CONFIG: buildxConfig };
  const child = [process.execPath, join(import.meta.dirname, "run-job.ts")];
  const { rawOutput } = await site.within(child, JSON.stringify({ steps, options: { ...options, workspace, env } }));
  return JSON.parse(rawOutput);
}

test("in userspace, neither another program nor the build of an image gets into the tailnet", async () => {
  const { steps, leftBehind, orphans } = await runJob("userspace");
  const [joined, dialled, built] = steps;
  assert.match(joined?.outputs["proxy"] ?? "", /^http:/, joined?.log);
  // No route at all; on a machine that reaches the Internet, its router would lead nowhere.
  assert.equal(dialled?.outputs["end"], "ENETUNREACH", dialled?.log);
  const [error, ...more] = built?.annotations ?? [];
  assert.deepEqual([error?.properties["title"], more], ["IMAGE_BUILD_FAILED", []], built?.log);
  assert.match(error?.message ?? "", new RegExp(`nc -w 5 ${site.tailnet.clusterAddress} `));
  assert.deepEqual({ leftBehind, orphans }, { leftBehind: [], orphans: [] });
});

test("with a tun device, all of them get in, so that the test above proves something", async () => {
  const { conclusion, steps, leftBehind, orphans } = await runJob("tun");
  assert.equal(conclusion, "success", steps.map(({ log }) => log).join("\n"));
  assert.equal(steps[1]?.outputs["end"], "connected");
  assert.deepEqual({ leftBehind, orphans }, { leftBehind: [], orphans: [] });
});
