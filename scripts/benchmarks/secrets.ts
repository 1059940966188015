import { randomBytes, randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Infisical, startInfisical } from "../../test/fakes/infisical/server.ts";
import type { Fault } from "../../test/fakes/strict-server.ts";
import { readActionFile } from "../../test/harness/action-file.ts";
import type { Figure, Series } from "./figure.ts";
import { each, inTurn, type Measured } from "./measure.ts";
import type { Bench, Subject } from "./subject.ts";
import { emptyProgram } from "./validate.ts";

/** Milliseconds that the step may take longer than `curl` with the same two calls. */
const ownTime = 150;
/** How much longer than an empty program the whole step may take, and its start. */
const whole = 2.5;
const start = 1.6;
/** The default deadline, and the milliseconds that Node may take to start and to end around it. */
const deadline = 15_000;
const around = 500;

/** `actions/secrets` as the runner starts it, on the stand-in for Infisical. */
export const secrets: Subject = async function* (bench) {
  await using site = await openSite(bench);
  for (const count of [8, 200]) yield* reading(site, count);
  yield* beginning(site);
  yield* recoveries(site);
  yield* silences(site);
};

interface Site extends AsyncDisposable {
  readonly bench: Bench;
  readonly infisical: Infisical;
  readonly clientId: string;
  readonly clientSecret: string;
}

const project = "shop";

async function openSite(bench: Bench): Promise<Site> {
  const identity = { clientId: randomUUID(), clientSecret: random(), projects: [project] };
  const projects = [{ id: randomUUID(), slug: project, environments: { prod: {} } }];
  const infisical = await startInfisical({ projects, identities: [identity], limitPerMinute: 1_000_000 });
  for (const count of [8, 200]) {
    const names = Array.from({ length: count }, (_, index) => `SECRET_${index}`);
    infisical.setSecrets(project, "prod", `/${count}`, Object.fromEntries(names.map((name) => [name, random()])));
  }
  const { clientId, clientSecret } = identity;
  return { bench, infisical, clientId, clientSecret, [Symbol.asyncDispose]: () => infisical.close() };
}

function random(): string {
  return randomBytes(24).toString("base64url");
}

async function* reading(site: Site, count: number): AsyncGenerator<Figure> {
  const rounds = site.bench.rounds * 3;
  const commands = [emptyProgram(site.bench), curl(site, count), step(site, `/${count}`)];
  const [nothing, theirs, ours] = await inTurn(rounds, ...commands);
  if (nothing === undefined || theirs === undefined || ours === undefined) throw new Error("nothing was measured");
  yield { name: `${count} secrets, the time beyond curl's`, measured: less(ours, theirs), atMost: ownTime };
  yield { name: `${count} secrets, against an empty program`, measured: ours, against: nothing, ratioAtMost: whole };
}

/** Round by round, what one takes longer than another. */
function less(one: Series, other: Series): Series {
  const values = one.values.map((value, round) => value - (other.values[round] ?? 0));
  return { command: `${one.command}, less ${other.command}`, values };
}

/** Up to the verdict that there are no inputs. */
async function* beginning(site: Site): AsyncGenerator<Figure> {
  const { bench } = site;
  const script = readActionFile(join(bench.root, "actions/secrets")).scripts.main ?? "";
  const environment = runnerFiles(site);
  const without = { command: [process.execPath, script], workingDirectory: bench.root, environment, accept: [1] };
  const shown = "actions/secrets without inputs";
  const [nothing, begun] = await inTurn(bench.rounds * 3, emptyProgram(bench), { ...without, shown });
  if (nothing === undefined || begun === undefined) throw new Error("nothing was measured");
  yield { name: "the start, against an empty program", measured: begun, against: nothing, ratioAtMost: start };
}

/** Trouble that passes: the step has to end well, however long it takes. */
async function* recoveries(site: Site): AsyncGenerator<Figure> {
  const server = { status: 500, body: { message: "Something went wrong" } };
  const limit = { status: 429, body: { message: "Rate limit exceeded" }, headers: { "retry-after": "2" } };
  const cases: readonly (readonly [string, Fault])[] = [
    ["429 with Retry-After: 2", { answer: limit }],
    ["two answers of 500", { times: 2, answer: server }],
    ["a connection reset", { answer: "reset" }],
  ];
  for (const [trouble, fault] of cases) {
    for (const route of [/login/, /secrets\/raw/]) {
      site.infisical.interrupt({ ...fault, route });
      const measured = await each([recovering(step(site, "/8"))], 1);
      yield { name: `${trouble} at ${route.source.replace("\\", "")}, recovered`, measured };
    }
  }
}

/** Trouble that lasts: one sentence when the deadline has passed, and at once where nothing listens. */
async function* silences(site: Site): AsyncGenerator<Figure> {
  for (const [what, answer] of [
    ["a server that is silent", "stall-headers"],
    ["a body that trickles", "trickle-body"],
  ] as const) {
    site.infisical.interrupt({ route: /secrets\/raw/, times: 4, answer });
    const measured = await each([failing(step(site, "/8"), /did not answer within 15.0 s/)], 1);
    yield { name: `${what}, up to the error`, measured, atMost: deadline + around };
  }
  const gone = await startInfisical({ projects: [], identities: [] });
  await gone.close();
  const refused = { ...step(site, "/8", gone.url), shown: "actions/secrets, where nothing listens" };
  const measured = await each([failing(refused, /ECONNREFUSED/)], 1);
  yield { name: "a refused connection, up to the error", measured, atMost: 3_000 };
}

/** The same step, which has to have met the trouble: one that asks by another way would only look quick. */
function recovering(measured: Measured): Measured {
  return {
    ...measured,
    check(output) {
      if (!/Infisical: .*; trying again/.test(output)) throw new Error("it met no trouble that it had to outlast");
    },
  };
}

/** The same step, which has to fail with exactly one error that says this. */
function failing(measured: Measured, says: RegExp): Measured {
  return {
    ...measured,
    accept: [1],
    check(output) {
      const errors = output.split("\n").filter((line) => line.startsWith("::error"));
      if (errors.length !== 1 || !says.test(errors[0] ?? ""))
        throw new Error(`it said ${errors.join("\n") || "nothing"}`);
    },
  };
}

/** The step as the runner starts it, with the defaults of `action.yml`. */
function step(site: Site, path: string, url = site.infisical.url): Measured {
  const { bench, clientId, clientSecret } = site;
  const { inputs, scripts } = readActionFile(join(bench.root, "actions/secrets"));
  const given = { ...inputs, url, project, paths: path, "client-id": clientId, "client-secret": clientSecret };
  const variables = Object.entries(given).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]);
  return {
    command: [process.execPath, scripts.main ?? ""],
    workingDirectory: bench.root,
    environment: { ...runnerFiles(site), ...Object.fromEntries(variables) },
    shown: `actions/secrets with \`paths: ${path}\``,
  };
}

/** The files by which a step tells the runner. */
function runnerFiles({ bench }: Site): Readonly<Record<string, string>> {
  const folder = join(bench.folder, "runner");
  mkdirSync(folder, { recursive: true });
  const names = ["ENV", "OUTPUT", "STATE", "STEP_SUMMARY"];
  const files = names.map((name) => [`GITHUB_${name}`, join(folder, name)] as const);
  for (const [, file] of files) writeFileSync(file, "");
  return { ...Object.fromEntries(files), RUNNER_TEMP: folder };
}

/** The login and the list by `curl`, with its token and the client secret in files. */
function curl({ bench, infisical, clientId, clientSecret }: Site, count: number): Measured {
  const file = (name: string) => join(bench.folder, name);
  writeFileSync(file("login.json"), JSON.stringify({ clientId, clientSecret }), { mode: 0o600 });
  const query = new URLSearchParams({
    workspaceSlug: project,
    environment: "prod",
    secretPath: `/${count}`,
    expandSecretReferences: "true",
  });
  const script = `set -e
cd ${bench.folder}
curl -fsS -H 'content-type: application/json' -d @login.json -o token.json ${infisical.url}/api/v1/auth/universal-auth/login
sed 's/.*"accessToken":"\\([^"]*\\)".*/authorization: Bearer \\1/' token.json >header
curl -fsS -H @header -o secrets.json '${infisical.url}/api/v3/secrets/raw?${query}'
`;
  writeFileSync(file("read.sh"), script);
  return { command: ["sh", file("read.sh")], workingDirectory: bench.root, shown: "curl with the same two calls" };
}
