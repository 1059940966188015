import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { recordingContext } from "../../test/context.ts";
import { startIdTokens } from "../../test/fakes/id-tokens/server.ts";
import { type InfisicalOptions, startInfisical } from "../../test/fakes/infisical/server.ts";
import type { Folder } from "../../test/fakes/infisical/store.ts";
import { poll } from "../core/retry.ts";
import type { UniversalIdentity } from "./identity.ts";
import type { Destination, Service, Source } from "./inputs.ts";
import { run } from "./run.ts";
import { selection } from "./selection.ts";
import { undo } from "./session.ts";

type Inputs = Service & Source & Destination & UniversalIdentity;

const random = () => randomBytes(18).toString("base64url");

async function scene(t: TestContext, options: Partial<InfisicalOptions> = {}) {
  const [token, password, id] = [random(), random(), randomUUID()];
  const identity = { clientId: randomUUID(), clientSecret: random(), projects: ["shop"] };
  const secrets = { TOKEN: token, KEY: `-----BEGIN-----\n${password}\n-----END-----`, REFERRING: "x-${TOKEN}" };
  const environments = { prod: { "/ci": { secrets }, "/bare": { secrets: {} } } };
  const projects = [
    { id, slug: "shop", environments },
    { id: randomUUID(), slug: "closed", environments },
  ];
  const infisical = await startInfisical({ projects, identities: [identity], ...options });
  t.after(() => infisical.close());
  const inputs: Inputs = {
    url: infisical.url,
    project: "shop",
    environment: "prod",
    paths: ["/ci"],
    clientId: identity.clientId,
    clientSecret: identity.clientSecret,
    export: "none",
    overwrite: false,
    allowEmpty: false,
    timeout: 30_000,
  };
  return { infisical, inputs, token, password, id, ...(await recordingContext(t)) };
}

test("reads a folder, masks before it exports, and revokes its token", async (t) => {
  const { infisical, inputs, token, password, context, told } = await scene(t);
  const result = await run({ ...inputs, export: "outputs" }, context);
  assert.deepEqual(result.names, ["KEY", "REFERRING", "TOKEN"]);
  assert.equal(result.count, 3);
  assert.equal(result.values.get("TOKEN"), token);
  assert.equal(told.outputs["REFERRING"], `x-${token}`);
  assert.ok(told.order.lastIndexOf("mask") < told.order.indexOf("setOutput"));
  for (const secret of [token, password, inputs.clientSecret, ...infisical.tokens])
    assert.ok(told.masks.includes(secret));
  assert.equal(infisical.tokens.length, 1);
  assert.deepEqual(infisical.liveTokens(), []);
  assert.deepEqual(await readdir(context.folder), []);
});

test("a project is found by its id as well", async (t) => {
  const { inputs, id, context } = await scene(t);
  assert.equal((await run({ ...inputs, project: id }, context)).count, 3);
});

for (const generation of ["july-2024", "current"] as const) {
  test(`each refusal of a server of ${generation} names the setting to change`, async (t) => {
    const { infisical, inputs, context } = await scene(t, { generation });
    const refused = (changes: Partial<Inputs>, code: string, words: RegExp) =>
      assert.rejects(run({ ...inputs, ...changes }, context), (thrown: Error & { code: string; sentence: string }) => {
        assert.equal(thrown.code, code, thrown.message);
        assert.match(thrown.sentence, words);
        assert.doesNotMatch(thrown.sentence, new RegExp(inputs.clientSecret));
        return true;
      });
    await refused({ clientSecret: random() }, "INFISICAL_DENIED", /identity.*Invalid credentials.*`client-id`/);
    await refused({ project: "closed" }, "INFISICAL_DENIED", /not let.*"closed".*Add the identity to the project/);
    await refused({ project: "shpo" }, "INFISICAL_REJECTED", /does not know the project "shpo".*`project`/);
    await refused({ project: randomUUID() }, "INFISICAL_REJECTED", /does not know the project/);
    await refused(
      { paths: ["/bare"] },
      "INFISICAL_EMPTY",
      /project "shop", environment "prod", folder "\/bare".*`paths`/,
    );
    const unknown = /"shop" has no environment "prdo"; it has prod \(did you mean prod\?\).*`environment`/;
    await refused({ environment: "prdo" }, "INFISICAL_REJECTED", unknown);
    await refused({ environment: "prdo", allowEmpty: true }, "INFISICAL_REJECTED", unknown);
    // Whatever went wrong, no token outlives the step.
    assert.deepEqual(infisical.liveTokens(), []);
    assert.equal((await run({ ...inputs, paths: ["/bare"], allowEmpty: true }, context)).count, 0);
  });

  test(`a token that a server of ${generation} does not accept is told apart`, async (t) => {
    const { infisical, inputs, context } = await scene(t, { generation });
    const message = generation === "current" ? "Your token has expired. Please re-authenticate." : "jwt expired";
    const status = generation === "current" ? 403 : 500;
    infisical.interrupt({ route: /secrets\/raw/, answer: { status, body: { message } } });
    await assert.rejects(run(inputs, context), { code: "INFISICAL_DENIED", message: /access token.*expired/ });
  });
}

for (const [what, status, message, code, words] of [
  ["a project", 404, "Project with slug 'token-service' not found", "INFISICAL_REJECTED", /does not know the project/],
  [
    "a folder",
    403,
    "You may not read the folder '/jwt token'",
    "INFISICAL_DENIED",
    /not let the machine identity read/,
  ],
  ["an invalid name", 400, "Invalid token-service", "INFISICAL_REJECTED", /does not know the project/],
] as const) {
  test(`${what} that is named after a token is not taken for one`, async (t) => {
    const { infisical, inputs, context } = await scene(t);
    infisical.interrupt({ route: /secrets\/raw/, answer: { status, body: { message } } });
    await assert.rejects(run(inputs, context), { code, message: words });
  });
}

for (const [status, message] of [
  [400, "Unable to renew because access token number of uses limit reached"],
  [401, "Failed to renew MI access token due to TTL expiration"],
  [403, "The provided access token is malformed. Please use a valid token or generate a new one and try again."],
] as const) {
  test(`"${message}" is about the token`, async (t) => {
    const { infisical, inputs, context } = await scene(t);
    infisical.interrupt({ route: /secrets\/raw/, answer: { status, body: { message } } });
    await assert.rejects(run(inputs, context), {
      code: "INFISICAL_DENIED",
      message: /does not accept the access token/,
    });
  });
}

test("a token is not taken for revoked when the server could not revoke it", async (t) => {
  const { infisical, inputs, context } = await scene(t);
  infisical.interrupt({ route: /revoke/, answer: { status: 500, body: { message: "Failed to revoke token" } } });
  await run(inputs, context);
  assert.equal(infisical.liveTokens().length, 1);
  await undo(context);
  assert.deepEqual(infisical.liveTokens(), []);
});

test("a busy server is asked again, and told apart when it stays busy", async (t) => {
  const { infisical, inputs, context, told } = await scene(t);
  const busy = { status: 429, body: { message: "Rate limit exceeded" }, headers: { "retry-after": "0" } };
  infisical.interrupt({ route: /login/, answer: busy });
  assert.equal((await run(inputs, context)).count, 3);
  assert.match(told.lines.join("\n"), /HTTP 429; trying again/);
  infisical.interrupt({ route: /login/, times: 10, answer: busy });
  await assert.rejects(run(inputs, context), { code: "INFISICAL_REJECTED", message: /too many requests/ });
});

for (const part of ["headers", "body"] as const) {
  test(`a server that stalls before the ${part} of its answer end is given up at the deadline`, async (t) => {
    const { infisical, inputs, context } = await scene(t);
    infisical.interrupt({ route: /secrets\/raw/, times: 10, answer: `stall-${part}` });
    const stalled = run({ ...inputs, timeout: 300 }, context);
    await assert.rejects(stalled, { code: "INFISICAL_UNREACHABLE", message: /did not answer within/ });
  });
}

test("nothing listens: unreachable, with the reason", async (t) => {
  const { inputs, context } = await scene(t);
  const gone = await startInfisical({ projects: [], identities: [] });
  await gone.close();
  const { url } = gone;
  await assert.rejects(run({ ...inputs, url }, context), {
    code: "INFISICAL_UNREACHABLE",
    message: /ECONNREFUSED/,
    fix: /`url`/,
  });
});

for (const [what, status, body] of [
  ["another web page", 200, "<html>Welcome</html>"],
  ["another API", 404, '{"message":"no such route"}'],
  ["JSON of another kind", 200, "[]"],
] as const) {
  test(`${what} is not taken for Infisical`, async (t) => {
    const { inputs, context } = await scene(t);
    const server = createServer((_, response) => response.writeHead(status).end(body)).listen(0, "127.0.0.1");
    t.after(() => server.close());
    await new Promise((resolve) => server.once("listening", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await assert.rejects(run({ ...inputs, url }, context), { code: "INFISICAL_REJECTED", message: /is not Infisical/ });
  });
}

test("an address that only sends elsewhere is told, and nothing is sent there", async (t) => {
  const { infisical, inputs, context } = await scene(t);
  const elsewhere = { status: 308, headers: { location: "https://infisical.example.com/api" } };
  infisical.interrupt({ answer: elsewhere });
  await assert.rejects(run(inputs, context), {
    code: "INFISICAL_REJECTED",
    message: /sends its callers on to https:\/\/infisical\.example\.com \(HTTP 308\)/,
    fix: /Set `url` to/,
  });
  assert.equal(infisical.exchanges.length, 1);
});

for (const [generation, what] of [
  ["july-2024", /has no secret there; older servers say the same when the folder does not exist/],
  ["current", /says that the folder does not exist/],
] as const) {
  test(`a folder that is missing is told as a server of ${generation} tells it`, async (t) => {
    const { inputs, id, context } = await scene(t, { generation });
    for (const [project, recursive] of [
      ["shop", false],
      ["shop", true],
      [id, false],
    ] as const) {
      const asked = { ...inputs, project, recursive, paths: ["/none"] };
      await assert.rejects(run(asked, context), (thrown: Error & { code: string }) => {
        assert.equal(thrown.code, "INFISICAL_EMPTY");
        assert.match(thrown.message, new RegExp(`project "${project}", environment "prod", folder "/none": `));
        assert.match(thrown.message, what);
        return true;
      });
      assert.equal((await run({ ...asked, allowEmpty: true }, context)).count, 0);
    }
  });
}

test("values that the identity may not see are no values", async (t) => {
  const { infisical, inputs, context } = await scene(t);
  const hidden = { secretKey: "TOKEN", secretValue: "<hidden-by-infisical>", secretValueHidden: true };
  infisical.interrupt({ route: /secrets\/raw/, answer: { status: 200, body: { secrets: [hidden] } } });
  await assert.rejects(run(inputs, context), { code: "INFISICAL_DENIED", message: /hidden/ });
});

test("a listing without a value is told as the server's fault", async (t) => {
  const { infisical, inputs, context } = await scene(t);
  infisical.interrupt({ route: /secrets\/raw/, answer: { status: 200, body: { secrets: [{ secretKey: "TOKEN" }] } } });
  await assert.rejects(run(inputs, context), { code: "INFISICAL_REJECTED", message: /a secret without a value/ });
});

test("a token that could not be revoked at once is revoked by the post step", async (t) => {
  const { infisical, inputs, context } = await scene(t);
  infisical.interrupt({ route: /revoke/, times: 2, answer: "reset" });
  await run(inputs, context);
  assert.equal(infisical.liveTokens().length, 1);
  await undo(context);
  assert.deepEqual(infisical.liveTokens(), []);
  assert.deepEqual(await readdir(context.folder), []);
  await undo(context);
});

test("a second login does not forget a token that could not be revoked", async (t) => {
  const { infisical, inputs, context } = await scene(t);
  infisical.interrupt({ route: /revoke/, times: 2, answer: "reset" });
  await run(inputs, context);
  infisical.interrupt({ route: /revoke/, times: 4, answer: "reset" });
  await run(inputs, context);
  assert.equal(infisical.liveTokens().length, 2);
  // One that fails leaves the others to be revoked.
  infisical.interrupt({ route: /revoke/, answer: { status: 400, body: { message: "no" } } });
  await assert.rejects(undo(context), /did not revoke/);
  assert.equal(infisical.liveTokens().length, 1);
  await undo(context);
  assert.deepEqual(infisical.liveTokens(), []);
  assert.deepEqual(await readdir(context.folder), []);
});

test("a cancelled job stops the reading and leaves the token to the post step", async (t) => {
  const { infisical, inputs, context, told } = await scene(t);
  const cancel = new AbortController();
  const busy = { status: 503, body: {}, headers: { "retry-after": "20" } };
  infisical.interrupt({ route: /secrets\/raw/, answer: busy });
  const running = run(inputs, { ...context, signal: cancel.signal });
  await poll(
    { interval: 5, timeout: 10_000, signal: context.signal, onTimeout: (waiting) => new Error(waiting) },
    async () => (/trying again/.test(told.lines.join("\n")) ? { done: true } : { waiting: "not asked yet" }),
  );
  cancel.abort(new Error("cancelled"));
  await assert.rejects(running, /cancelled/);
  assert.equal(infisical.liveTokens().length, 1);
  await undo(context);
  assert.deepEqual(infisical.liveTokens(), []);
});

/** A server with other folders in `prod` than those of {@link scene}. */
async function shelves(
  t: TestContext,
  folders: Readonly<Record<string, Folder>>,
  options: Partial<InfisicalOptions> = {},
) {
  const project = { id: randomUUID(), slug: "shop", environments: { prod: folders } };
  return { ...(await scene(t, { projects: [project], ...options })), id: project.id };
}

for (const generation of ["july-2024", "current"] as const) {
  test(`a project given by its id is read through the newest API that a server of ${generation} has`, async (t) => {
    const { infisical, inputs, id, context } = await scene(t, { generation });
    assert.equal((await run({ ...inputs, project: id }, context)).count, 3);
    const asked = infisical.exchanges.filter(({ path }) => path.includes("/secrets")).map(({ path }) => path);
    const both = ["/api/v4/secrets", "/api/v3/secrets/raw"];
    assert.deepEqual(asked, generation === "current" ? ["/api/v4/secrets"] : both);
    await assert.rejects(run({ ...inputs, project: id, environment: "prdo" }, context), {
      code: "INFISICAL_REJECTED",
      message: /has no environment "prdo"/,
    });
  });
}

for (const status of [200, 404]) {
  test(`a page with ${status} in place of the newest API is taken for a server without it`, async (t) => {
    const { infisical, inputs, id, context } = await scene(t);
    infisical.interrupt({ route: /v4\/secrets/, answer: { status, body: "<html>" } });
    assert.equal((await run({ ...inputs, project: id }, context)).count, 3);
  });
}

const withoutV3 = { status: 404, body: { message: "Route GET:/api/v3/secrets/raw not found" } };

test("a project given by its slug is read through the newest API where the server has no other", async (t) => {
  const { infisical, inputs, context } = await scene(t, { generation: "current" });
  infisical.interrupt({ route: /v3\/secrets/, times: 10, answer: withoutV3 });
  assert.equal((await run(inputs, context)).count, 3);
  const unknown = { code: "INFISICAL_REJECTED", message: /does not know the project "shpo"/ };
  await assert.rejects(run({ ...inputs, project: "shpo" }, context), unknown);
});

test("a server with none of the known APIs is not said to lack the project", async (t) => {
  const { infisical, inputs, id, context } = await scene(t);
  infisical.interrupt({ route: /v3\/secrets|workspace/, times: 10, answer: withoutV3 });
  for (const project of ["shop", id]) {
    const other = { code: "INFISICAL_REJECTED", message: /is not Infisical \(HTTP 404: Route/ };
    await assert.rejects(run({ ...inputs, project }, context), other);
  }
});

test("several folders, those below, and what is chosen of them", async (t) => {
  const { inputs, context } = await shelves(t, {
    "/ci": { secrets: { TOKEN: random() } },
    "/ci/database": { secrets: { PASSWORD: "database" } },
    "/ci/queue": { secrets: { PASSWORD: "queue" } },
    "/other": { secrets: { "grüße.txt": "hello" } },
  });
  const all = { ...inputs, paths: ["/ci", "/other"] };
  assert.deepEqual((await run(all, context)).names, ["TOKEN", "grüße.txt"]);
  const below = { ...all, recursive: true };
  await assert.rejects(run(below, context), {
    code: "SECRET_COLLISION",
    message: /PASSWORD \(\/ci\/database\/PASSWORD/,
  });
  const names = selection("TOKEN\n/ci/database/PASSWORD as DB\n/ci/queue/PASSWORD as QUEUE");
  assert.deepEqual(
    [...(await run({ ...below, names, prefix: "X_" }, context)).values.keys()],
    ["X_TOKEN", "DB", "QUEUE"],
  );
  // A folder that two of the paths cover is no collision with itself.
  assert.equal((await run({ ...below, paths: ["/ci", "/ci/queue"], names }, context)).count, 3);
  await assert.rejects(run({ ...all, names: selection("TOKNE") }, context), { code: "SECRET_MISSING" });
});

test("imports: the folder's own win, then the last in the list; none are read unless asked for", async (t) => {
  const { inputs, context } = await shelves(t, {
    "/ci": {
      secrets: { OWN: "own" },
      imports: [
        { environment: "prod", path: "/first" },
        { environment: "prod", path: "/last" },
      ],
    },
    "/first": { secrets: { OWN: "first", BOTH: "first", ONE: "first" } },
    "/last": { secrets: { OWN: "last", BOTH: "last" } },
  });
  assert.deepEqual([...(await run(inputs, context)).values], [["OWN", "own"]]);
  const { values } = await run({ ...inputs, imports: true }, context);
  assert.deepEqual(Object.fromEntries(values), { OWN: "own", BOTH: "last", ONE: "first" });
});

test("imports of folders below: what has several values is an error, unless one of them is chosen", async (t) => {
  const { inputs, context } = await shelves(t, {
    "/ci": { secrets: {}, imports: [{ environment: "prod", path: "/first" }] },
    "/ci/below": { secrets: { OWN: "own", SAME: "same" }, imports: [{ environment: "prod", path: "/last" }] },
    "/first": { secrets: { OWN: "first", SAME: "same", ONE: "first" } },
    "/last": { secrets: { TWO: "last" } },
  });
  const below = { ...inputs, imports: true, recursive: true };
  await assert.rejects(run(below, context), {
    code: "SECRET_COLLISION",
    message: /: OWN \(\/ci\/below\/OWN, \/first\/OWN\)\.$/,
  });
  const names = selection("!/first/OWN");
  const { values } = await run({ ...below, names }, context);
  assert.deepEqual(Object.fromEntries(values), { OWN: "own", SAME: "same", ONE: "first", TWO: "last" });
});

test("references stay as they are when they are not to be expanded", async (t) => {
  const { inputs, context } = await scene(t);
  assert.equal((await run({ ...inputs, expandReferences: false }, context)).values.get("REFERRING"), "x-${TOKEN}");
});

/** The scene with an identity that logs in with tokens of GitHub's endpoint. */
async function oidcScene(t: TestContext, { skew = 0, changes = {} }: { skew?: number; changes?: object } = {}) {
  const tokens = await startIdTokens({ skew });
  t.after(() => tokens.close());
  const { publicKey: key, subject } = tokens;
  const oidc = { identityId: randomUUID(), key, audience: "https://infisical", subject, ...changes };
  const identities = [{ clientId: randomUUID(), clientSecret: random(), projects: ["shop"], oidc }];
  const { inputs, context, ...rest } = await scene(t, { generation: "current", identities });
  const { clientId: _id, clientSecret: _secret, ...others } = inputs;
  const asJob = { ...others, identityId: oidc.identityId, oidcAudience: "https://infisical" };
  return { ...rest, tokens, inputs: asJob, context: { ...context, environment: tokens.variables } };
}

test("a job logs in as itself, and both tokens are masked", async (t) => {
  const { infisical, tokens, inputs, context, told } = await oidcScene(t);
  assert.equal((await run(inputs, context)).count, 3);
  for (const token of [...tokens.tokens, ...infisical.tokens]) assert.ok(told.masks.includes(token));
  assert.deepEqual([tokens.tokens.length, infisical.liveTokens().length], [1, 0]);
});

for (const [what, options, fix] of [
  ["another audience", { changes: { audience: "x" } }, /Allow the audience "https:\/\/infisical".*`oidc-audience`/],
  ["another subject", { changes: { subject: "x" } }, /Allow the subject "repo:acme\/shop:environment:prod"/],
  ["an unknown identity", { changes: { identityId: "x" } }, /Correct `identity-id`, and set up OIDC auth/],
  ["an expired token", { skew: -3_600_000 }, /check the clocks/],
  ["a token of the future", { skew: 3_600_000 }, /check the clocks/],
] as const) {
  test(`a login with ${what} is refused with what to change`, async (t) => {
    const { inputs, context } = await oidcScene(t, options);
    const given = what === "an unknown identity" ? { ...inputs, identityId: randomUUID() } : inputs;
    await assert.rejects(run(given, context), { code: "INFISICAL_DENIED", message: /this job/, fix });
  });
}

test("a clock that is wrong is named when a token is refused", async (t) => {
  const { infisical, inputs, context } = await scene(t, { generation: "current" });
  const headers = { date: new Date(Date.now() + 3_600_000).toUTCString() };
  const body = { message: "Your token has expired. Please re-authenticate." };
  infisical.interrupt({ route: /secrets\/raw/, answer: { status: 403, body, headers } });
  await assert.rejects(run(inputs, context), {
    code: "INFISICAL_DENIED",
    fix: /server is (60 min|59 min \d+ s) ahead of the runner's/,
  });
});

test("without `id-token: write` there is no token, and the error says so", async (t) => {
  const { inputs, context } = await oidcScene(t);
  const nothing = { ...context, environment: {} };
  await assert.rejects(run(inputs, nothing), { code: "ID_TOKEN_MISSING", fix: /`permissions: id-token: write`/ });
});

for (const [what, answers] of [
  ["two errors of the server", [{ status: 500, body: { message: "Something went wrong" } }, { status: 500 }]],
  ["a reset", ["reset"]],
  ["a rate limit without a time", [{ status: 429 }]],
  ["a proxy's page", [{ status: 502, body: "<html>" }]],
] as const) {
  for (const route of [/login/, /secrets\/raw/]) {
    test(`${what} at ${route.source} is outlasted`, async (t) => {
      const { infisical, inputs, context } = await scene(t);
      for (const answer of answers) infisical.interrupt({ route, answer });
      assert.equal((await run(inputs, context)).count, 3);
    });
  }
}

test("a body that trickles is given up at the deadline", async (t) => {
  const { infisical, inputs, context } = await scene(t);
  infisical.interrupt({ route: /login/, answer: "trickle-body" });
  await assert.rejects(run({ ...inputs, timeout: 400 }, context), {
    code: "INFISICAL_UNREACHABLE",
    message: /did not answer within 400 ms/,
  });
});

test("headers go with every request and are masked", async (t) => {
  const { infisical, inputs, context, told } = await scene(t);
  const value = random();
  await run({ ...inputs, headers: { "X-Access": value } }, context);
  assert.ok(told.masks.includes(value));
  assert.deepEqual(
    infisical.exchanges.map(({ headers }) => headers["x-access"]),
    [value, value, value],
  );
});

test("ten thousand secrets, and one of 1 MiB", async (t) => {
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`S_${index}`, random()]));
  const { inputs, context, told } = await shelves(t, { "/ci": { secrets: { ...many, LONG: "x".repeat(2 ** 20) } } });
  await assert.rejects(run({ ...inputs, export: "env" }, context), { code: "SECRET_UNWRITABLE", message: /"LONG"/ });
  const file = { export: "file", file: "all.json", fileFormat: "json" } as const;
  const result = await run({ ...inputs, ...file }, { ...context, workspace: context.folder });
  assert.equal(result.count, 10_001);
  const written = JSON.parse(await readFile(result.file ?? "", "utf8"));
  assert.deepEqual([written["S_9999"], written["LONG"].length], [many["S_9999"], 2 ** 20]);
  const masks = new Set(told.masks);
  assert.ok(Object.values(many).every((value) => masks.has(value)));
});
