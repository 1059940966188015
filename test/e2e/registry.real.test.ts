// A registry that answers with a limit, or not at all: what heals is waited for, what does not is told by its cause.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { assertOutcome, rolledBack, serve, untouched } from "./matrix.ts";
import { keepAsking, pageWith } from "./page.ts";
import { openRegistryRelay } from "./registry-relay.ts";
import { createSmallApp, type DeployOptions, type SmallApp, type Spec, server } from "./small-app.ts";
import { openWorld } from "./world.ts";

const world = await openWorld();
after(() => world[Symbol.dispose]());
const { registry, baseImage } = world.cluster;

const app = createSmallApp(world, "relay");
after(() => app[Symbol.asyncDispose]());
let address = "";
before(async () => {
  address = await serve(world, app);
});

/** The base image under another address, as of a registry of the team's. */
function through(app: SmallApp, relay: { readonly address: string }) {
  app.write("cluster.yaml", readFileSync(world.clusterFile, "utf8").replace(registry.address, relay.address));
  const image = baseImage.reference.replace(registry.address, relay.address);
  return {
    image,
    deploy: (changes: Spec, { with: inputs, ...options }: DeployOptions = {}) =>
      app.deploy({ image, ...changes }, { ...options, with: { cluster: "cluster.yaml", ...inputs } }),
  };
}

describe("a registry", () => {
  it("that limits the runner for a moment is asked again when it said so", async () => {
    await using relay = await openRegistryRelay(world);
    relay.limit("runner", 2);
    const { deploy } = through(app, relay);
    const asking = keepAsking(address);
    const step = await deploy({ command: server({ text: "limited" }) });
    assert.equal(step.outputs["status"], "deployed", step.log);
    assert.deepEqual(relay.answers.filter((answer) => answer.startsWith("runner")).slice(0, 4), [
      "runner 429",
      "runner 429",
      "runner 401",
      "runner 200",
    ]);
    assert.doesNotMatch(step.log, /was not checked/);
    await pageWith(address, "limited");
    assert.deepEqual((await asking.stop()).failures, []);
  });

  it("that limits the node is waited for, and heals", async () => {
    await using relay = await openRegistryRelay(world);
    relay.limit("node");
    const { deploy } = through(app, relay);
    const asking = keepAsking(address);
    const step = await deploy(
      { command: server({ text: "healed" }) },
      { onLine: (line) => /cannot be pulled for now: .*(429|toomanyrequests)/i.test(line) && relay.heal() },
    );
    assert.equal(step.outputs["status"], "deployed", step.log);
    assert.match(step.log, /the image \S+ cannot be pulled for now: /);
    assert.ok(relay.answers.includes("node 429") && relay.answers.includes("node 200"), relay.answers.join(", "));
    await pageWith(address, "healed");
    assert.deepEqual((await asking.stop()).failures, []);
  });

  it("that is gone does not matter to an image that the node has", async () => {
    await using relay = await openRegistryRelay(world);
    const { image, deploy } = through(app, relay);
    const first = await deploy({ command: server({ text: "there" }) });
    assert.equal(first.outputs["status"], "deployed", first.log);
    await relay.close();
    const asking = keepAsking(address);
    const step = await deploy({ command: server({ text: "first" }) });
    assert.equal(step.outputs["status"], "deployed", step.log);
    const notices = step.annotations.filter(({ level }) => level === "notice").map(({ message }) => message);
    assert.ok(
      notices.join("\n").includes(`${image} was not checked: ${relay.address} cannot be asked from here`),
      step.log,
    );
    await pageWith(address, "first");
    assert.deepEqual((await asking.stop()).failures, []);
  });

  it("that is gone is the cause where the node has to pull", async (test) => {
    await using gone = createSmallApp(world, "gone");
    const at = await serve(world, gone);
    await using relay = await openRegistryRelay(world);
    await relay.close();
    const bad = { image: `${relay.address}/base/node:1`, health: { path: "/health", startup: { within: "10s" } } };
    await assertOutcome(test, gone, at, () => gone.deploy(bad, { with: { timeout: "15s" } }), {
      ...rolledBack,
      says: [
        /the container gone-\w+ cannot start: the image \S+\/base\/node:1 cannot be pulled for now: .*connection refused/,
        /Check that the nodes reach the registry/,
        /Revision 1 serves again/,
      ],
    });
  });

  it("of somebody else needs a pull secret of its own, which is used to look, too", async (test) => {
    await using theirs = createSmallApp(world, "theirs");
    const at = await serve(world, theirs);
    await using relay = await openRegistryRelay(world);
    const image = baseImage.reference.replace(registry.address, relay.address);
    await assertOutcome(test, theirs, at, () => theirs.deploy({ image }), {
      ...untouched,
      code: "IMAGE_UNPULLABLE",
      says: [
        /cannot be pulled for Deployment \S+ \(\S+ wants a login\)/,
        /a pull secret of their own: `imagePullSecrets` under `patch\.podSpec`/,
      ],
    });
    const auths = { [relay.address]: { username: registry.username, password: registry.password } };
    await world.apply({
      ...{ apiVersion: "v1", kind: "Secret", metadata: { name: "theirs", namespace: theirs.release } },
      ...{ type: "kubernetes.io/dockerconfigjson", stringData: { ".dockerconfigjson": JSON.stringify({ auths }) } },
    });
    const patch = { podSpec: { imagePullSecrets: [{ name: "theirs" }] } };
    const step = await theirs.deploy({ image, patch });
    assert.equal(step.outputs["status"], "deployed", step.log);
    assert.doesNotMatch(step.log, /was not checked/);
  });
});

// The runner is kept from asking, so that the node is the first to know.
describe("an image that only the node can ask for, and that", { concurrency: true }, () => {
  for (const { name, word, tag, login, says } of [
    {
      name: "is not in its registry",
      ...{ word: "absent", tag: "never-pushed", login: {} },
      says: [
        /the container absent-\w+ cannot start: the image \S+:never-pushed does not exist in its registry/,
        /Check that the step which builds it has pushed it/,
      ],
    },
    {
      name: "is not for everybody",
      ...{ word: "denied", tag: "24", login: { DOCKER_REGISTRY_USERNAME: "", DOCKER_REGISTRY_PASSWORD: "" } },
      says: [
        /the container denied-\w+ cannot start: the registry does not let the cluster pull \S+:24/,
        /Check DOCKER_REGISTRY_USERNAME and DOCKER_REGISTRY_PASSWORD/,
      ],
    },
  ]) {
    it(`${name} is told by its cause, while the old version answers`, async (test) => {
      await using own = createSmallApp(world, word);
      const at = await serve(world, own);
      await using relay = await openRegistryRelay(world);
      relay.limit("runner");
      const { image, deploy: deployThrough } = through(own, relay);
      const deploy = () => deployThrough({ image: image.replace(/:24$/, `:${tag}`) }, { env: login });
      const outcome = {
        ...rolledBack,
        says: [...says, /Revision 1 serves again/],
        log: /was not checked: \S+ answers with HTTP 429/,
      };
      await assertOutcome(test, own, at, deploy, outcome);
    });
  }
});
