import type { V1Pod } from "@kubernetes/client-node";
import type { Cluster } from "../../core/cluster.ts";
import { messageOf } from "../../core/errors.ts";
import type { Component } from "../../validate/application.ts";
import type { Finding } from "./check.ts";
import { compare, type Expectation } from "./expectation.ts";

const succeeded = (code: number) => code === 0;

/** Runs a script in one pod of a component, or in all of them; all must give what is expected. */
export async function runScript(
  cluster: Cluster,
  component: Component,
  pods: readonly V1Pod[],
  script: string,
  expect: Expectation,
  signal: AbortSignal,
): Promise<Finding> {
  if (pods.length === 0) return { state: "wrong", said: `${component.name} has no pod to run it in` };
  const findings = await Promise.all(
    pods.map(async ({ metadata }): Promise<Finding> => {
      const pod = metadata?.name ?? "";
      const command = {
        namespace: component.namespace,
        pod,
        container: component.containerName,
        command: ["sh", "-c", script],
      };
      const finding = await runOnce(cluster, command, expect, signal);
      return finding.state === "wrong" ? { ...finding, said: `in ${pod}: ${finding.said}` } : finding;
    }),
  );
  return findings.find(({ state }) => state === "wrong") ?? findings[0] ?? { state: "passed" };
}

async function runOnce(
  cluster: Cluster,
  command: Parameters<Cluster["run"]>[0],
  expect: Expectation,
  signal: AbortSignal,
): Promise<Finding> {
  try {
    const { code, output } = await cluster.run(command, signal);
    return compare({ status: code, text: output }, expect, succeeded, "exit code");
  } catch (thrown) {
    signal.throwIfAborted();
    return { state: "wrong", said: `it could not be run: ${messageOf(thrown)}` };
  }
}
