// The stages as steps of their own, for people who write their own workflow.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { createJob, runAction } from "../harness/job.ts";
import { pageWith, serviceAddress } from "./page.ts";
import { leftBesideReports } from "./report.ts";
import { type App, createApp, openWorld, repository } from "./world.ts";

const world = await openWorld();
after(() => world[Symbol.dispose]());
const action = (room: string) => join(repository, "actions", room);

describe("the stages as steps", () => {
  it("validate, secrets, image and deploy make an app live without the root action", async () => {
    await using app = createApp(world, "steps");
    const { workspace, event } = app;
    const config = "config: {source: {text: {file: server.mjs}}}\n  env: {SOURCE: {config: source/text}}";
    app.edit(".deploy/manifest.yaml", "spec:", `spec:\n  ${config}`);
    const { registry, infisical, baseImage } = world.cluster;
    // This job's runner reaches the cluster without a tailnet.
    const kubeconfig = readFileSync(world.cluster.kubernetes.kubeconfig, "utf8");
    const secrets = [...world.secrets, Buffer.from(kubeconfig).toString("base64")];
    await using job = createJob({ workspace, event, env: world.env, secrets });

    const validated = await job.run(action("validate"), { with: { cluster: world.clusterFile } });
    assert.equal(validated.outputs["valid"], "true", validated.log);
    const { url, project, clientId, clientSecret } = infisical;
    const identity = { "client-id": clientId, "client-secret": clientSecret };
    const folder = { url, project, environment: "prod", paths: "/infrastructure-apps" };
    const names = Object.keys(infisical.secrets);
    const fetched = await job.run(action("secrets"), { with: { ...folder, ...identity }, allow: { env: names } });
    assert.equal(fetched.outputs["count"], String(names.length), fetched.log);
    const built = await job.run(action("image"), {
      with: {
        registry: registry.address,
        username: registry.username,
        password: registry.password,
        name: app.name,
        "build-args": `BASE_IMAGE=${baseImage.reference}`,
      },
    });
    assert.match(built.outputs["image"] ?? "", /@sha256:[0-9a-f]{64}$/, built.log);
    const deployed = await job.run(action("deploy"), {
      with: {
        environment: "prod",
        image: built.outputs["image"] ?? "",
        kubeconfig,
        cluster: world.clusterFile,
        verify: "false",
      },
    });
    assert.equal(deployed.outputs["status"], "deployed", deployed.log);
    await pageWith(await serviceAddress(world, "prod", app), event.commit ?? "");
    const made = await world.kubectl("get", "configmap", `${app.name}-source`, "-n", `prod-${app.name}`, "-o", "json");
    assert.equal(JSON.parse(made).data.text, readFileSync(join(workspace, "server.mjs"), "utf8"));
    const { conclusion, leftBehind, orphans } = await job.finish();
    assert.deepEqual([conclusion, orphans], ["success", []]);
    assert.deepEqual(leftBesideReports(leftBehind, deployed), []);
  });
});

describe("deploy as a step", () => {
  const kubeconfig = readFileSync(world.cluster.kubernetes.kubeconfig, "utf8");
  const { DOCKER_REGISTRY_USERNAME = "", DOCKER_REGISTRY_PASSWORD = "" } = world.cluster.infisical.secrets;
  const login = { DOCKER_REGISTRY_USERNAME, DOCKER_REGISTRY_PASSWORD };

  /** Deploys an image that nothing can come of, and gives the one error. */
  async function refused(app: App, image: string, env: Readonly<Record<string, string>>): Promise<string> {
    const step = await runAction(action("deploy"), {
      workspace: app.workspace,
      event: app.event,
      env: { ...world.env, ...env },
      secrets: world.secrets,
      with: { environment: "staging", image, kubeconfig, cluster: world.clusterFile, verify: "false" },
    });
    const errors = step.annotations.filter(({ level }) => level === "error");
    assert.equal(errors.length, 1, step.log);
    const release = `staging-${app.name}`;
    await assert.rejects(world.helm("status", release, "-n", release), /not found/);
    return errors[0]?.message ?? "";
  }

  it("refuses an image that does not exist, before anything is touched", async () => {
    await using app = createApp(world, "absent");
    const image = `${world.cluster.registry.address}/${app.name}:never-pushed`;
    const message = await refused(app, image, login);
    assert.match(message, /never-pushed cannot be pulled .*has no absent-\w+ never-pushed.*Nothing was changed/);
  });

  it("refuses a login that the registry does not take, before anything is touched", async () => {
    await using app = createApp(world, "denied");
    const image = `${world.cluster.registry.address}/${app.name}:1`;
    const message = await refused(app, image, { ...login, DOCKER_REGISTRY_PASSWORD: "not-the-password-of-anybody" });
    assert.match(message, /refuses the login.*DOCKER_REGISTRY_PASSWORD/);
  });

  it("tells that it could not ask a registry, and goes on", async () => {
    await using app = createApp(world, "silent");
    const step = await runAction(action("deploy"), {
      workspace: app.workspace,
      event: app.event,
      env: world.env,
      secrets: world.secrets,
      with: {
        environment: "staging",
        image: "127.0.0.1:9/nobody:1",
        kubeconfig,
        cluster: world.clusterFile,
        timeout: "5s",
        "on-first-install-failure": "uninstall",
      },
    });
    const notices = step.annotations.filter(({ level }) => level === "notice").map(({ message }) => message);
    assert.match(notices.join("\n"), /127\.0\.0\.1:9\/nobody:1 was not checked/, step.log);
    assert.equal(step.outputs["status"], "failed");
    const release = `staging-${app.name}`;
    await assert.rejects(world.helm("history", release, "-n", release), /not found/);
    assert.match(await world.kubectl("get", "namespace", release, "-o", "name"), /namespace/);
  });
});
