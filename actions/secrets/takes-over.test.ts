import assert from "node:assert/strict";
import { test } from "node:test";
import { takesOver } from "./takes-over.ts";

for (const [whom, names] of [
  ["the shell", "PATH Path HOME BASH_ENV ENV IFS PS4 PROMPT_COMMAND BASH_FUNC_ls%% ZDOTDIR TMPDIR"],
  ["the loader", "LD_PRELOAD LD_LIBRARY_PATH DYLD_INSERT_LIBRARIES"],
  ["Node", "NODE_OPTIONS NODE_PATH NODE_EXTRA_CA_CERTS NODE_TLS_REJECT_UNAUTHORIZED npm_config_registry"],
  ["another interpreter", "PYTHONPATH PYTHONSTARTUP PYTHONINSPECT PERL5OPT RUBYOPT"],
  ["Java and .NET", "JAVA_TOOL_OPTIONS _JAVA_OPTIONS JDK_JAVA_OPTIONS CLASSPATH MAVEN_OPTS DOTNET_STARTUP_HOOKS"],
  ["a build tool", "MAKEFLAGS GOFLAGS"],
  ["git", "GIT_DIR GIT_SSH_COMMAND GIT_CONFIG_COUNT GIT_CONFIG_KEY_0 GIT_EXEC_PATH GIT_ASKPASS GIT_EDITOR SSH_ASKPASS"],
  ["Docker and Helm", "DOCKER_HOST DOCKER_CONFIG HELM_PLUGINS"],
  ["the network", "HTTPS_PROXY http_proxy NO_PROXY"],
  ["the runner", "CI GITHUB_ENV RUNNER_TEMP ACTIONS_RUNTIME_TOKEN INPUT_URL STATE_x"],
] as const) {
  test(`what takes over ${whom}`, () => {
    assert.deepEqual(
      names.split(" ").filter((name) => !takesOver(name)),
      [],
    );
  });
}

test("names that only tell, or are of the application, are free", () => {
  const free =
    "NODE_ENV GIT_SHA GIT_TOKEN GIT_AUTHOR_NAME DOCKER_REGISTRY_PASSWORD DATABASE_URL PATHS JAVA_HOME KUBECONFIG PYTHON_VERSION";
  assert.deepEqual(
    free.split(" ").filter((name) => takesOver(name)),
    [],
  );
});
