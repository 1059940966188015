import type { Runner } from "../core/runner.ts";
import type { Deployed } from "./deployed.ts";

/** Sets the outputs that `deploy` and the root action share; also after a failure, so that later steps can read them. */
export function setDeployOutputs(runner: Runner, deployed: Omit<Deployed, "failure">): void {
  runner.setOutput("url", deployed.url);
  runner.setOutput("release", deployed.release);
  runner.setOutput("namespace", deployed.namespace);
  runner.setOutput("revision", String(deployed.revision));
  runner.setOutput("previous-revision", String(deployed.previousRevision));
  runner.setOutput("status", deployed.status);
  runner.setOutput("reason", deployed.reason);
}
