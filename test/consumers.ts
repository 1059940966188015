import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type ClusterFacts, findCredentials as findTokens } from "../actions/bootstrap/credentials.ts";
import type { BootstrapInputs } from "../actions/bootstrap/inputs.ts";
import type { Cluster } from "../actions/core/cluster.ts";
import type { Context } from "../actions/core/context.ts";
import { FairleadError } from "../actions/core/errors.ts";
import { readSyncedSets } from "../actions/deploy/delivery/values.ts";
import { ensureNamespaces } from "../actions/deploy/namespace.ts";
import { giveUp } from "../actions/deploy/recovery/recover.ts";
import type { Revision } from "../actions/deploy/releases/revision.ts";
import { createJournal } from "../actions/deploy/report/journal.ts";
import type { Watched } from "../actions/deploy/rollout.ts";
import { createPatience } from "../actions/deploy/tracking/patience.ts";
import { container, rollout } from "../actions/deploy/tracking/tracking.testing.ts";
import { declaredChecks } from "../actions/deploy/verify/declared.ts";
import { usualChecks } from "../actions/deploy/verify/usual.ts";
import { buildArguments } from "../actions/image/command.ts";
import { findCredentials } from "../actions/pipeline/credentials.ts";
import { chooseEnvironment } from "../actions/pipeline/environment.ts";
import { buildsOf, imageInputsOf } from "../actions/pipeline/images.ts";
import type { PipelineInputs } from "../actions/pipeline/inputs.ts";
import { tailnetOf } from "../actions/pipeline/tailnet.ts";
import type { Application, Remarks } from "../actions/validate/application.ts";
import { readYaml } from "../actions/validate/document.ts";
import { inlineFiles } from "../actions/validate/inline.ts";
import type { Values } from "../chart/helm.testing.ts";
import type { Made } from "../chart/many.testing.ts";

// What the actions do with an application that the chart has resolved, told without a cluster: each function gives what
// would reach the cluster, Helm, BuildKit or a person.

/** Values, and what the chart made of them. */
export interface Seen {
  readonly values: Values;
  readonly made: Made;
}

/** Gives what an action does; two applications between which a key makes a difference give different answers. */
export type Look = (seen: Seen, context: Context) => unknown;

const applicationOf = ({ made }: Seen): Application & Remarks => made.application;

/** What the validate action reports. */
export const reported: Look = ({ made }) => [made.errors, (made.application as Remarks).warnings];

/** Which refs of git deploy the environment. */
export const followed: Look = (seen, { run }) => {
  const declaration = { environments: { prod: { deploy: applicationOf(seen).deploy } } };
  const refs = [
    "heads/main",
    "heads/develop",
    "tags/v1.2.3",
    "tags/next",
    "tags/other",
    "heads/release",
    "tags/release-1",
  ];
  return refs.filter((ref) => {
    try {
      return chooseEnvironment(declaration as never, { ...run, ref: `refs/${ref}` }) === "prod";
    } catch {
      return false;
    }
  });
};

/** How images are built: the arguments of BuildKit, and its secrets. */
export const built: Look = (seen, context) => {
  const application = applicationOf(seen);
  const environment = new Proxy({}, { get: (_, name) => `value of ${String(name)}` });
  const credentials = { require: (name: string) => name };
  const pipeline = { builder: undefined, toolMirror: undefined };
  return buildsOf(application).map(({ build }) => {
    const inputs = imageInputsOf(build, application, "/repository", credentials, pipeline, { environment });
    const files = Object.fromEntries(Object.keys(inputs.secrets ?? {}).map((id) => [id, `/secrets/${id}`]));
    return [buildArguments(inputs, context.run, "/repository", "/metadata.json", files), inputs.secrets];
  });
};

/** Namespaces as they are applied. */
export const namespacesApplied: Look = async (seen) => {
  const applied: unknown[] = [];
  const read = async (request: unknown) => applied.push(request);
  const call = async () => ({ status: 404, body: "" });
  await ensureNamespaces({ call, read } as never, applicationOf(seen));
  return applied;
};

/** Crashes after which the first component is given up. */
export const patience: Look = (seen) => {
  const application = applicationOf(seen);
  const [component] = Object.values(application.components);
  return createPatience(application, true)(component as never, []).crashes;
};

/** What a deploy does and says after a revision did not become healthy. */
export const afterFailure: Look = async (seen, context) => {
  const application = applicationOf(seen);
  const commands: unknown[] = [];
  const rollback = async (release: string) => {
    commands.push(["rollback", release]);
    // Whether what it brings back is healthy, only a cluster can tell.
    throw new FairleadError({ code: "HELM_FAILED", message: "there is no cluster" });
  };
  const document = readYaml(JSON.stringify(seen.values));
  const deploy = {
    inputs: { environment: application.environment, rollbackOnFailure: true },
    journal: createJournal(),
    lock: { confirm: async () => {} },
    helm: { rollback },
    logs: { read: async () => "" },
    store: { snapshot: () => rollout() },
    cluster: releasesOnly,
    source: { manifest: { file: "manifest.yaml", content: document.content, document: async () => document } },
    rendered: "",
    application,
    context,
  } as unknown as Watched;
  const workload = { kind: "Deployment", name: application.name, namespace: application.namespace } as const;
  const cause = "connect ECONNREFUSED 10.0.0.1:5432";
  const fault = { key: "crash", tolerance: 0, cause, fix: "Look at its log.", workload };
  const baseline = { number: 1 } as Revision;
  const verdict = { state: "failing", fault, snapshot: rollout() } as const;
  const { failure } = await giveUp(deploy, 2, baseline, verdict);
  return [commands, failure.message, deploy.journal.learned.evidence?.hints];
};

const release = Buffer.from(gzipSync(JSON.stringify({ info: {} })).toString("base64")).toString("base64");

/** A cluster of which only the Secrets of releases answer. */
const releasesOnly = {
  ask: async <T>(call: () => Promise<T>) => await call(),
  call: async () => ({ status: 200, body: "{}" }),
  read: async () => ({ items: [], metadata: {}, data: { release } }),
  send: async () => ({ metadata: {}, data: { release } }),
  readText: async () => "",
};

/** The checks that a manifest declares, each with what it asks the cluster for and what it finds. */
export const checked: Look = async (seen, { masker, signal }) => {
  const application = applicationOf(seen);
  const asked: unknown[] = [];
  const answer = <T>(value: T) => {
    return async (...request: unknown[]): Promise<T> => {
      asked.push(request[0]);
      return value;
    };
  };
  const secret = { data: { username: Buffer.from("somebody").toString("base64") } };
  const cluster = {
    ask: async <T>(call: () => Promise<T>) => await call(),
    call: answer({ status: 200, body: "it answers" }),
    run: answer({ code: 0, output: "it answers" }),
    read: answer(secret),
    readText: answer("it answers"),
  };
  const store = { snapshot: () => twoPodsOf(Object.values(application.components)) };
  const checks = declaredChecks({ cluster, application, store, masker } as never);
  const made = checks.map(async ({ look, ...check }) => ({ ...check, finding: await look(signal) }));
  return [await Promise.all(made), asked];
};

/** Deployments with two pods each, as the cluster shows them. */
function twoPodsOf(components: readonly { readonly name: string; readonly namespace: string }[]) {
  const { deployments, replicaSets, pods, ...others } = rollout([container(), container()]);
  const named = components.flatMap(({ name, namespace }) =>
    deployments.map((one) => ({ ...one, metadata: { ...one.metadata, name, namespace } })),
  );
  return { ...others, deployments: named, replicaSets, pods };
}

/** How the tailnet is joined. */
export const tailnetJoined: Look = (seen) => tailnetOf(applicationOf(seen).cluster, { kind: "oauth" });

/** What Infisical is asked for the credentials of a deploy. */
export const credentialsAsked: Look = async (seen, context) => {
  const asked: string[] = [];
  await using server = await answering((url) => {
    asked.push(url);
    return url.includes("/login") ? { accessToken: "an-unreal-access-token", expiresIn: 60, tokenType: "Bearer" } : {};
  });
  const { cluster } = applicationOf(seen);
  const inputs = {
    credentials: {},
    infisicalClientId: "an-identity",
    infisicalClientSecret: "an-unreal-client-secret",
  };
  const asking = { ...cluster, infisical: { ...cluster.infisical, url: server.url } };
  // What the server answers is of no use; what it was asked is.
  await findCredentials(inputs as unknown as PipelineInputs, asking, context).catch(() => undefined);
  return asked;
};

/** What Infisical is asked for the tokens of a bootstrap. */
export const tokensAsked: Look = async (seen, context) => {
  const asked: string[] = [];
  await using server = await answering((url) => {
    asked.push(url);
    return url.includes("/login") ? { accessToken: "an-unreal-access-token", expiresIn: 60 } : { secrets: [] };
  });
  const { cluster } = applicationOf(seen);
  const identity = { clientId: "an-identity", clientSecret: "an-unreal-client-secret" };
  const inputs = { tokens: {}, preflight: [], identity } as unknown as BootstrapInputs;
  const facts = { ...cluster, infisical: { ...cluster.infisical, url: server.url } } as unknown as ClusterFacts;
  await findTokens(inputs, ["acme"], facts, context);
  return asked;
};

/** Which keys a deploy that delivers secrets itself wants of an Infisical that has none. */
export const secretsDelivered: Look = async (seen, context) => {
  await using server = await answering((url) =>
    url.includes("/login") ? { accessToken: "an-unreal-access-token", expiresIn: 60 } : { secrets: [] },
  );
  const { cluster, secrets } = applicationOf(seen);
  const asking = { secrets, cluster: { ...cluster, infisical: { ...cluster.infisical, url: server.url } } };
  const identity = { clientId: "an-identity", clientSecret: "an-unreal-client-secret" };
  return await readSyncedSets(asking, identity, context).then(
    (sets) => sets.map(({ name }) => name),
    (thrown: Error) => thrown.message,
  );
};

async function answering(answer: (url: string) => unknown): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(answer(request.url ?? "")));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The checks that a deploy makes unasked. */
export const checkedByItself: Look = (seen) =>
  usualChecks({} as Cluster, applicationOf(seen)).map(({ name, optional }) => [name, optional]);

/** What the files that a manifest names lay over it, in a repository that has them all. */
export const filesPutIn: Look = async ({ values }) => {
  const root = await mkdtemp(join(tmpdir(), "fairlead-files-"));
  try {
    for (const name of ["settings.toml", "host.txt"]) await writeFile(join(root, name), `text of ${name}`);
    return inlineFiles(values, root, root).overlay;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
};
