import { type Figure, totalOf } from "../figure.ts";
import { each, inTurn } from "../measure.ts";
import type { Subject } from "../subject.ts";
import { watchReadiness } from "./readiness.ts";
import { memory, traffic } from "./scale.ts";
import { helmDeploy, makeSubject, openSite, ourDeploy, type Site, type Spec, serverReadyAfter } from "./site.ts";
import { look } from "./status.ts";

/** A deploy, against Helm by itself on the same cluster, chart and values. */
export const deploy: Subject = async function* (bench) {
  await using site = await openSite(bench);
  yield* goodDeploy(site);
  yield* look(site);
  yield* traffic(site);
  yield* memory(site);
  yield* faults(site);
};

/** Milliseconds after which the app is ready. */
const startup = 5_000;
/** Milliseconds that a good deploy may take longer than Helm, and that it may take after the last pod is ready. */
const allowance = 300;

async function* goodDeploy(site: Site): AsyncGenerator<Figure> {
  const slow = { command: serverReadyAfter(startup) };
  const ours = makeSubject(site, "ours", slow);
  const theirs = makeSubject(site, "theirs", slow);
  // The first install makes the namespaces and the pull secrets, of which Helm knows nothing.
  for (const subject of [ours, theirs]) await each([ourDeploy(site, subject)], 1);
  using readiness = await watchReadiness(site, ours);
  const ends: number[] = [];
  const [we, helm] = await inTurn(
    site.bench.rounds,
    { ...ourDeploy(site, ours), before: () => ours.write(), ended: (time) => ends.push(time - readiness.last()) },
    { ...helmDeploy(site, theirs, ["--wait", "--timeout=60s"]), before: () => theirs.write() },
  );
  if (we === undefined || helm === undefined) throw new Error("nothing was measured");
  const name = "a good deploy, ready after 5 s, against Helm";
  yield { name, measured: we, against: helm, ratioAtMost: 1 + allowance / totalOf(helm) };
  const end = { command: "actions/deploy, from the last ready pod to its end", values: ends };
  yield { name: "what comes after the last pod is ready", measured: end, atMost: allowance };
}

interface FaultCase {
  readonly name: string;
  readonly word: string;
  readonly bad: Spec;
  /** Path of an image in the registry. */
  readonly image?: string;
  /** How often faster than Helm it has to be. */
  readonly faster: number;
  readonly says: RegExp;
}

const cases: readonly FaultCase[] = [
  {
    name: "a missing image",
    word: "image",
    bad: {},
    image: "missing:1",
    faster: 60,
    says: /\/missing:1 cannot be pulled/,
  },
  {
    name: "a missing Secret",
    word: "secret",
    bad: { secrets: { db: { existingSecret: "database" } }, env: { URL: { secret: "db/url" } } },
    faster: 60,
    says: /needs the Secret database/,
  },
  {
    name: "a crash loop, until the old version serves alone again",
    word: "crash",
    bad: { command: ["node", "-e", "process.exit(3)"] },
    faster: 7,
    says: /Revision \d+ serves again/,
  },
];

/** A fault is found and undone, against Helm, which waits for its timeout. */
async function* faults(site: Site): AsyncGenerator<Figure> {
  const { registry, baseImage } = site.cluster;
  for (const { name, word, bad, image: path, faster, says } of cases) {
    const ours = makeSubject(site, `our-${word}`);
    const theirs = makeSubject(site, `their-${word}`);
    for (const subject of [ours, theirs]) await each([ourDeploy(site, subject)], 1);
    const image = path === undefined ? baseImage.reference : `${registry.address}/${path}`;
    const broken = { ...bad, image };
    const [we] = await inTurn(site.bench.rounds, {
      ...ourDeploy(site, ours, { image, accept: [1] }),
      before: () => ours.write(broken),
      check(output) {
        if (!says.test(output)) throw new Error(`It failed with something else: ${output}`);
      },
    });
    const atomic = helmDeploy(site, theirs, ["--atomic", "--timeout=60s"], [1]);
    const helm = await each([{ ...atomic, before: () => theirs.write(broken) }], 1);
    if (we === undefined) throw new Error("nothing was measured");
    yield { name: `${name}, against Helm`, measured: we, against: helm, ratioAtMost: 1 / faster };
  }
}
