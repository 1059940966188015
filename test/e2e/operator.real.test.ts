// Secrets that Infisical's operator brings (`cluster.secrets.delivery: operator`), with a stand-in for the operator, which is
// weaker than the real one: see test/fakes/infisical-operator.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import { openCluster } from "../../actions/core/cluster.ts";
import { createMasker } from "../../actions/core/masking.ts";
import { type OperatorOptions, startOperator } from "../fakes/infisical-operator/operator.ts";
import { openInfisical, randomSecret, reader, shownFor } from "./own-infisical.ts";
import { pageWith, readPage, serviceAddress } from "./page.ts";
import { createSmallApp, type SmallApp, type Spec } from "./small-app.ts";
import { openWorld } from "./world.ts";

const world = await openWorld();
const infisical = await openInfisical(world);
const ending = new AbortController();
after(async () => {
  ending.abort();
  await infisical[Symbol.asyncDispose]();
  world[Symbol.dispose]();
});
const cluster = await openCluster({
  kubeconfig: readFileSync(world.cluster.kubernetes.kubeconfig, "utf8"),
  masker: createMasker(() => {}),
  signal: ending.signal,
});

/** Starts an operator in the namespace of an app, and makes the Secret that it logs in with. */
async function operatorFor({ release }: SmallApp, options: Partial<OperatorOptions> = {}, secret?: string) {
  await world.kubectl("create", "namespace", release);
  const data = { clientId: infisical.clientId, clientSecret: secret ?? infisical.clientSecret };
  const body = { metadata: { name: "login" }, stringData: data };
  await cluster.read({ method: "POST", path: `/api/v1/namespaces/${release}/secrets`, body });
  return await startOperator({ cluster, namespace: release, ...options });
}

interface Options {
  readonly verify?: string;
  readonly api?: string;
  readonly timeout?: string;
  readonly onLine?: (line: string) => void;
}

function deploy(app: SmallApp, spec: Spec, { verify = "false", api = "v1alpha1", timeout = "", onLine }: Options = {}) {
  const file = infisical.clusterFile({}, { api, credentialsRef: { name: "login", namespace: app.release } });
  return app.deploy(spec, { with: { cluster: file, verify, timeout }, ...(onLine === undefined ? {} : { onLine }) });
}

describe("secrets that Infisical's operator brings", () => {
  it("are waited for as long as it works on them, and checked", async () => {
    await using app = createSmallApp(world, "awaited");
    const value = randomSecret();
    infisical.fill("/db", { TOKEN: value });
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    using _ = await operatorFor(app, { gate });
    const onLine = (line: string) => {
      if (/"awaited-\w+-db-secrets" not found, and Infisical's operator still works on/.test(line)) open();
    };
    const step = await deploy(app, reader, { verify: "true", onLine });
    assert.equal(step.outputs["status"], "deployed", step.log);
    assert.match(step.log, /operator still works on InfisicalSecret awaited-\w+-db-infisical/);
    assert.match(step.log, /InfisicalSecret awaited-\w+-db-infisical: passed/);
    await pageWith(await serviceAddress(world, "staging", app), shownFor(value));
  });

  it("that it cannot bring end the deploy with its words", async () => {
    await using app = createSmallApp(world, "refused");
    using _ = await operatorFor(app, {}, randomSecret());
    const step = await deploy(app, reader);
    const errors = step.annotations.filter(({ level }) => level === "error").map(({ message }) => message);
    assert.equal(errors.length, 1, step.log);
    assert.match(
      errors[0] ?? "",
      /operator cannot deliver the Secret refused-\w+-db-secrets: Failed to sync secrets\. Error: .* status 401/,
    );
  });

  it("restart their readers where the manifest says so, and are not brought back by a rollback", async () => {
    await using app = createSmallApp(world, "reload");
    const [first, second] = [randomSecret(), randomSecret()];
    infisical.fill("/db", { TOKEN: first });
    const { clientId, clientSecret, server } = infisical;
    using operator = await operatorFor(app, { login: { url: server.url, clientId, clientSecret } });
    const spec = { ...reader, secrets: { db: { path: "/db", reload: "operator" } } };
    const installed = await deploy(app, spec, { api: "v1beta1" });
    assert.equal(installed.outputs["status"], "deployed", installed.log);
    const address = await serviceAddress(world, "staging", app);
    await pageWith(address, shownFor(first));

    infisical.fill("/db", { TOKEN: second });
    await operator.sync();
    await pageWith(address, shownFor(second));

    const broken = await deploy(app, { ...spec, command: ["node", "-e", "process.exit(3)"] }, { api: "v1beta1" });
    assert.equal(broken.outputs["status"], "rolled-back", broken.log);
    assert.equal(await readPage(address), shownFor(second));
  });

  it("are only noticed where no operator answers and the Secret is there all the same", async () => {
    await using app = createSmallApp(world, "unanswered");
    const value = randomSecret();
    await world.kubectl("create", "namespace", app.release);
    const body = { metadata: { name: `${app.name}-db-secrets` }, stringData: { TOKEN: value } };
    await cluster.read({ method: "POST", path: `/api/v1/namespaces/${app.release}/secrets`, body });
    const step = await deploy(app, reader, { verify: "true" });
    assert.equal(step.outputs["status"], "deployed", step.log);
    const notices = step.annotations.filter(({ level }) => level === "notice").map(({ message }) => message);
    assert.match(notices.join("\n"), /nobody answers InfisicalSecret unanswered-\w+-db-infisical/);
  });
});
