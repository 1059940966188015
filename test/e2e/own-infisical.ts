import { createHash, randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { startIdTokens } from "../fakes/id-tokens/server.ts";
import { type Infisical, startInfisical } from "../fakes/infisical/server.ts";
import type { Spec } from "./small-app.ts";
import type { World } from "./world.ts";

/** A stand-in for Infisical of one test file, beside the one of the world, with folders that tests fill themselves. */
export interface OwnInfisical extends AsyncDisposable {
  readonly server: Infisical;
  readonly clientId: string;
  /** A secret. */
  readonly clientSecret: string;
  /** What a step is given to read with, and to know where. */
  readonly with: Readonly<Record<string, string>>;
  /** The same for a job that logs in as itself: inputs and variables of the step, and nothing that is stored. */
  readonly asJob: { readonly with: Readonly<Record<string, string>>; readonly env: Readonly<Record<string, string>> };
  /** Every token that was given out so far; they are secrets too. */
  tokens(): readonly string[];
  /** Writes a file with the key `cluster`, that of the world with this stand-in and more facts, and gives its path. */
  clusterFile(facts: Readonly<Record<string, unknown>>, infisical?: Readonly<Record<string, unknown>>): string;
  /** Gives a folder new secrets, in `dev`, which staging uses, or in another environment. */
  fill(path: string, secrets: Readonly<Record<string, string>>, environment?: string): void;
}

const project = "team";

/** A value that no program shows by chance. */
export function randomSecret(): string {
  return randomBytes(18).toString("base64url");
}

/** Parts of an app that shows, by a digest, which value it was given as TOKEN. */
export const reader: Spec = {
  command: [
    "node",
    "-e",
    `const shown = require("node:crypto").createHash("sha256").update(process.env.TOKEN).digest("hex");
    require("node:http").createServer((_, response) => response.end(shown)).listen(3000);
    process.on("SIGTERM", () => process.exit(0));`,
  ],
  secrets: { db: { path: "/db" } },
  env: { TOKEN: { secret: "db/TOKEN" } },
};

/** What its page shows for a value. */
export function shownFor(value: string): string {
  return createHash("sha256").update(value).digest("hex");
}

/** Starts an empty one; steps are given the delivery `sync`. */
export async function openInfisical(world: World): Promise<OwnInfisical> {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-infisical-"));
  const jobs = await startIdTokens();
  // GitHub's own choice of the audience, since an action without an input for it takes that.
  const oidc = { identityId: randomUUID(), key: jobs.publicKey, audience: jobs.audience, subject: jobs.subject };
  const identity = { clientId: randomUUID(), clientSecret: randomSecret(), projects: [project], oidc };
  const projects = [{ id: randomUUID(), slug: project, environments: {} }];
  const server = await startInfisical({
    generation: "current",
    identities: [identity],
    projects,
    limitPerMinute: 6_000,
  });
  const ofWorld = parse(readFileSync(world.clusterFile, "utf8")).cluster;
  const clusterFile: OwnInfisical["clusterFile"] = (facts, infisical = {}) => {
    const path = join(folder, `cluster-${randomUUID()}.yaml`);
    const where = { url: server.url, project, ...infisical };
    writeFileSync(path, stringify({ cluster: { ...ofWorld, infisical: where, ...facts } }));
    return path;
  };
  const { clientId, clientSecret } = identity;
  const cluster = clusterFile({ secrets: { delivery: "sync" } });
  const stored = { "infisical-client-id": "", "infisical-client-secret": "" };
  return {
    server,
    clientId,
    clientSecret,
    with: {
      cluster,
      "infisical-client-id": clientId,
      "infisical-client-secret": clientSecret,
    },
    asJob: { with: { ...stored, cluster, "infisical-identity-id": oidc.identityId }, env: jobs.variables },
    tokens: () => [jobs.requestToken, ...jobs.tokens, ...server.tokens],
    clusterFile,
    fill: (path, secrets, environment = "dev") => server.setSecrets(project, environment, path, secrets),
    async [Symbol.asyncDispose]() {
      await server.close();
      await jobs.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
