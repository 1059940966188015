// Jobs that go wrong, as a part of a release and as its hooks: told by their own exit code and log, not in Helm's words.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { assertOutcome, type Outcome, rolledBack, serve } from "./matrix.ts";
import { onlyError } from "./report.ts";
import { createSmallApp, type SmallApp, type Spec, server } from "./small-app.ts";
import { openWorld } from "./world.ts";

const world = await openWorld();
after(() => world[Symbol.dispose]());

const image = world.cluster.baseImage.reference;
const resources = { cpu: "50m", memory: "64Mi" };

/** The application of the other tests as a component, and perhaps a Job beside it. */
function withJob(app: SmallApp, job?: Spec, main: Spec = {}): Spec {
  const single = { port: undefined, image: undefined, command: undefined, resources: undefined, health: undefined };
  const health = { path: "/health", startup: { within: "20s" } };
  return {
    ...single,
    components: {
      main: { name: app.name, port: 3000, image, command: server(), resources, health, ...main },
      ...(job === undefined ? {} : { migrate: { kind: "Job", name: "migrate", image, resources, ...job } }),
    },
  };
}

const fails = (code: number) => ({ command: ["node", "-e", `console.log("no table"); process.exit(${code})`] });
const passes = { command: ["node", "-e", "0"] };

/** A Job that is given up, and how. */
interface Case extends Partial<Outcome> {
  readonly name: string;
  readonly word: string;
  readonly job: Spec;
  readonly main?: Spec;
}

const cases: readonly Case[] = [
  {
    name: "a Job that fails",
    word: "job",
    job: { ...fails(3), retries: 0 },
    says: [/the Job migrate-[0-9a-f]{10} failed: the container \S+ ended with exit code 3\. /],
    log: /Log of .*\n.*no table/,
  },
  {
    name: "a Job before the deploy that fails",
    word: "before",
    job: { ...fails(4), when: "pre-deploy", retries: 0 },
    says: [/the Job migrate failed: the container \S+ ended with exit code 4\. /],
    log: /Log of .*\n.*no table/,
  },
  {
    name: "a Job before the deploy that fails again and again",
    word: "again",
    job: { ...fails(5), when: "pre-deploy" },
    says: [/the Job migrate failed: the container \S+ ended with exit code 5, 3 times\. /],
    log: /Log of .*\n.*no table/,
  },
  {
    name: "a Job before the deploy whose image does not come",
    word: "image",
    job: { ...passes, when: "pre-deploy", image: "127.0.0.1:9/nobody:1", imagePullPolicy: "Never" },
    says: [/the image reference 127\.0\.0\.1:9\/nobody:1 cannot be pulled\. /],
  },
  {
    name: "a Job after the deploy that fails",
    word: "after",
    job: { ...fails(6), when: "post-deploy", retries: 0 },
    says: [/the Job migrate failed: the container \S+ ended with exit code 6\. /],
    log: /Log of .*\n.*no table/,
  },
  {
    name: "a crash while a Job after the deploy has to wait for the rest",
    word: "rest",
    job: { ...passes, when: "post-deploy" },
    main: fails(7),
    says: [/the container \S+ ended with exit code 7, [34] times\. /],
    log: /Log of .*\n.*no table/,
  },
];

describe("a deploy with", () => {
  for (const { name, word, job, main, ...outcome } of cases) {
    it(`${name} is undone, while the old version answers`, async (test) => {
      await using app = createSmallApp(world, word);
      const address = await serve(world, app, withJob(app));
      const deploy = () => app.deploy(withJob(app, job, main));
      const says = [...rolledBack.says, ...(outcome.says ?? [])];
      await assertOutcome(test, app, address, deploy, { ...rolledBack, ...outcome, says });
      // What is left of a hook does not go on.
      const jobs = JSON.parse(await world.kubectl("get", "jobs", "-n", app.release, "-o", "json")).items;
      for (const { status, spec } of jobs)
        assert.ok(spec.suspend || (status.active ?? 0) === 0, JSON.stringify(status));
    });
  }

  for (const [what, second] of [
    ["the same Job", "0"],
    ["another Job", "1 - 1"],
  ] as const) {
    it(`${what} for every deploy runs beside what is left of the first one`, async () => {
      await using app = createSmallApp(world, "each");
      const seen = new Set<string>();
      for (const code of ["0", second]) {
        const step = await app.deploy(withJob(app, { command: ["node", "-e", code], when: "every-deploy" }));
        assert.equal(step.outputs["status"], "deployed", step.log);
        const { items } = JSON.parse(await world.kubectl("get", "jobs", "-n", app.release, "-o", "json"));
        for (const { metadata, status } of items) {
          assert.equal(status.succeeded, 1);
          seen.add(metadata.uid);
        }
      }
      assert.equal(seen.size, 2);
    });
  }

  it("V-33 a Job that is left out does not run, and runs with the next deploy", async () => {
    await using app = createSmallApp(world, "skip");
    const jobs = async (): Promise<unknown[]> =>
      JSON.parse(await world.kubectl("get", "jobs", "-n", app.release, "-o", "json")).items;
    const spec = withJob(app, { ...passes, when: "every-deploy" });
    const wrong = await app.deploy(spec, { with: { "skip-jobs": "migrate main" } });
    assert.match(onlyError(wrong).message, /main is a Deployment; only Jobs can be left out of one deploy/);
    const without = await app.deploy(spec, { with: { "skip-jobs": "migrate" } });
    assert.equal(without.outputs["status"], "deployed", without.log);
    const notices = without.annotations.filter(({ level }) => level === "notice").map(({ message }) => message);
    assert.ok(notices.includes("Left out of this deploy: migrate. The next one runs it."), without.log);
    assert.deepEqual(await jobs(), []);
    const next = await app.deploy(spec);
    assert.equal(next.outputs["status"], "deployed", next.log);
    assert.equal((await jobs()).length, 1);
  });

  it("a Job after it runs when the rest is ready", async () => {
    await using app = createSmallApp(world, "order");
    const slow = server({ before: "const until = Date.now() + 8_000; while (Date.now() < until) {}" });
    const step = await app.deploy(withJob(app, { ...passes, when: "post-deploy" }, { command: slow }));
    assert.equal(step.outputs["status"], "deployed", step.log);
    const get = async (...what: string[]) =>
      JSON.parse(await world.kubectl("get", ...what, "-n", app.release, "-o", "json"));
    const { items: pods } = await get("pods", "-l", "app.kubernetes.io/component=main");
    const [ready] = pods[0].status.conditions.filter(({ type }: { type: string }) => type === "Ready");
    const job = await get("job", "migrate");
    assert.ok(job.metadata.creationTimestamp >= ready.lastTransitionTime, `${job.metadata.creationTimestamp} ${ready}`);
  });
});
