import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { type Infisical, type InfisicalOptions, startInfisical } from "./server.ts";

const clientSecret = randomBytes(32).toString("hex");
const options: InfisicalOptions = {
  projects: [
    { id: "p1", slug: "one", environments: { prod: { "/a": { secrets: { KEY: "value" } } } } },
    { id: "p2", slug: "two", environments: {} },
  ],
  identities: [{ clientId: "machine", clientSecret, projects: ["one"] }],
};

async function logIn({ url }: { url: string }, secret = clientSecret): Promise<Response> {
  const body = JSON.stringify({ clientId: "machine", clientSecret: secret });
  const headers = { "content-type": "application/json" };
  return fetch(`${url}/api/v1/auth/universal-auth/login`, { method: "POST", headers, body });
}

async function token(infisical: Infisical): Promise<string> {
  const { accessToken } = (await (await logIn(infisical)).json()) as { accessToken: string };
  return accessToken;
}

async function list(infisical: Infisical, query: string): Promise<{ status: number; message?: string }> {
  const headers = { authorization: `Bearer ${await token(infisical)}` };
  const response = await fetch(`${infisical.url}/api/v3/secrets/raw?${query}`, { headers });
  return { status: response.status, ...((await response.json()) as { message?: string }) };
}

describe("Infisical's stand-in is strict", () => {
  const wrong: Record<string, (infisical: Infisical) => Promise<unknown>> = {
    "an unknown route": ({ url }) => fetch(`${url}/api/v9/secrets`),
    "a wrong method": ({ url }) => fetch(`${url}/api/v3/secrets/raw`, { method: "DELETE" }),
    "an unknown parameter": (infisical) => list(infisical, "workspaceSlug=one&environment=prod&includeImports=true"),
    "a flag that is no boolean": (infisical) => list(infisical, "workspaceSlug=one&environment=prod&recursive=1"),
    "a missing environment": (infisical) => list(infisical, "workspaceSlug=one"),
    "a missing token": ({ url }) => fetch(`${url}/api/v3/secrets/raw?workspaceSlug=one&environment=prod`),
    "a body of another type": ({ url }) =>
      fetch(`${url}/api/v1/auth/universal-auth/login`, { method: "POST", body: `{"clientId":"a","clientSecret":"b"}` }),
    "a body with a field too many": ({ url }) =>
      fetch(`${url}/api/v1/auth/token/revoke`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: `{"accessToken":"a","token":"b"}`,
      }),
  };
  for (const [what, ask] of Object.entries(wrong)) {
    it(`reports ${what} when it is closed`, async () => {
      const used = async () => {
        await using infisical = await startInfisical(options);
        await ask(infisical);
      };
      await assert.rejects(used, /Infisical was used wrongly/);
    });
  }
});

describe("Infisical's stand-in refuses as the server does", () => {
  it("knows projects by id and by slug, and who is a member", async () => {
    await using infisical = await startInfisical(options);
    assert.equal((await list(infisical, "workspaceId=p1&environment=prod&secretPath=/a/")).status, 200);
    const none = await list(infisical, "workspaceId=none&environment=prod");
    assert.deepEqual([none.status, none.message], [400, "Project not found during bot lookup."]);
    const slug = await list(infisical, "workspaceSlug=none&environment=prod");
    assert.deepEqual([slug.status, slug.message], [400, "No project found with slug none"]);
    const stranger = await list(infisical, "workspaceSlug=two&environment=prod");
    assert.deepEqual([stranger.status, stranger.message], [403, "You are not allowed to access this resource"]);
  });

  it("refuses expired tokens, limits requests, and makes trouble on demand", async () => {
    await using infisical = await startInfisical({ ...options, limitPerMinute: 3 });
    const accessToken = await token(infisical);
    infisical.expireTokens();
    assert.deepEqual(infisical.liveTokens(), []);
    const url = `${infisical.url}/api/v3/secrets/raw?workspaceSlug=one&environment=prod`;
    const expired = await fetch(url, { headers: { authorization: `Bearer ${accessToken}` } });
    assert.deepEqual([expired.status, ((await expired.json()) as { message: string }).message], [500, "jwt expired"]);
    assert.equal((await logIn(infisical)).status, 200);
    const limited = await logIn(infisical);
    assert.equal(limited.status, 429);
    assert.equal(limited.headers.get("retry-after"), "1");
    infisical.interrupt({ route: /login/, times: 2, answer: { status: 503 } });
    infisical.interrupt({ answer: "reset" });
    assert.equal((await logIn(infisical)).status, 503);
    assert.equal((await logIn(infisical)).status, 503);
    await assert.rejects(logIn(infisical), /fetch failed/);
  });
});

it("runs as a process of its own", async () => {
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts")], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(JSON.stringify(options));
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  const { url } = JSON.parse(line) as { url: string };
  assert.equal((await logIn({ url })).status, 200);
  child.kill("SIGTERM");
  assert.deepEqual(await once(child, "exit"), [0, null]);
});
