import { createHash, createVerify } from "node:crypto";
import type { Answer, Incoming } from "../strict-server.ts";
import { fill } from "./openapi.ts";
import { type Caller, problem, type State, sameName } from "./state.ts";

const tokenLife = 3_600_000;

/** Whether a call is made by an App in its own name. */
export function isOfApp(route: string): boolean {
  return route === "GET /app" || route.includes("/app/installations/") || route.endsWith("/{username}/installation");
}

/** What an App asks in its own name, with a signed JWT (documented: RS256, at most ten minutes, `iss` the App's id). */
export function answerApp(incoming: Incoming, route: string, [value = ""]: readonly string[], state: State): Answer {
  const { app } = state;
  const [, jwt = ""] = /^Bearer (\S+)$/.exec(incoming.headers["authorization"] ?? "") ?? [];
  const refused =
    app === undefined ? "Integration not found" : problemWithJwt(jwt, app.publicKey, app.id, state.time());
  if (app === undefined || refused !== undefined) return problem(401, refused ?? "");
  if (route === "GET /app") return { status: 200, body: fill("integration", { slug: app.slug }) };
  const owners = Object.keys(app.installations);
  if (route.endsWith("/installation")) {
    const id = owners.findIndex((owner) => sameName(owner, value)) + 1;
    return id === 0 ? problem(404, "Not Found") : { status: 200, body: fill("installation", { id }) };
  }
  const owner = owners[Number(value) - 1];
  if (owner === undefined) return problem(404, "Not Found");
  const granted = app.installations[owner] ?? {};
  const asked: Record<string, string> = JSON.parse(incoming.body).permissions ?? granted;
  const lacking = Object.entries(asked).some(([name, level]) => granted[name] !== level && granted[name] !== "write");
  // The message is that of public issues about tokens of Apps.
  if (lacking) return problem(422, "The permissions requested are not granted to this installation.");
  const token = `ghs_${createHash("sha256").update(`${owner}${state.made.size}`).digest("hex").slice(0, 36)}`;
  const endsAt = state.time() + tokenLife;
  const may = asked["actions"] === "write" ? "dispatch" : "read";
  const caller: Caller = { token, owners: [owner], login: `${app.slug}[bot]`, may, installation: true };
  state.made.set(token, { revoked: false, permissions: asked, caller, endsAt });
  return {
    status: 201,
    body: fill("installation-token", { token, expires_at: new Date(endsAt).toISOString(), permissions: asked }),
  };
}

function problemWithJwt(jwt: string, publicKey: string, id: string, now: number): string | undefined {
  const [head = "", claims = "", signature = ""] = jwt.split(".");
  const verified = createVerify("RSA-SHA256").update(`${head}.${claims}`).verify(publicKey, signature, "base64url");
  if (!verified) return "A JSON web token could not be decoded";
  const { iat, exp, iss } = JSON.parse(Buffer.from(claims, "base64url").toString());
  if (String(iss) !== id) return "Integration not found";
  if (exp - iat > 660 || exp * 1_000 < now || iat * 1_000 > now)
    return "'Expiration time' claim ('exp') is too far in the future";
  return undefined;
}
