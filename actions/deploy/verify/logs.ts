import type { V1Pod } from "@kubernetes/client-node";
import type { Cluster } from "../../core/cluster.ts";
import type { Component } from "../../validate/application.ts";
import type { Finding } from "./check.ts";
import { compare } from "./expectation.ts";

/** Lines that are looked through. */
const tailLines = "5000";

/** Looks for a regular expression in the logs of a component's pods; one that has it is enough. */
export async function searchLogs(
  cluster: Cluster,
  { namespace, containerName: container, name }: Component,
  pods: readonly V1Pod[],
  pattern: string,
): Promise<Finding> {
  const texts = await Promise.all(
    pods.map(({ metadata }) =>
      cluster.readText({
        path: `/api/v1/namespaces/${namespace}/pods/${metadata?.name}/log`,
        query: { container, tailLines },
      }),
    ),
  );
  const found = texts.some((text) => compare({ status: 0, text }, { pattern }, () => true, "").state === "passed");
  if (found) return { state: "passed" };
  return { state: "wrong", said: `nothing in the log of ${name} matches ${pattern}` };
}
