import type { V1Pod, V1Secret } from "@kubernetes/client-node";
import type { Cluster } from "../../core/cluster.ts";
import { duration } from "../../core/inputs.ts";
import type { Masker } from "../../core/masking.ts";
import type { Application, Component, VerifyCheck } from "../../validate/application.ts";
import type { Store } from "../tracking/store.ts";
import { workloadsOf } from "../tracking/workloads.ts";
import { answeredBy, type Check, type Finding, usualTimeout } from "./check.ts";
import type { Expectation } from "./expectation.ts";
import { askAddress, askService } from "./http.ts";
import { searchLogs } from "./logs.ts";
import { runScript } from "./script.ts";

/** What the checks of a manifest look at. */
export interface Subject {
  readonly cluster: Cluster;
  readonly application: Application;
  readonly store: Store;
  readonly masker: Masker;
}

/** The checks that the manifest declares under `verify`, side by side. */
export function declaredChecks(subject: Subject): Check[] {
  return Object.entries(subject.application.verify).map(([name, declared]) => {
    const expectation = expectationOf(subject, declared);
    const component = chooseComponent(subject.application, declared);
    return {
      name,
      timeout: declared.timeout === undefined ? usualTimeout : durationOf(declared.timeout),
      optional: declared.optional ?? false,
      ...answeredBy(component),
      look: async (signal) => {
        const expect = await expectation();
        if (typeof expect === "string") return { state: "wrong", said: expect };
        return await lookAt(subject, component, declared, expect, signal);
      },
    };
  });
}

function durationOf(timeout: string | number): number {
  return typeof timeout === "number" ? timeout * 1_000 : duration(timeout);
}

async function lookAt(
  { cluster, store }: Subject,
  component: Component,
  { http, run, logs, pods: which }: VerifyCheck,
  expect: Expectation,
  signal: AbortSignal,
): Promise<Finding> {
  if (http !== undefined && /^https?:/.test(http)) return await askAddress(http, expect, signal);
  if (http !== undefined) return await askService(cluster, component, http, expect, signal);
  const pods = podsOf(store, component);
  if (run === undefined) return await searchLogs(cluster, component, pods, logs ?? "");
  return await runScript(cluster, component, which === "all" ? pods : pods.slice(0, 1), run, expect, signal);
}

/** The component that a check names, else the first that has a port where one is needed. */
function chooseComponent({ components }: Application, { component: key, http }: VerifyCheck): Component {
  const named = key === undefined ? undefined : components[key];
  const found =
    named ??
    Object.values(components).find(({ httpPort }) => http === undefined || httpPort) ??
    Object.values(components)[0];
  if (found === undefined) throw new Error("an application without components has no checks");
  return found;
}

function podsOf(store: Store, component: Component): readonly V1Pod[] {
  const workload = workloadsOf(store.snapshot()).find(
    ({ kind, name, namespace }) =>
      kind === component.kind && name === component.name && namespace === component.namespace,
  );
  return workload?.pods ?? [];
}

/** What is expected, with the text of a Secret read once and masked, where one is named; a sentence where it has no such key. */
function expectationOf({ cluster, application, masker }: Subject, { expect = {}, component }: VerifyCheck) {
  const { secret, ...plain } = expect;
  let known: Expectation | undefined = secret === undefined ? plain : undefined;
  return async (): Promise<Expectation | string> => {
    if (known !== undefined || secret === undefined) return known ?? plain;
    const namespace = application.components[component ?? ""]?.namespace ?? application.namespace;
    const path = `/api/v1/namespaces/${namespace}/secrets/${secret.name}`;
    const { data } = await cluster.read<V1Secret>({ path });
    const encoded = data?.[secret.key];
    // Every answer holds a text that is empty.
    if (encoded === undefined) return `the Secret ${secret.name} has no key ${secret.key}`;
    const text = Buffer.from(encoded, "base64").toString("utf8");
    masker.add(text);
    known = { ...plain, text };
    return known;
  };
}
