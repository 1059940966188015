import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe } from "node:test";
import { parse, parseAllDocuments } from "yaml";
import { chartFolder, container, helmTest, objects, resolved, template, type Values } from "./helm.testing.ts";

const hello: Values = parse(readFileSync(join(chartFolder, "../examples/hello/.deploy/manifest.yaml"), "utf8"));

/** A manifest of one environment, `prod`, around a `spec`. */
function manifest(spec: Values, prod: Values = {}): Values {
  return { metadata: { name: "my-app" }, spec, environments: { prod }, environment: "prod" };
}

describe("the resolved document", () => {
  helmTest("without an environment: the declared ones and what deploys them", () => {
    const environments = {
      staging: {},
      prod: null,
      next: { tag: "next" },
      main: { tag: "main" },
      fixed: { tag: "v1.2.3" },
      old: { branch: "develop" },
      "pr-*": { deploy: { branch: "feature/*" } },
      demo: {},
    };
    const { application, errors } = resolved({ metadata: { name: "my-app" }, environments });
    assert.deepEqual(errors, []);
    assert.equal(application.name, "my-app");
    assert.deepEqual(application.environments, {
      staging: { deploy: { branch: "" } },
      prod: { deploy: { tag: "v*" } },
      next: { deploy: { tag: "v*" } },
      main: { deploy: { branch: "main" } },
      fixed: { deploy: { tag: "v1.2.3" } },
      old: { deploy: { branch: "develop" } },
      "pr-*": { deploy: { branch: "feature/*" } },
      demo: { deploy: {} },
    });
    assert.equal(application.cluster.infisical.path, "/infrastructure-apps");
    assert.deepEqual(
      application.notices.map((notice: { path: string }) => notice.path),
      ["environments.fixed.tag", "environments.main.tag", "environments.next.tag", "environments.old.branch"],
    );
  });

  helmTest("with an environment: names, addresses and the component", () => {
    const { application, errors } = resolved(hello, ["--set", "environment=prod"]);
    assert.deepEqual(errors, []);
    const { name, environment, release, namespace, podSecurity, url, addresses, deploy } = application;
    assert.deepEqual(
      { name, environment, release, namespace, podSecurity, url, addresses, deploy },
      {
        name: "my-app",
        environment: "prod",
        release: "prod-my-app",
        namespace: "prod-my-app",
        podSecurity: "restricted",
        url: "https://my-app.jterrazz.com",
        addresses: ["https://my-app.jterrazz.com", "http://my-app.prod-my-app.svc"],
        deploy: { tag: "v*" },
      },
    );
    const { kind, image, port, replicas, health, build } = application.components.main;
    assert.deepEqual(
      { kind, image, port, replicas, health, build },
      {
        kind: "Deployment",
        image: "registry.jterrazz.com/my-app:latest",
        port: 3000,
        replicas: 2,
        health: { path: "/health", startup: { within: 120 } },
        build: {
          context: ".",
          file: "Dockerfile",
          args: {},
          secrets: {},
          repository: "registry.jterrazz.com/my-app",
        },
      },
    );
  });

  helmTest("the address is the first route's with its path, else the Service's, else nothing", () => {
    const url = (spec: Values) => resolved(manifest(spec)).application.url;
    assert.equal(url({ ingress: { host: "a.example.com", path: "/api" } }), "https://a.example.com/api");
    assert.equal(url({}), "http://my-app.prod-my-app.svc");
    assert.equal(url({ port: null }), "");
  });

  helmTest("other names: the manifest's, the environment's over it, CI's over both", () => {
    const metadata = { name: "my-app", namespace: "shared", release: "one" };
    const environments = { staging: {}, prod: { metadata: { namespace: "live" } } };
    const names = (args: string[]) => {
      const { release, namespace } = resolved({ metadata, environments }, args).application;
      return [release, namespace];
    };
    assert.deepEqual(names(["--set", "environment=staging"]), ["one", "shared"]);
    assert.deepEqual(names(["--set", "environment=prod"]), ["one", "live"]);
    assert.deepEqual(names(["--set", "environment=prod,deploy.release=r,deploy.namespace=n"]), ["r", "n"]);
    const rendered = objects({ metadata, environments }, ["--set", "environment=prod"]);
    assert.equal(rendered.get("Deployment/my-app").metadata.namespace, "live");
  });

  helmTest("a build: the manifest's arguments over the cluster's, digits kept, secrets by id", () => {
    const cluster = { build: { args: { BASE_IMAGE: "base:1", LEVEL: 1048576 } } };
    const build = {
      file: "Containerfile",
      args: { LEVEL: 20250811 },
      secrets: ["NPM_TOKEN"],
      platforms: ["linux/arm64"],
    };
    const values = { ...manifest({ build }, { build: { target: "run", secrets: { pip: "PIP_TOKEN" } } }), cluster };
    assert.deepEqual(resolved(values).application.components.main.build, {
      context: ".",
      file: "Containerfile",
      target: "run",
      platforms: ["linux/arm64"],
      args: { BASE_IMAGE: "base:1", LEVEL: "20250811" },
      secrets: { NPM_TOKEN: "NPM_TOKEN", pip: "PIP_TOKEN" },
      repository: "registry.jterrazz.com/my-app",
    });
  });

  helmTest("no build for an image of one's own, unless the manifest asks for it", () => {
    const build = (spec: Values) => resolved(manifest(spec)).application.components.main.build;
    assert.equal(build({ image: "nginx:1" }), undefined);
    assert.equal(build({ image: "ghcr.io/a/b:1", build: { context: "app" } }).repository, "ghcr.io/a/b");
  });

  helmTest("secret sets with the Infisical environment: the map's, the manifest's own, else the same name", () => {
    const spec = { secrets: { path: "/my-app", env: ["A"] } };
    const environments = { staging: {}, demo: {}, prod: { secretsEnv: "live" } };
    const set = (environment: string) => {
      const values = { metadata: { name: "my-app" }, spec, environments, environment };
      return resolved(values).application.secrets.app;
    };
    assert.deepEqual(set("staging"), {
      path: "/my-app",
      environment: "dev",
      baseName: "my-app-secrets",
      secretName: "my-app-secrets",
      keys: { A: "A" },
      copies: [{ namespace: "staging-my-app", suffix: "" }],
    });
    assert.deepEqual([set("demo").environment, set("prod").environment], ["demo", "live"]);
  });

  helmTest("the Pod Security level that the application needs, or the one declared above it", () => {
    const level = (spec: Values) => resolved(manifest(spec)).application.podSecurity;
    assert.equal(level({ runAsRoot: true }), "baseline");
    assert.equal(level({ storage: { size: "1Gi", mountPath: "/data" } }), "baseline");
    assert.equal(level({ podSecurity: "privileged" }), "privileged");
  });

  helmTest("what only the actions read, merged as everything else", () => {
    const spec = {
      verify: { home: { http: "/" }, logs: { logs: "ready" } },
      hints: { ECONNREFUSED: "Start the database." },
      health: { crashRestarts: 7 },
      rollback: "never",
    };
    const prod = { verify: { logs: null, home: { timeout: "30s" } } };
    const { application } = resolved(manifest(spec, prod));
    assert.deepEqual(application.verify, { home: { http: "/", timeout: "30s" } });
    assert.deepEqual(application.hints, spec.hints);
    assert.equal(application.rollback, "never");
    assert.equal(application.components.main.health.crashRestarts, 7);
  });

  helmTest("older spellings are noticed where they stand", () => {
    const spec = { ingress: { host: "a.example.com", private: true }, health: { startupFailureThreshold: 60 } };
    const { application } = resolved(manifest(spec, { ingress: { private: false }, branch: "main" }));
    assert.deepEqual(application.notices.map((notice: { path: string }) => notice.path).sort(), [
      "environments.prod.branch",
      "environments.prod.ingress.private",
      "spec.health.startupFailureThreshold",
      "spec.ingress.private",
    ]);
    assert.equal(application.ingress[0].public, true);
  });

  helmTest("a route without a host has that of the cluster's convention", () => {
    const cluster = { ingress: { hosts: { "p*": "{name}-{environment}.example.com", staging: "{name}.example.org" } } };
    const urls = (ingress: Values) => resolved({ ...manifest({ ingress }), cluster }).application.url;
    assert.equal(urls({ public: false }), "https://my-app-prod.example.com");
    assert.equal(urls({ host: "own.example.com" }), "https://own.example.com");
  });

  helmTest("what is most likely a mistake is warned of, once and where it stands", () => {
    const spec = {
      nodeSelector: { "node-role.kubernetes.io/worker": "" },
      env: {
        WITH_PASSWORD: "redis://:not-a-real-password@redis:6379",
        WITH_KEY: "https://api.example.com/v2/abcdefghij0123456789abcdefghij",
        WITH_TOKEN: "https://api.example.com/?token=abc&x=1",
        // None that anyone has given out: the test makes it up.
        STRIPE: `sk_live_${"a1".repeat(12)}`,
        PUBLISHABLE: `pk_live_${"a1".repeat(12)}`,
        BY_NAME: "http://$(USER):$(PASSWORD)@store:9000",
        PLAIN: "https://api.example.com/v1/things?page=2",
      },
      ingress: [
        { host: "a.example.com", public: true },
        { host: "a.example.org", public: true },
      ],
    };
    const cluster = { ingress: { zones: ["example.com"] } };
    const { application, errors } = resolved({ ...manifest(spec), cluster });
    assert.deepEqual(errors, []);
    assert.deepEqual(
      application.warnings.map(({ code, path }: { code: string; path: string }) => `${code} ${path}`).sort(),
      [
        "APP_HOST_ZONE spec.ingress.1.host",
        "APP_NODE_ROLE spec.nodeSelector.node-role.kubernetes.io/worker",
        "APP_SECRET_PLAIN spec.env.STRIPE",
        "APP_SECRET_PLAIN spec.env.WITH_KEY",
        "APP_SECRET_PLAIN spec.env.WITH_PASSWORD",
        "APP_SECRET_PLAIN spec.env.WITH_TOKEN",
      ],
    );
  });

  helmTest("warnings: what nothing comes of", () => {
    const warned = (values: Values) =>
      resolved(values).application.warnings.map(({ code, path }: { code: string; path: string }) => `${code} ${path}`);
    const patch = { service: { spec: { type: "NodePort" } }, ingress: { metadata: {} } };
    const job = {
      schedule: "0 3 * * *",
      when: "post-deploy",
      retries: 1,
      deadline: 5,
      podManagementPolicy: "Parallel",
    };
    const components = {
      api: { ...job, patch, updateStrategy: { type: "Recreate", maxSurge: 1, maxUnavailable: null } },
      agent: { kind: "DaemonSet", replicas: 2, pdb: { maxUnavailable: 1 }, spread: { across: "zone" } },
      clean: { kind: "CronJob", schedule: "0 3 * * *", updateStrategy: { type: "Recreate" }, replicas: null },
      // What is shared is meant for others too, and this has all that it patches.
      heir: { extends: "api", port: 80, patch, ingress: { host: "a.example.com" }, updateStrategy: { maxSurge: null } },
    };
    assert.deepEqual(warned(manifest({ defaults: { retries: 3, replicas: 2 }, components })).sort(), [
      "APP_NO_EFFECT spec.components.agent.pdb",
      "APP_NO_EFFECT spec.components.agent.replicas",
      "APP_NO_EFFECT spec.components.agent.spread",
      "APP_NO_EFFECT spec.components.api.deadline",
      "APP_NO_EFFECT spec.components.api.patch.ingress",
      "APP_NO_EFFECT spec.components.api.patch.service",
      "APP_NO_EFFECT spec.components.api.podManagementPolicy",
      "APP_NO_EFFECT spec.components.api.retries",
      "APP_NO_EFFECT spec.components.api.schedule",
      "APP_NO_EFFECT spec.components.api.updateStrategy.maxSurge",
      "APP_NO_EFFECT spec.components.api.when",
      "APP_NO_EFFECT spec.components.clean.updateStrategy",
    ]);
    assert.deepEqual(warned({ metadata: { name: "a" }, spec: {} }), ["APP_ENV_NONE environments"]);
    assert.deepEqual(warned({ metadata: { name: "a" }, spec: {}, environments: { prod: null } }), []);
  });

  helmTest("an empty list is a list", () => {
    const nulls = (value: unknown, path: string): string[] =>
      value === null || typeof value !== "object"
        ? value === null
          ? [path]
          : []
        : Object.entries(value).flatMap(([key, below]) => nulls(below, `${path}.${key}`));
    const bare = { ...manifest({ port: null }), cluster: { telemetry: null } };
    for (const values of [bare, manifest({ components: { a: { kind: "Job" }, b: { kind: "DaemonSet" } } })]) {
      assert.deepEqual(nulls(resolved(values).application, "application"), []);
    }
  });

  helmTest("errors are listed, and nothing fails", () => {
    const { application, errors } = resolved({ spec: {}, environments: { prod: {} }, environment: "prd" });
    assert.equal(application.environment, "prd");
    assert.deepEqual(errors, [
      { code: "APP_NAME_MISSING", path: "metadata.name", message: "the application needs a name" },
      { code: "APP_ENV_UNDECLARED", path: "", message: 'environment "prd" is not declared; declared: prod' },
    ]);
  });

  helmTest("no password, and what it says is what is rendered", () => {
    const password = crypto.randomUUID();
    const values = { ...manifest({ env: { A: 1e9 } }), registry: { username: "deploy", password } };
    const document = resolved(values);
    assert.ok(!JSON.stringify(document).includes(password));
    const { image, env } = document.application.components.main;
    const rendered = container(objects(values));
    assert.deepEqual({ image, env }, { image: rendered.image, env: rendered.env });
  });

  helmTest("in front of the objects, and by itself where something is wrong", () => {
    const both = (values: Values) => template(values, ["--set", "deploy.resolved=with-objects"]).text;
    const documentIn = (text: string) => JSON.parse(/^# fairlead: (.*)$/m.exec(text)?.[1] ?? "");
    const right = manifest({ port: 3000 });
    assert.deepEqual(documentIn(both(right)), resolved(right));
    const printed = parseAllDocuments(both(right)).map((document) => document.toJS());
    assert.deepEqual(
      printed.filter((object) => object !== null),
      [...objects(right).values()],
    );
    const wrong = both({ ...right, environment: "prd" });
    assert.equal(documentIn(wrong).errors[0]?.code, "APP_ENV_UNDECLARED");
    assert.doesNotMatch(wrong, /^kind:/m);
  });
});
