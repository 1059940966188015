import { setMaxListeners } from "node:events";
import type { TestContext } from "node:test";
import { readBootstrapInputs } from "../../actions/bootstrap/inputs.ts";
import type { Declared, ReadManifests } from "../../actions/bootstrap/plan/manifests.ts";
import { run } from "../../actions/bootstrap/run.ts";
import type { Outcome } from "../../actions/bootstrap/target.ts";
import type { Context } from "../../actions/core/context.ts";
import type { FairleadError } from "../../actions/core/errors.ts";
import { recordingContext, type Told } from "../context.ts";
import { createGitHub, type GitHubState } from "../fakes/github/github.ts";
import type { GitHubOptions } from "../fakes/github/model.ts";
import { type Journey, sendSimulated, simulatedClock } from "../fakes/github/simulation.ts";

/** What a bootstrap on a simulated GitHub came to. */
export interface Simulated {
  readonly outcomes: readonly Outcome[];
  /** What the step ended with, if it failed. */
  readonly failure: FairleadError | undefined;
  readonly github: GitHubState;
  readonly told: Told;
  readonly journeys: readonly Journey[];
  /** Simulated seconds. */
  readonly seconds: number;
}

/** What a test decides beside inputs. */
export interface SimulatedOptions {
  readonly github?: Partial<GitHubOptions>;
  /** The step's inputs and variables. */
  readonly with?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly context?: Partial<Context>;
  readonly readManifests?: ReadManifests;
  /** What is there before. */
  readonly setUp?: (github: GitHubState) => void;
  /** Something that happens at a simulated second. */
  readonly later?: { readonly second: number; act(github: GitHubState): void };
  /** Answers that come in place of the first to a path, or of the first after so many simulated seconds. */
  readonly answers?: readonly {
    readonly path: RegExp;
    readonly status: number;
    readonly body?: object;
    readonly headers?: Record<string, string>;
    readonly from?: number;
  }[];
}

/** Inputs as `action.yml` fills them in. */
const defaults = {
  workflow: "deploy.yml",
  only: "all",
  concurrency: "5",
  wait: "true",
  "cancel-runs": "false",
  timeout: "30m",
  "dry-run": "false",
  preflight: "none",
};

/** Runs a bootstrap as the action does, on a clock of its own. A request that GitHub would not understand is an error. */
export async function simulate(test: TestContext, options: SimulatedOptions): Promise<Simulated> {
  const clock = simulatedClock();
  const github = createGitHub({ repositories: [], tokens: [], now: clock.now, ...options.github });
  options.setUp?.(github);
  const { context, told } = await recordingContext(test, options.context);
  setMaxListeners(0, context.signal);
  const given = { ...defaults, ...options.with };
  const inputs = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
  );
  const watch = { violations: [] as string[], journeys: [] as Journey[] };
  const way = sendSimulated(github, clock, { random: () => 0.999, travel: [20, 20], errors: 0 }, watch);
  const ordered = [...(options.answers ?? [])];
  const start = clock.now();
  const send: typeof way = async (request) => {
    const seconds = (clock.now() - start) / 1_000;
    const index = ordered.findIndex(
      ({ path, from = 0 }) => seconds >= from && path.test(new URL(request.url).pathname),
    );
    const [answer] = index < 0 ? [] : ordered.splice(index, 1);
    if (answer === undefined) return await way(request);
    return { status: answer.status, body: JSON.stringify(answer.body ?? {}), headers: new Headers(answer.headers) };
  };
  const readManifests = options.readManifests ?? (async () => new Map());
  const ended = run(readBootstrapInputs({ ...inputs, ...options.env }), context, { clock, send, readManifests });
  const { later } = options;
  if (later !== undefined) {
    clock.sleep(later.second * 1_000, new AbortController().signal).then(() => later.act(github));
  }
  const failure = await clock.run(
    ended.then(
      () => undefined,
      (thrown: FairleadError) => {
        if (thrown.code === undefined) throw thrown;
        return thrown;
      },
    ),
  );
  if (watch.violations.length > 0) throw new Error(`GitHub was used wrongly:\n  ${watch.violations.join("\n  ")}`);
  const outcomes: Outcome[] = JSON.parse(told.outputs["results"] ?? "[]");
  return { outcomes, failure, github, told, journeys: watch.journeys, seconds: (clock.now() - start) / 1_000 };
}

/** A reader that knows what manifests come to, by repository; the others have none that can be read. */
export function knownManifests(known: Readonly<Record<string, Declared | FairleadError>>): ReadManifests {
  return async (texts) =>
    new Map(
      [...texts.keys()].flatMap((repository) => {
        const declared = known[repository];
        return declared === undefined ? [] : [[repository, declared] as const];
      }),
    );
}
