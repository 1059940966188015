// A thousand repositories of a dozen owners on a simulated GitHub and a simulated clock.
import { setMaxListeners } from "node:events";
import { githubLimits, pointsOf } from "../../actions/bootstrap/api/limits.ts";
import type { BootstrapInputs } from "../../actions/bootstrap/inputs.ts";
import type { ReadManifests } from "../../actions/bootstrap/plan/manifests.ts";
import { run } from "../../actions/bootstrap/run.ts";
import type { Outcome } from "../../actions/bootstrap/target.ts";
import type { recordingContext } from "../context.ts";
import { createGitHub, type GitHubState } from "../fakes/github/github.ts";
import type { Repository, Run } from "../fakes/github/model.ts";
import { type Journey, sendSimulated, simulatedClock } from "../fakes/github/simulation.ts";

/** What is simulated. */
export interface FleetOptions {
  readonly repositories: number;
  readonly owners: number;
  readonly random: () => number;
  /** Share of calls that fail; 0.02 by default. */
  readonly errors?: number;
  /** Share of runs that fail; 0.05 by default. */
  readonly failing?: number;
  /** Milliseconds of the shortest run, half of the longest; two minutes by default. */
  readonly takes?: number;
  readonly hourlyLimit?: number;
}

/** A step that runs a bootstrap, and what it told its runner. */
type Step = Awaited<ReturnType<typeof recordingContext>>;

/** A GitHub with many repositories, and the clock that it goes by. */
export interface Fleet {
  readonly github: GitHubState;
  readonly repositories: readonly Repository[];
  readonly clock: ReturnType<typeof simulatedClock>;
  readonly journeys: Journey[];
  readonly violations: string[];
  /** Starts a bootstrap. @param endAt the call of the API at which its process is killed. */
  bootstrap(step: Step, changes?: Partial<BootstrapInputs>, endAt?: number): Promise<readonly Outcome[] | "killed">;
  /** Calls that the bootstraps made so far. */
  calls(): number;
}

/** The kinds of end that a deploy may come to; all but the first are failures. */
const failures = [
  "failure",
  "timed_out",
  "startup_failure",
  "cancelled",
  "action_required",
  "stale",
  "neutral",
  "skipped",
];
const apiUrl = "https://api.github.example";

/** Makes a fleet; every tenth repository has a release of its own for production. */
export function createFleet(options: FleetOptions): Fleet {
  const { random, errors = 0.02, failing = 0.05, takes: shortest = 120_000 } = options;
  const clock = simulatedClock();
  const names = Array.from({ length: options.owners }, (_, index) => `owner-${index}`);
  const repositories = Array.from({ length: options.repositories }, (_, index): Repository => {
    const conclusion = random() < failing ? (failures[Math.floor(random() * failures.length)] ?? "failure") : "success";
    const takes = shortest + Math.floor(random() * shortest);
    const workflow = { file: "deploy.yml", takes, conclusion };
    const manifest = index % 10 === 0 ? "staging, prod" : "staging";
    const tags = index % 10 === 0 ? ["v1.9.0", "v1.10.0", "v1.2.3"] : [];
    return { name: `${names[index % names.length]}/app-${index}`, workflows: [workflow], manifest, tags };
  });
  const tokens = names.map((owner) => ({ token: `token-of-${owner}`, owners: [owner] }));
  const hourly = options.hourlyLimit === undefined ? {} : { hourlyLimit: options.hourlyLimit };
  const github = createGitHub({
    repositories,
    tokens,
    listingLag: 4_000,
    visibleLag: 1_000,
    now: clock.now,
    ...hourly,
  });
  const journeys: Journey[] = [];
  const violations: string[] = [];
  let calls = 0;
  return {
    ...{ github, repositories, clock, journeys, violations },
    calls: () => calls,
    async bootstrap({ context, told }, changes = {}, endAt = Number.POSITIVE_INFINITY) {
      const process = clock.fork();
      const killed = Promise.withResolvers<"killed">();
      const beforeCall = () => {
        calls++;
        if (calls < endAt) return undefined;
        killed.resolve("killed");
        // The last call is on its way all the same, or is not, half of the time each.
        return calls > endAt || random() < 0.5 ? new Promise<never>(() => {}) : undefined;
      };
      const way = { random, travel: [20, 150], errors } as const;
      const send = sendSimulated(github, clock, way, { violations, journeys, beforeCall });
      const inputs = { ...inputsFor(repositories, tokens), ...changes };
      setMaxListeners(0, context.signal);
      const work = run(inputs, context, { clock: process, send, readManifests });
      // The outcomes are in the outputs also when the step fails because some of them did.
      const despite = (thrown: unknown): Outcome[] => {
        if ((thrown as { code?: string }).code !== "DISPATCH_FAILED") throw thrown;
        return JSON.parse(told.outputs["results"] ?? "");
      };
      const result = await clock.run(Promise.race([work.catch(despite), killed.promise]));
      process.kill();
      return result;
    },
  };
}

/** Reads manifests without the chart: `prod` in one means an environment that follows tags. */
const readManifests: ReadManifests = async (texts) =>
  new Map(
    [...texts].map(([repository, text]) => {
      const prod = text.includes("prod") ? { prod: { deploy: { tag: "v*" } } } : {};
      return [repository, { environments: { staging: { deploy: { branch: "" } }, ...prod } }];
    }),
  );

function inputsFor(
  repositories: readonly Repository[],
  tokens: readonly { token: string; owners: string[] }[],
): BootstrapInputs {
  return {
    repositories: repositories.map(({ name }) => ({ owner: name.split("/")[0] ?? "", repository: name })),
    ...{ owners: [], topic: undefined, workflow: "deploy.yml", ref: undefined, inputs: {} },
    tokens: Object.fromEntries(tokens.map(({ token, owners }) => [owners[0], token])),
    ...{ app: undefined, environments: [], only: "all", since: undefined, kubeconfig: undefined, preflight: [] },
    ...{ registryLogin: undefined, cluster: undefined, identity: undefined, concurrency: 500, wait: true },
    ...{ cancelRuns: false, timeout: 24 * 3_600_000, dryRun: false, toolMirror: undefined, apiUrl },
  };
}

/** Every ref that a fleet's bootstrap must deploy, as `repository@ref`. */
export function expectedRefs({ repositories }: Pick<Fleet, "repositories">): string[] {
  return repositories
    .flatMap(({ name, tags = [] }) => [`${name}@main`, ...(tags.length === 0 ? [] : [`${name}@v1.10.0`])])
    .sort();
}

/**
 * The shortest time, in milliseconds, in which GitHub's limits let these runs be dispatched and come to their ends: of each
 * user, the n-th dispatch comes n pauses after the first, and not before its points and those of all that must be read are
 * allowed.
 */
export function fastestPossible({ github }: Pick<Fleet, "github">, readsPerDispatch: number): number {
  const byOwner = Map.groupBy(github.runs, ({ repository }) => repository.name.split("/")[0] ?? "");
  const ofOwner = [...byOwner.values()].map((runs) => {
    const ends = runs.map(({ createdAt, endsAt }, index) => {
      const points = (index + 1) * pointsOf.write + runs.length * readsPerDispatch * pointsOf.read;
      const byPoints = Math.max(0, points / githubLimits.pointsPerMinute - 1) * 60_000;
      return Math.max(index * githubLimits.betweenWrites, byPoints) + (endsAt - createdAt);
    });
    return Math.max(...ends);
  });
  return Math.max(...ofOwner);
}

/** Points of a minute that a bootstrap leaves to other programs with the same token. */
const leftToOthers = 60;

/**
 * Milliseconds between two looks at the same run that GitHub's points of a minute allow, with all that are watched, beside a
 * dispatch and a list of runs each second while some are to come; at least two seconds. Reckoned without the code that is
 * measured by it.
 */
function allowedInterval(watched: number, someToCome: boolean): number {
  const perDispatch = pointsOf.write + pointsOf.read;
  const forDispatches = someToCome ? (perDispatch * 60_000) / githubLimits.betweenWrites : 0;
  return Math.max(2_000, (watched * 60_000) / (githubLimits.pointsPerMinute - leftToOthers - forDispatches));
}

/**
 * How late the end of each run was noticed, in milliseconds: the time from when the limits of a minute allowed the next look
 * at it to the look that showed it.
 */
export function lateness({ github, journeys }: Pick<Fleet, "github" | "journeys">): number[] {
  const looks = Map.groupBy(
    journeys.filter(({ method, path, status }) => method === "GET" && status < 500 && /\/runs\/\d+$/.test(path)),
    ({ path }) => Number(path.split("/").at(-1)),
  );
  const timesOf = (run: Run) => (looks.get(run.id) ?? []).map(({ at }) => at);
  const noticed = new Map(
    github.runs.map((run) => [run, timesOf(run).find((at) => at >= run.endsAt) ?? Number.POSITIVE_INFINITY]),
  );
  return github.runs.map((run) => {
    const before = timesOf(run).findLast((at) => at < run.endsAt) ?? run.createdAt;
    const sameUser = github.runs.filter(({ actor }) => actor === run.actor);
    const watched = sameUser.filter((one) => one.createdAt <= before && (noticed.get(one) ?? 0) > before).length;
    const interval = allowedInterval(
      watched,
      sameUser.some(({ createdAt }) => createdAt > before),
    );
    return (noticed.get(run) ?? 0) - Math.max(run.endsAt, before + interval);
  });
}
