// However and whenever a deploy is ended, the next one succeeds without a person, and no two Helms are at one release.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, type TestContext, test } from "node:test";
import { openCluster } from "../../actions/core/cluster.ts";
import { createMasker } from "../../actions/core/masking.ts";
import { poll } from "../../actions/core/retry.ts";
import { readLease } from "../../actions/deploy/lock/lease.ts";
import { listRevisions } from "../../actions/deploy/releases/read.ts";
import { isPending } from "../../actions/deploy/releases/revision.ts";
import { chooseSeed, howMany, seedVariable } from "../long.ts";
import { randomFrom } from "../manifests/random.ts";
import { openApiRelay, type Write } from "./api-relay.ts";
import { attempt, type End, type Moment, rehearse, type Setting } from "./ends/attempt.ts";
import { openSite } from "./ends/site.ts";
import { pageWith, serviceAddress } from "./page.ts";
import { createSmallApp, type DeployOptions, type Spec, server } from "./small-app.ts";
import { openWorld } from "./world.ts";

const world = await openWorld();
after(() => world[Symbol.dispose]());
const kubeconfig = readFileSync(world.cluster.kubernetes.kubeconfig, "utf8");
const { signal } = new AbortController();
const cluster = await openCluster({ kubeconfig, masker: createMasker(() => {}), signal });

const kinds = ["install", "failing install", "upgrade", "failing upgrade"] as const;
type Kind = (typeof kinds)[number];

const seed = chooseSeed();
const count = howMany(12, 100);
const random = randomFrom(seed);

let versions = 0;
const newVersion = () => `version ${++versions}`;
const good = (version: string): Spec => ({ command: server({ text: version }) });
// The first crash is enough, also on a first install, so that a failure takes seconds.
const bad: Spec = { command: ["no-such-program"], health: { path: "/health", crashRestarts: 1 } };

/** Every deploy is another run. */
let runs = 100;
function newRun(): DeployOptions {
  runs++;
  return { env: { GITHUB_RUN_ID: String(runs), GITHUB_RUN_NUMBER: String(runs) } };
}

/** A deploy of a kind; only an install that fails is removed, so that this is seen to be ended, too. */
function deployOf(kind: Kind): { readonly changes: Spec; readonly options: DeployOptions } {
  const changes = kind.startsWith("failing") ? bad : good(newVersion());
  const options = kind === "failing install" ? { with: { "on-first-install-failure": "uninstall" } } : {};
  return { changes, options: { ...newRun(), ...options } };
}

async function openSetting(word: string) {
  const stack = new AsyncDisposableStack();
  const app = stack.use(createSmallApp(world, word));
  const site = stack.use(await openSite(world));
  const relay = stack.use(await openApiRelay(world.cluster.kubernetes));
  return { app, site, relay, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Deploys as the next push does, and asserts that all is well then. */
async function recover({ app, site }: Setting, version: string, before: string): Promise<string> {
  const { env } = newRun();
  const step = await app.deploy(good(version), { env: { ...site.env, ...env } });
  const told = `${before}\n--- the next deploy\n${step.log}`;
  assert.match(step.outputs["status"] ?? "", /^(deployed|unchanged)$/, told);
  await pageWith(await serviceAddress(world, "staging", app), version);
  const revisions = await listRevisions(cluster, app.release, app.release);
  assert.equal(revisions[0]?.status, "deployed", told);
  assert.deepEqual(revisions.filter(isPending), [], told);
  assert.equal(await readLease(cluster, { namespace: app.release, release: app.release }), undefined, told);
  assert.equal(site.overlaps(), "", told);
  return step.outputs["status"] ?? "";
}

function chooseEnd(): End {
  const by = random.pick(["SIGINT", "SIGTERM", "SIGKILL", "SIGKILL", "cancel", "refuse", "silent"] as const);
  const whom = random.pick(by === "SIGKILL" ? (["action", "all", "helm"] as const) : (["action", "all"] as const));
  return { by, whom, lost: by !== "cancel" && whom !== "helm" && random.chance(0.5) };
}

const addressees = { action: "the action alone", all: "all its processes", helm: "Helm alone, if there is one" };

function inWords(kind: Kind, moment: Moment, { by, whom, lost }: End): string {
  const when = "event" in moment ? `${moment.event}, number ${moment.occurrence}` : `${Math.round(moment.after)} ms`;
  const to = by.startsWith("SIG") ? ` to ${addressees[whom]}` : "";
  return `${kind}, after ${when}: ${by}${to}${lost ? ", no post step" : ""}`;
}

/** A deploy that is to be ended. */
interface Case {
  readonly kind: Kind;
  readonly moment: Moment;
}

/** Deploys of each kind that are not ended, watched for what there is to end; the last one leaves a version that serves. */
async function rehearseAll(setting: Setting, t: TestContext) {
  const cases: Case[] = [];
  const longest = new Map<Kind, number>();
  for (const kind of ["failing install", "install", "upgrade", "failing upgrade"] as const) {
    const { changes, options } = deployOf(kind);
    const { moments, milliseconds, step } = await rehearse(setting, changes, options);
    const status = { "failing install": "failed", "failing upgrade": "rolled-back" }[kind as string] ?? "deployed";
    assert.equal(step.outputs["status"], status, step.log);
    t.diagnostic(`${kind}: ${moments.length} moments in ${Math.round(milliseconds)} ms`);
    cases.push(...moments.map((moment) => ({ kind, moment })));
    longest.set(kind, milliseconds);
  }
  return { cases, longest };
}

/** Each moment that there is, as far as there is room, and others at random; without an end. */
function* draw({ cases, longest }: Awaited<ReturnType<typeof rehearseAll>>): Generator<Case> {
  const left = [...cases];
  for (;;) {
    const kind = random.pick(kinds);
    const atRandom = { kind, moment: { after: random.below(longest.get(kind) ?? 0) } };
    const isDrawn = left.length > 0 && (count >= 100 || random.chance(0.8));
    const [drawn] = isDrawn ? left.splice(random.below(left.length), 1) : [];
    yield drawn ?? atRandom;
  }
}

test(`after each of ${count} ends the next deploy succeeds`, async (t: TestContext) => {
  t.diagnostic(`seed ${seed} (${seedVariable})`);
  await using old = await openSetting("ends");
  const drawn = draw(await rehearseAll(old, t));
  let serving = newVersion();
  await recover(old, serving, "");
  let endedAll = 0;
  let tried = 0;
  for (const { kind, moment } of drawn) {
    if (endedAll === count || tried++ === 2 * count) break;
    const end = chooseEnd();
    await t.test(inWords(kind, moment, end), async (each) => {
      await using own = kind.endsWith("install") ? await openSetting("ends") : undefined;
      const setting = own ?? old;
      const { changes, options } = deployOf(kind);
      const begun = performance.now();
      const { reached, step } = await attempt(setting, changes, { moment, end, options });
      const ended = performance.now();
      if (reached) endedAll++;
      const version = own === undefined && random.chance(0.3) ? serving : newVersion();
      const status = await recover(setting, version, step.log);
      if (own === undefined) serving = version;
      const [first, second] = [ended - begun, performance.now() - ended].map(Math.round);
      each.diagnostic(`${reached ? "ended" : "not reached"} in ${first} ms, then ${status} in ${second} ms`);
    });
  }
  // A deploy may be done before its moment comes, when that is some time after its begin.
  t.diagnostic(`${endedAll} deploys were ended`);
  assert.equal(endedAll, count);
});

test("a Helm that is killed alone leaves no revision that waits for it", async () => {
  await using setting = await openSetting("alone");
  const { app } = setting;
  const first = await app.deploy(good("first"), newRun());
  assert.equal(first.outputs["status"], "deployed", first.log);
  const moment = { event: "POST /api/v1/namespaces/<release>/secrets", occurrence: 1 };
  const end = { by: "SIGKILL", whom: "helm", lost: false } as const;
  const { reached, step } = await attempt(setting, good("second"), { moment, end, options: newRun() });
  assert.deepEqual([reached, step.outputs["status"]], [true, "rolled-back"], step.log);
  assert.match(step.log, /helm was ended by SIGKILL\. Revision 1 serves again/);
  assert.deepEqual(await app.revisions(), ["1 superseded", "2 failed", "3 deployed"]);
});

test("a rollback that runs when the job is cancelled is waited for, and not done again", async () => {
  await using setting = await openSetting("twice");
  const { app } = setting;
  const first = await app.deploy(good("first"), newRun());
  assert.equal(first.outputs["status"], "deployed", first.log);
  const moment = { event: "helm rollback starts", occurrence: 1 };
  const end = { by: "cancel", whom: "action", lost: false } as const;
  const { step } = await attempt(setting, bad, { moment, end, options: newRun() });
  assert.equal(step.conclusion, "cancelled", step.log);
  assert.equal(step.commands.filter((words) => words.includes("rollback")).length, 1);
  assert.match(step.log, /went back to revision 1 before the step was stopped/);
  assert.deepEqual(await app.revisions(), ["1 superseded", "2 failed", "3 deployed"]);
  assert.equal(await readLease(cluster, { namespace: app.release, release: app.release }), undefined);
  // Nobody has seen revision 3 healthy yet, so the same again is not left as it is.
  const next = await app.deploy(good("first"), newRun());
  assert.deepEqual([next.outputs["status"], next.outputs["revision"]], ["deployed", "4"], next.log);
});

test("a Helm whose action is killed dies with it, whatever it waits for", async () => {
  await using setting = await openSetting("orphan");
  const { relay, site } = setting;
  const looked = Promise.withResolvers<void>();
  let busy = false;
  const isRelease = ({ method, path }: Write) => method === "POST" && path.endsWith("/secrets");
  relay.listen({
    async before(write) {
      if (isRelease(write)) busy = await site.isBusy();
    },
    async after(write) {
      // Helm gets no answer, so that it does not end by itself.
      if (isRelease(write)) await looked.promise;
    },
  });
  const moment = { event: "POST /api/v1/namespaces/<release>/secrets", occurrence: 1 };
  const end = { by: "SIGKILL", whom: "action", lost: true } as const;
  try {
    const { reached } = await attempt(setting, good("first"), { moment, end, options: newRun() });
    assert.ok(reached && busy);
    const onTimeout = () => new Error("Helm works on");
    await poll({ interval: 50, timeout: 10_000, signal: AbortSignal.timeout(20_000), onTimeout }, async () =>
      (await site.isBusy()) ? { waiting: "Helm" } : { done: true },
    );
  } finally {
    looked.resolve();
  }
  await recover(setting, "second", "");
});

test("a release whose removal was killed half way is installed again", async () => {
  await using setting = await openSetting("half");
  const { changes, options } = deployOf("failing install");
  const moment = { event: "DELETE /api/v1/namespaces/<release>/services/<app>", occurrence: 1 };
  const end = { by: "SIGKILL", whom: "all", lost: true } as const;
  const { step } = await attempt(setting, changes, { moment, end, options });
  assert.deepEqual(await setting.app.revisions(), ["1 uninstalling"], step.log);
  await recover(setting, "again", step.log);
});
