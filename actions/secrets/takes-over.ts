/** Names by which a variable takes over the shell, the loader, an interpreter, git, or the runner itself. */
const dangerous =
  /^(PATH|HOME|SHELL|ENV|BASH_ENV|BASH_FUNC_.*|SHELLOPTS|BASHOPTS|IFS|PS4|PROMPT_COMMAND|CI|CDPATH|LD_.*|DYLD_.*|NODE_.*|NPM_CONFIG_.*|PYTHON(PATH|HOME|STARTUP)|PERL5(OPT|LIB|DB)|RUBY(OPT|LIB)|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|GIT_.*|SSH_ASKPASS|(HTTPS?|ALL|NO)_PROXY|GITHUB_.*|RUNNER_.*|ACTIONS_.*|INPUT_.*|STATE_.*)$/i;

/** Whether a variable of this name changes what runs in the following steps. */
export function takesOver(name: string): boolean {
  return dangerous.test(name);
}
